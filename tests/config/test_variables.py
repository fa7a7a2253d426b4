from __future__ import annotations

import pytest

from urlcheck.config.variables import UnusableValueError, expand


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a${b}$$")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOTHING", raising=False)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("", ""),
        ("Bearer ${TOKEN}", "Bearer a${b}$$"),
        ("${TOKEN}${TOKEN}", "a${b}$$a${b}$$"),
        ("<${EMPTY}>", "<>"),
        ("$${TOKEN}", "${TOKEN}"),
        ("$$${TOKEN}", "$${TOKEN}"),
        ("$${", "${"),
        ("^a$|$TOKEN|$$|$", "^a$|$TOKEN|$$|$"),
    ],
)
def test_a_variable_is_replaced_where_it_stands_in_braces(text: str, expanded: str) -> None:
    assert expand(text) == expanded


@pytest.mark.parametrize("text", ["${NOTHING}", "${TOKEN}${NOTHING}"])
def test_a_variable_that_is_not_there_is_named(text: str) -> None:
    with pytest.raises(UnusableValueError, match=r"^the environment has no variable NOTHING$"):
        expand(text)


@pytest.mark.parametrize("text", ["${", "${}", "${TOKEN", "${TOKEN:-default}", "${1}", "${A B}"])
def test_what_is_no_reference_is_not_passed_over(text: str) -> None:
    with pytest.raises(UnusableValueError, match=r"write \$\$\{ for"):
        expand(text)
