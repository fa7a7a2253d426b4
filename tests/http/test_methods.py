from __future__ import annotations

import pytest

from urlcheck.http.methods import is_idempotent, is_safe, redirect_method


@pytest.mark.parametrize(
    ("method", "safe", "idempotent"),
    [
        ("GET", True, True),
        ("HEAD", True, True),
        ("OPTIONS", True, True),
        ("PROPFIND", True, True),
        ("PUT", False, True),
        ("DELETE", False, True),
        ("POST", False, False),
        ("PATCH", False, False),
        ("FROB", False, False),
    ],
)
def test_a_method_that_is_not_known_is_neither_safe_nor_idempotent(method: str, *, safe: bool, idempotent: bool) -> None:
    assert (is_safe(method), is_idempotent(method)) == (safe, idempotent)


@pytest.mark.parametrize(
    ("status", "methods"),
    [
        (301, "GET HEAD GET PUT DELETE PATCH"),
        (302, "GET HEAD GET PUT DELETE PATCH"),
        (303, "GET HEAD GET GET GET GET"),
        (307, "GET HEAD POST PUT DELETE PATCH"),
        (308, "GET HEAD POST PUT DELETE PATCH"),
    ],
)
def test_a_redirect_changes_the_method_as_browsers_do(status: int, methods: str) -> None:
    before = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")
    assert [redirect_method(method, status) for method in before] == methods.split()
