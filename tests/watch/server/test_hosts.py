from __future__ import annotations

import pytest

from urlcheck.watch.server.hosts import is_allowed_host, is_same_origin


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:9115",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:9115",
        "[::1]:9115",
        "192.0.2.7",
        "status.example:80",
    ],
)
def test_a_host_of_the_list_is_allowed(host: str) -> None:
    assert is_allowed_host(host, ["Status.example"])


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:9115", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"),
        *("localhost@evil.example", "localhost:9115:1", "localhost/", "local host", "[::1", "::1", "2130706433", "0x7f.1"),
        *("evil.status.example", "status.example.evil", "localhost:x", "localhost\t", "١٢٧.0.0.1", "[127.0.0.1]x"),
    ],
)
def test_any_other_host_is_refused(host: str) -> None:
    assert not is_allowed_host(host, ["status.example"])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:9115", "127.0.0.1:9115"),
        ("http://[::1]:9115", "[::1]:9115"),
        ("https://status.example", "Status.example"),
        ("https://status.example", "status.example:443"),
        ("http://status.example:80", "status.example"),
    ],
)
def test_a_page_of_this_server_has_its_origin(origin: str, host: str) -> None:
    assert is_same_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", "127.0.0.1:9115"),
        ("http://127.0.0.1:9116", "127.0.0.1:9115"),
        ("http://127.0.0.1", "127.0.0.1:9115"),
        ("https://status.example", "status.example:80"),
        ("null", "127.0.0.1:9115"),
        ("", "127.0.0.1:9115"),
        ("file://", "127.0.0.1:9115"),
        ("http://127.0.0.1:9115@evil.example", "127.0.0.1:9115"),
        ("http://127.0.0.1:9115/", "127.0.0.1:9115"),
        ("http://[::1", "[::1]"),
    ],
)
def test_any_other_page_is_of_another_origin(origin: str, host: str) -> None:
    assert not is_same_origin(origin, host)
