"""Which proxy is chosen; and what comes through one that nobody here wrote (proxy.py)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import hdrs

from tests.support.client import fail, open_client, respond
from tests.support.servers import RawServer, Serve, reply, tls_with
from urlcheck import Settings, SettingsError, Verdict, check
from urlcheck.client.address_policy import AddressPolicy
from urlcheck.client.proxies import Proxies
from urlcheck.http.url import parse
from urlcheck.model.outcome import FailureKind, Response

A, B = "http://a.proxy:8080", "http://b.proxy:8080"
PROXIED = {"HTTP_PROXY": A, "HTTPS_PROXY": A}
BASIC = f"Basic {b64encode(b'ada:pass').decode()}"


@pytest.fixture(autouse=True)
def no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CGI script's environment has HTTP_PROXY from the client's Proxy header, and is not to be believed."""
    monkeypatch.delenv("REQUEST_METHOD", raising=False)


def choose(url: str, proxy: str | None = None) -> str | None:
    chosen = Proxies(proxy).choose(parse(url))
    return None if chosen is None else str(chosen.url).rstrip("/")


# --- which ---


@pytest.mark.parametrize(
    ("environment", "option", "url", "chosen"),
    [
        pytest.param({}, None, "http://host", None, id="none"),
        pytest.param({"HTTP_PROXY": A}, None, "http://host", A, id="HTTP_PROXY"),
        pytest.param({"http_proxy": A}, None, "http://host", A, id="http_proxy"),
        pytest.param({"HTTP_PROXY": A}, None, "https://host", None, id="HTTP_PROXY is not for https"),
        pytest.param({"HTTPS_PROXY": A}, None, "https://host", A, id="HTTPS_PROXY"),
        pytest.param({"HTTPS_PROXY": A}, None, "http://host", None, id="HTTPS_PROXY is not for http"),
        pytest.param({"HTTP_PROXY": A, "HTTPS_PROXY": B}, None, "https://host", B, id="to each its own"),
        pytest.param({"ALL_PROXY": A}, None, "http://host", A, id="ALL_PROXY, http"),
        pytest.param({"ALL_PROXY": A}, None, "https://host", A, id="ALL_PROXY, https"),
        pytest.param({"ALL_PROXY": A, "HTTP_PROXY": B}, None, "http://host", B, id="HTTP_PROXY over ALL_PROXY"),
        pytest.param({"HTTP_PROXY": ""}, None, "http://host", None, id="an empty variable"),
        pytest.param({"HTTP_PROXY": "a.proxy:8080"}, None, "http://host", A, id="without a scheme"),
        pytest.param({"HTTP_PROXY": "http://ada:pass@a.proxy:8080"}, None, "http://host", A, id="with credentials"),
        pytest.param({"HTTPS_PROXY": "https://a.proxy"}, None, "https://host", "https://a.proxy", id="over TLS itself"),
        pytest.param({"HTTP_PROXY": "http://[::1]:8080"}, None, "http://host", "http://[::1]:8080", id="at an IPv6 address"),
        pytest.param({}, A, "http://host", A, id="--proxy, http"),
        pytest.param({}, A, "https://host", A, id="--proxy, https"),
        pytest.param(PROXIED, B, "http://host", B, id="--proxy over HTTP_PROXY"),
        pytest.param({"ALL_PROXY": A}, B, "https://host", B, id="--proxy over ALL_PROXY"),
        pytest.param({"NO_PROXY": "host"}, A, "http://host", None, id="NO_PROXY over --proxy, as in curl"),
        pytest.param(PROXIED, "", "http://host", None, id="an empty --proxy over the environment, as in curl"),
    ],
)
def test_the_proxy_of_a_request(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], option: str | None, url: str, chosen: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose(url, option) == chosen


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        pytest.param("the.host", "http://the.host", True, id="a host"),
        pytest.param("the.host", "http://THE.HOST", True, id="a host in capitals"),
        pytest.param("THE.HOST", "http://the.host", True, id="a host, the entry in capitals"),
        pytest.param("the.host", "http://sub.the.host", True, id="a host below"),
        pytest.param(".the.host", "http://sub.the.host", True, id="a suffix"),
        pytest.param("the.host", "http://not-the.host", False, id="a suffix is of whole labels"),
        pytest.param("the.host", "http://the.host.example", False, id="a beginning is no suffix"),
        pytest.param("other,the.host", "http://the.host", True, id="a list"),
        pytest.param(" other , the.host ", "http://the.host", True, id="a list with blanks"),
        pytest.param("the.host,", "http://other.host", False, id="an empty entry is for nobody"),
        pytest.param("the.host:8080", "http://the.host:8080", True, id="host and port"),
        pytest.param("the.host:8080", "http://the.host", False, id="host and another port"),
        pytest.param("the.host", "http://the.host:8080", True, id="a host is meant with every port"),
        pytest.param("the.host:80", "http://the.host", True, id="the scheme's own port"),
        pytest.param("10.0.0.1", "http://10.0.0.1", True, id="an address"),
        pytest.param("10.0.0.0/8", "http://10.255.0.1", True, id="a network"),
        pytest.param("10.0.0.0/8", "http://11.0.0.1", False, id="another network"),
        pytest.param("10.0.0.1/8", "http://10.2.3.4", True, id="a network by one of its hosts"),
        pytest.param("10.0.0.0/8", "http://host", False, id="a network has no names"),
        pytest.param("10.0.0.0/99", "http://10.0.0.1", False, id="no network"),
        pytest.param("::1", "http://[::1]", True, id="an IPv6 address"),
        pytest.param("fd00::/8", "http://[fd12::1]", True, id="an IPv6 network"),
        pytest.param("10.0.0.0/8", "http://[::1]", False, id="a network of the other family"),
        pytest.param("localhost,127.0.0.0/8", "http://127.0.0.1:8080", True, id="this machine"),
        pytest.param("*", "http://the.host", True, id="everything"),
        pytest.param(" * ", "http://the.host", True, id="everything, with blanks"),
        pytest.param("", "http://the.host", False, id="nothing"),
    ],
)
def test_no_proxy_leaves_hosts_alone(monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, direct: bool) -> None:  # noqa: FBT001
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (choose(url, A) is None) is direct


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("socks5://127.0.0.1:1080", "unsupported scheme 'socks5'"),
        ("socks5h://ada:hunter2@127.0.0.1:1080", "unsupported scheme 'socks5h'"),
        ("http://", "no host"),
        ("http://ada:hunter2@host:port", "the port is not a number from 1 to 65535"),
        ("http://a host", "a blank inside"),
    ],
)
@pytest.mark.parametrize("variable", [None, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_used_is_an_error_that_names_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, text: str, message: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, text)
    with pytest.raises(SettingsError) as raised:
        Proxies(None if variable else text)
    assert str(raised.value) == f"{variable or 'proxy'}: not the URL of an http or https proxy: {message}"
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("userinfo", ["ada:p%C3%A4ss", "ada:\u20ac", "a%3Ab:c", "ada", ":pass"])
def test_no_credentials_of_a_proxy_are_too_odd_to_be_used(userinfo: str) -> None:
    chosen = Proxies(f"http://{userinfo}@a.proxy").choose(parse("http://host"))
    assert chosen is not None
    assert chosen.headers[hdrs.PROXY_AUTHORIZATION].startswith("Basic ")


@pytest.mark.parametrize(
    "environment",
    [
        {"HTTP_PROXY": A},
        {"https_proxy": A},
        {"ALL_PROXY": A, "NO_PROXY": "localhost"},
    ],
    ids=" ".join,
)
async def test_private_addresses_cannot_be_blocked_behind_a_proxy(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="block_private: cannot be held through a proxy"):
        async with open_client(Settings(block_private=True)):
            pass


async def test_private_addresses_can_be_blocked_where_no_request_goes_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", A)
    monkeypatch.setenv("NO_PROXY", "*")
    assert (await fail("http://127.0.0.1:9", block_private=True)).kind is FailureKind.PRIVATE


# --- what the proxy is told, and others are not ---


def header(head: str, name: str) -> str | None:
    found = re.search(rf"^{name}: (.*)\r$", head, re.MULTILINE | re.IGNORECASE)
    return found and found[1]


def with_credentials(url: str, credentials: str = "ada:pass") -> str:
    return url.replace("://", f"://{credentials}@")


async def test_an_http_proxy_is_asked_for_the_whole_url(serve: Serve) -> None:
    proxy = await serve(reply())
    await respond("http://nowhere.invalid:81/a%27/../b?c#d", proxy=proxy.url)
    assert proxy.targets == ["http://nowhere.invalid:81/a%27/../b?c"]
    assert header(proxy.heads[0], "Host") == "nowhere.invalid:81"


async def test_the_proxys_credentials_are_sent_to_it_and_the_urls_own_beside_them(serve: Serve) -> None:
    proxy = await serve(reply())
    await respond("http://grace:hopper@nowhere.invalid", proxy=with_credentials(proxy.url))
    assert header(proxy.heads[0], "Proxy-Authorization") == BASIC
    assert header(proxy.heads[0], "Authorization") == f"Basic {b64encode(b'grace:hopper').decode()}"


async def test_a_proxy_without_credentials_is_sent_none(serve: Serve) -> None:
    proxy = await serve(reply())
    await respond("http://nowhere.invalid", proxy=proxy.url)
    assert header(proxy.heads[0], "Proxy-Authorization") is None


async def test_a_tunnel_is_asked_for_with_the_proxys_credentials_and_nothing_else(serve: Serve) -> None:
    proxy = await serve(reply("502 Bad Gateway"))
    own: dict[str, Any] = {"user": ("grace", "hopper"), "headers": (("X-Key", "secret"), ("Cookie", "a=b"))}
    await fail("https://nowhere.invalid/path", proxy=with_credentials(proxy.url), **own)
    assert proxy.targets == ["nowhere.invalid:443"]
    assert header(proxy.heads[0], "Proxy-Authorization") == BASIC
    assert [header(proxy.heads[0], name) for name in ("Authorization", "X-Key", "Cookie")] == [None] * 3


async def test_a_host_that_a_redirect_leads_to_past_the_proxy_is_not_sent_its_credentials(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = await serve(reply())
    proxy = await serve(reply("302 Found", f"Location: {direct.url}/"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with open_client(Settings(proxy=with_credentials(proxy.url))) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == "127.0.0.1")
        outcome = await client.attempt(parse("http://nowhere.invalid"), "GET")
    assert outcome.address == "127.0.0.1"
    assert (direct.targets, header(direct.heads[0], "Proxy-Authorization")) == (["/"], None)


async def test_an_address_that_only_the_proxy_knows_is_not_told(serve: Serve) -> None:
    proxy = await serve(reply())
    assert (await respond("http://nowhere.invalid", proxy=proxy.url)).address is None


# --- proxies that fail ---


async def test_a_proxy_that_is_down_is_named(closed_port: int) -> None:
    where = f"127.0.0.1:{closed_port}"
    failure = await fail("http://nowhere.invalid", proxy=f"http://{where}")
    assert (failure.kind, failure.transient) == (FailureKind.CONNECT, True)
    assert failure.message == f"proxy {where}: connection refused"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
async def test_a_proxy_that_has_no_address_is_named(url: str) -> None:
    failure = await fail(url, proxy="http://proxy.invalid:8080")
    assert failure.message.startswith("proxy proxy.invalid:8080: ")


@pytest.mark.parametrize(
    ("status", "transient"),
    [("403 Forbidden", False), ("407 Proxy Authentication Required", False), ("502 Bad Gateway", True), ("503 Busy", True)],
)
async def test_a_tunnel_that_is_refused_tells_the_proxys_reason(serve: Serve, status: str, transient: bool) -> None:  # noqa: FBT001
    proxy = await serve(reply(status))
    failure = await fail("https://nowhere.invalid", proxy=proxy.url)
    where = proxy.url.removeprefix("http://")
    assert (failure.kind, failure.message) == (FailureKind.CONNECT, f"the proxy {where} answered {status}")
    assert failure.transient is transient


async def test_what_a_proxy_says_that_is_not_http_is_a_protocol_failure(serve: Serve) -> None:
    proxy = await serve(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    assert (await fail("https://nowhere.invalid", proxy=proxy.url)).kind in (FailureKind.PROTOCOL, FailureKind.CONNECT)


# --- through a real one ---

PROGRAM = """if True:
    import sys
    import proxy

    with proxy.Proxy(sys.argv[1:]) as running:
        print(running.flags.port, flush=True)
        sys.stdin.read()  # until whoever started it is done
"""


@contextmanager
def run_proxy(folder: Path, *options: str) -> Iterator[str]:
    """proxy.py, in a program of its own; its URL."""
    arguments = [
        "--hostname=127.0.0.1",
        "--port=0",
        "--num-workers=1",
        "--num-acceptors=1",
        "--threaded",
        "--log-level=CRITICAL",
    ]
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments, f"--data-dir={folder}", *options],
        env={**os.environ, "HOME": str(folder), "USERPROFILE": str(folder)},  # where it would leave a cache
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with program:  # closing its input ends it
        assert program.stdin is not None
        assert program.stdout is not None
        yield f"http://127.0.0.1:{int(program.stdout.readline())}"
        program.stdin.close()


@pytest.fixture(scope="module")
def real_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_proxy(tmp_path_factory.mktemp("proxy"), "--basic-auth=ada:pass") as url:
        yield url


async def test_http_comes_through(serve: Serve, real_proxy: str) -> None:
    server = await serve(reply("200 OK", "X-Served-By: a raw socket"))
    response = await respond(server.url, proxy=with_credentials(real_proxy))
    assert (response.status, response.headers["X-Served-By"]) == (200, "a raw socket")
    assert "proxy.py" in (header(server.heads[0], "Via") or "")


async def test_https_comes_through(serve: Serve, ca: trustme.CA, ca_file: str, real_proxy: str) -> None:
    certificate = ca.issue_cert("localhost")
    server = await serve(reply(), tls=tls_with(certificate))
    response = await respond(server.url, proxy=with_credentials(real_proxy), ca_file=ca_file)
    assert (response.status, response.address) == (200, None)
    assert response.cert_expires is not None
    assert header(server.heads[0], "Proxy-Authorization") is None


async def test_redirects_come_through(serve: Serve, real_proxy: str) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next"), "/next": reply()})
    response = await respond(server.url, proxy=with_credentials(real_proxy))
    assert (response.url, len(response.hops)) == (f"{server.url}/next", 1)
    assert all("proxy.py" in (header(head, "Via") or "") for head in server.heads)


async def test_a_certificate_is_verified_through_a_tunnel(serve: Serve, ca: trustme.CA, real_proxy: str) -> None:
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    failure = await fail(server.url, proxy=with_credentials(real_proxy))
    assert failure.kind is FailureKind.TLS
    assert failure.message == "certificate of an unknown issuer, or an intermediate certificate is missing"


async def test_a_server_that_closes_without_an_answer_is_told_through_a_tunnel(
    serve: Serve, ca: trustme.CA, ca_file: str, real_proxy: str
) -> None:
    server = await serve(b"", tls=tls_with(ca.issue_cert("localhost")))
    failure = await fail(server.url, proxy=with_credentials(real_proxy), ca_file=ca_file)
    assert failure.message == "the server closed the connection without an answer"


@pytest.mark.parametrize("credentials", ["ada:wrong", "eve:pass"])
async def test_wrong_credentials_have_one_verdict_for_http_and_https(serve: Serve, real_proxy: str, credentials: str) -> None:
    server = await serve(reply())
    proxy = with_credentials(real_proxy, credentials)
    results = await check([server.url, "https://127.0.0.1:9"], Settings(proxy=proxy))
    refused = f"the proxy {real_proxy.removeprefix('http://')} answered 407 Proxy Authentication Required"
    assert [(result.verdict, result.detail, result.attempts) for result in results] == [(Verdict.CONNECT, refused, 1)] * 2
    assert server.heads == []


async def test_a_407_without_a_proxy_is_the_servers_own_status(serve: Serve) -> None:
    server = await serve(reply("407 Proxy Authentication Required"))
    assert (await respond(server.url)).status == 407


async def test_a_407_through_a_tunnel_is_the_servers_own_status(
    serve: Serve, ca: trustme.CA, ca_file: str, real_proxy: str
) -> None:
    server = await serve(reply("407 Proxy Authentication Required"), tls=tls_with(ca.issue_cert("localhost")))
    response = await respond(server.url, proxy=with_credentials(real_proxy), ca_file=ca_file)
    assert response.status == 407


async def test_a_407_after_a_redirect_past_the_proxy_is_the_servers_own_status(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = await serve(reply("407 Proxy Authentication Required"))
    proxy = await serve(reply("302 Found", f"Location: {direct.url}/"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with open_client(Settings(proxy=proxy.url)) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == "127.0.0.1")
        outcome = await client.attempt(parse("http://nowhere.invalid"), "GET")
    assert isinstance(outcome, Response)
    assert outcome.status == 407


async def test_what_no_proxy_names_is_asked_directly(serve: Serve, real_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", with_credentials(real_proxy))
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
    server: RawServer = await serve(reply())
    assert (await respond(server.url)).address == "127.0.0.1"
    assert header(server.heads[0], "Via") is None


async def test_the_environments_proxy_is_used(serve: Serve, real_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", with_credentials(real_proxy))
    server = await serve(reply())
    await respond(server.url)
    assert "proxy.py" in (header(server.heads[0], "Via") or "")
