from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict

from tests.support.client import respond
from tests.support.servers import Serve, reply
from urlcheck import Settings, SettingsError
from urlcheck.client.credentials import Credentials
from urlcheck.http.url import parse

NETRC = """
machine the.host login netrc password of-netrc
machine 2001:db8::1 login six password of-ipv6
machine no.password login lonely
"""
DEFAULT = "default login anybody password of-default\n"


def basic(credentials: str) -> str:
    return f"Basic {b64encode(credentials.encode()).decode()}"


def headers_for(url: str, first: str | None = None, **settings: Any) -> CIMultiDict[str]:
    """What is sent to a URL, at the end of a chain that began at another."""
    return Credentials(Settings(**settings)).headers_for(parse(url), parse(first or url))


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's .netrc."""
    file = tmp_path / ".netrc"
    file.write_text(NETRC)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # HOME on Windows
    monkeypatch.delenv("NETRC", raising=False)
    return file


# --- which ---


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize(
    ("url", "settings", "credentials"),
    [
        pytest.param("http://the.host", {}, None, id="none"),
        pytest.param("http://the.host", {"netrc": True}, "netrc:of-netrc", id=".netrc"),
        pytest.param("http://the.host", {"netrc": True, "user": ("ada", "x")}, "ada:x", id="--user over .netrc"),
        pytest.param("http://eve:y@the.host", {"netrc": True, "user": ("ada", "x")}, "eve:y", id="the URL over --user"),
        pytest.param("http://eve:y@the.host", {"netrc": True}, "eve:y", id="the URL over .netrc"),
        pytest.param("http://THE.Host:81", {"netrc": True}, "netrc:of-netrc", id=".netrc knows hosts, not ports or case"),
        pytest.param("http://[2001:db8::1]", {"netrc": True}, "six:of-ipv6", id=".netrc knows IPv6 without brackets"),
        pytest.param("http://no.password", {"netrc": True}, "lonely:", id=".netrc without a password"),
        pytest.param("http://other.host", {"netrc": True}, None, id="a host that .netrc does not know"),
        pytest.param("http://sub.the.host", {"netrc": True}, None, id="nor the hosts below one that it knows"),
    ],
)
def test_credentials_come_from_the_nearest_source(url: str, settings: dict[str, Any], credentials: str | None) -> None:
    assert headers_for(url, **settings).get("Authorization") == (credentials and basic(credentials))


@pytest.mark.usefixtures("netrc")
def test_an_authorization_header_of_the_users_own_wins_over_all() -> None:
    own: dict[str, Any] = {"headers": (("authorization", "Bearer x"),), "user": ("ada", "x"), "netrc": True}
    assert headers_for("http://eve:y@the.host", **own).getall("Authorization") == ["Bearer x"]


@pytest.mark.parametrize("userinfo", ["a%3Ab:c", "%FF:c", "a:%0D%0A", "ü:é", ":", "a:b:c"])
def test_no_credentials_are_too_odd_to_be_sent(userinfo: str) -> None:
    assert headers_for(f"http://{userinfo}@the.host")["Authorization"].startswith("Basic ")


# --- to whom ---


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://other.host", id="another host"),
        pytest.param("http://the.host:81", id="another port"),
        pytest.param("https://the.host", id="another scheme"),
        pytest.param("http://sub.the.host", id="a host below"),
    ],
)
@pytest.mark.parametrize("settings", [{"user": ("ada", "x")}, {"netrc": True}], ids=["--user", ".netrc"])
def test_no_other_origin_is_sent_credentials(url: str, settings: dict[str, Any]) -> None:
    assert "Authorization" not in headers_for(url, first="http://the.host", **settings)


@pytest.mark.usefixtures("netrc")
def test_a_host_of_netrc_that_a_redirect_leads_to_is_sent_nothing() -> None:
    assert "Authorization" not in headers_for("http://the.host", first="http://other.host", netrc=True)


def test_the_own_origin_is_sent_the_headers_that_others_are_not() -> None:
    own: dict[str, Any] = {"headers": (("X-Key", "secret"), ("Accept", "text/html")), "user_agent": "Mosaic"}
    assert dict(headers_for("http://the.host/b", first="http://the.host/a", **own)) == {
        "X-Key": "secret",
        "Accept": "text/html",
        "User-Agent": "Mosaic",
        "Accept-Encoding": "gzip, deflate",
    }
    assert dict(headers_for("http://other.host", first="http://the.host", **own)) == {
        "User-Agent": "Mosaic",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
    }


def test_a_header_that_is_given_twice_is_sent_twice() -> None:
    headers = headers_for("http://the.host", headers=(("Via", "a"), ("Via", "b")))
    assert headers.getall("Via") == ["a", "b"]


# --- .netrc ---


async def test_netrc_is_not_read_unless_asked_for(netrc: Path, serve: Serve) -> None:
    netrc.write_text(DEFAULT)
    server = await serve(reply())
    await respond(server.url)
    await respond(server.url, netrc=True)
    assert ["Authorization" in head for head in server.heads] == [False, True]


def test_a_netrc_that_is_broken_harms_nobody_who_does_not_ask_for_it(netrc: Path) -> None:
    netrc.write_text("machine\n")
    assert "Authorization" not in headers_for("http://the.host")


def test_netrc_may_be_named_by_its_variable(netrc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = netrc.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("NETRC", str(other))
    assert headers_for("http://the.host", netrc=True)["Authorization"] == basic("netrc:of-netrc")


def test_the_default_of_netrc_is_for_every_host(netrc: Path) -> None:
    netrc.write_text(NETRC + DEFAULT)
    assert headers_for("http://other.host", netrc=True)["Authorization"] == basic("anybody:of-default")
    assert headers_for("http://the.host", netrc=True)["Authorization"] == basic("netrc:of-netrc")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"machine the.host login ada password x\nmachine\n", "line [23] is malformed", id="cut short"),
        pytest.param(b"machine the.host pass word\n", "line 1 is malformed", id="a word that is none of its own"),
        pytest.param(b"gibberish hunter2\n", "line 1 is malformed", id="another thing"),
        pytest.param(b"machine the.host login ad\xe4 password x\n", "it is not UTF-8", id="Latin-1"),
        pytest.param(None, "No such file or directory", id="missing"),
    ],
)
def test_a_netrc_that_cannot_be_used_is_an_error_that_names_the_place(
    netrc: Path, content: bytes | None, message: str
) -> None:
    netrc.unlink()
    if content is not None:
        netrc.write_bytes(content)
    with pytest.raises(SettingsError, match=rf"^netrc: cannot read .*\.netrc: {message}$") as raised:
        Credentials(Settings(netrc=True))
    assert "hunter2" not in str(raised.value)
