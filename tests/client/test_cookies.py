from __future__ import annotations

import re
from asyncio import StreamWriter
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import fail, open_client, respond
from tests.support.servers import RawServer, Serve, reply, tls_with
from urlcheck import Settings
from urlcheck.client.cookies import ChainCookies
from urlcheck.http.url import Url, parse
from urlcheck.model.outcome import FailureKind

HERE = parse("https://login.site.example/account/start?next=/x")


def sent(url: str, *lines: str, set_at: Url = HERE) -> str | None:
    """The Cookie header of a request for one URL after another URL set these cookies."""
    cookies = ChainCookies()
    cookies.take(set_at, lines)
    return cookies.header_for(parse(url))


# --- what is kept of what a server sets ---


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        pytest.param(["a=b"], "a=b", id="a pair"),
        pytest.param(["a=b", "c=d"], "a=b; c=d", id="two of them"),
        pytest.param(["a=b; Path=/; Secure; HttpOnly; SameSite=Lax"], "a=b", id="without its attributes"),
        pytest.param(["a=b", "a=c"], "a=c", id="the last of a name"),
        pytest.param(["a=b", "A=c"], "a=b; A=c", id="names have their case"),
        pytest.param([" a = b "], "a=b", id="without blanks around"),
        pytest.param(["a=b=c=="], "a=b=c==", id="more = in the value"),
        pytest.param(['a="b c"'], 'a="b c"', id="quotes are kept"),
        pytest.param(["a="], "a=", id="an empty value"),
        pytest.param(["=b"], None, id="no name"),
        pytest.param(["a"], None, id="no ="),
        pytest.param([""], None, id="nothing"),
        pytest.param([";a=b"], None, id="attributes alone"),
        pytest.param(["a=b", "a=; Max-Age=0"], None, id="deleted"),
        pytest.param(["a=b", "a=; max-age = -1"], None, id="deleted, in other words"),
        pytest.param(["a=b", "a=; Max-Age=00"], None, id="deleted, with two zeros"),
        pytest.param(["a=b; Max-Age=3600"], "a=b", id="kept for an hour"),
        pytest.param(["a=b; Max-Age=0x"], "a=b", id="a Max-Age that is no number"),
        pytest.param(["a=b; Max-Age=010"], "a=b", id="a Max-Age with a zero before it"),
        pytest.param(["a=b", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], None, id="expired"),
        pytest.param(["a=b", "a=; expires=Thu, 01-Jan-70 00:00:01 GMT"], None, id="expired, as Netscape wrote it"),
        pytest.param(["a=b", "a=; expires=Mon, 01-Jan-0001 00:00:00 GMT"], None, id="expired since the year 1"),
        pytest.param(["a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT"], "a=b", id="never expires"),
        pytest.param(["a=b; Expires=0"], "a=b", id="an Expires that is no date"),
        pytest.param(["a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "a=b", id="Max-Age before Expires"),
        pytest.param(["a=b", "a=; Path=/other; Max-Age=0"], "a=b", id="one of another path is deleted"),
        pytest.param(["a=b", "a=; Domain=site.example; Max-Age=0"], "a=b", id="one of another domain is deleted"),
        pytest.param(["a=" + "b" * 4095], None, id="longer than a browser takes"),
        pytest.param(["a=" + "b" * 4094], "a=" + "b" * 4094, id="as long as a browser takes"),
        pytest.param(
            [f"{number}=x" for number in range(300)], "; ".join(f"{number}=x" for number in range(200)), id="200 at most"
        ),
    ],
)
def test_what_a_server_sets_is_sent_back(lines: list[str], header: str | None) -> None:
    assert sent(str(HERE), *lines) == header


def test_the_cookies_of_a_chain_take_64_kib_at_most() -> None:
    header = sent(str(HERE), *(f"{number}={'x' * 4000}" for number in range(30)))
    assert header is not None
    assert 60 * 1024 < len(header) < 64 * 1024


def test_a_cookie_that_is_deleted_leaves_room_for_another() -> None:
    cookies = ChainCookies()
    for number in range(100):
        cookies.take(HERE, [f"{number}={'x' * 4000}", f"{number}=; Max-Age=0"])
    cookies.take(HERE, ["a=b"])
    assert cookies.header_for(HERE) == "a=b"


# --- to whom it is sent ---


@pytest.mark.parametrize(
    ("domain", "url", "is_sent"),
    [
        pytest.param(None, "https://login.site.example", True, id="the host itself"),
        pytest.param(None, "https://login.site.example:8443", True, id="another port of the host"),
        pytest.param(None, "http://login.site.example", True, id="the host over http"),
        pytest.param(None, "https://sub.login.site.example", False, id="a host below, which was not named"),
        pytest.param(None, "https://site.example", False, id="the domain, which was not named"),
        pytest.param("", "https://www.site.example", False, id="an empty Domain"),
        pytest.param("site.example", "https://www.site.example", True, id="a sister"),
        pytest.param("site.example", "https://site.example", True, id="the domain itself"),
        pytest.param("site.example", "http://www.site.example:8080", True, id="a sister at another port"),
        pytest.param("site.example", "https://a.b.site.example", True, id="a host two labels below"),
        pytest.param(".site.example", "https://www.site.example", True, id="with a dot before it"),
        pytest.param("SITE.Example", "https://www.site.example", True, id="in capitals"),
        pytest.param("site.example", "https://notsite.example", False, id="a name that only ends alike"),
        pytest.param("site.example", "https://www.other.example", False, id="another site"),
        pytest.param("login.site.example", "https://www.site.example", False, id="a sister of the domain"),
        pytest.param("login.site.example", "https://a.login.site.example", True, id="a host below that was named"),
        pytest.param("sub.login.site.example", "https://sub.login.site.example", False, id="a Domain below the host"),
        pytest.param("other.example", "https://other.example", False, id="a Domain that the host is not in"),
        pytest.param("other.example", "https://login.site.example", False, id="such a cookie is not the host's own"),
        pytest.param("example", "https://www.example", False, id="a Domain of one label"),
        pytest.param(".example", "https://www.other.example", False, id="a Domain of one label, with a dot before it"),
        pytest.param("example.", "https://www.other.example", False, id="a Domain of one label, with a dot after it"),
        pytest.param("example", "https://login.site.example", False, id="a Domain of one label is not the host's own"),
    ],
)
def test_a_cookie_goes_to_the_hosts_that_its_domain_names(domain: str | None, url: str, is_sent: bool) -> None:  # noqa: FBT001
    line = "a=b; Path=/" if domain is None else f"a=b; Path=/; Domain={domain}"
    assert (sent(url, line) is not None) is is_sent


@pytest.mark.parametrize(
    ("host", "domain", "url", "is_sent"),
    [
        ("localhost", "localhost", "http://localhost:81", True),
        ("localhost", "localhost", "http://a.localhost", False),
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:81", True),
        ("127.0.0.1", "0.0.1", "http://127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", "http://a.127.0.0.1", False),
        ("[::1]", "[::1]", "http://[::1]:81", True),
    ],
)
def test_a_name_of_one_label_and_an_address_set_cookies_for_themselves(
    host: str,
    domain: str,
    url: str,
    is_sent: bool,  # noqa: FBT001
) -> None:
    assert (sent(url, f"a=b; Domain={domain}", set_at=parse(f"http://{host}")) is not None) is is_sent


@pytest.mark.parametrize(
    ("set_at", "url", "is_sent"),
    [
        ("https://site.example", "https://site.example", True),
        ("https://site.example", "http://site.example", False),
        ("http://site.example", "http://site.example", False),
        ("http://site.example", "https://site.example", True),
        ("https://localhost", "http://localhost", False),
        ("https://127.0.0.1", "http://127.0.0.1", False),
        ("http://localhost:8000", "http://localhost:8000", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("http://[::1]:8000", "http://[::1]:8000", True),
    ],
)
def test_a_secure_cookie_goes_over_https_or_stays_on_this_machine(set_at: str, url: str, is_sent: bool) -> None:  # noqa: FBT001
    assert (sent(url, "a=b; secure", set_at=parse(set_at)) is not None) is is_sent


@pytest.mark.parametrize(
    ("path", "target", "is_sent"),
    [
        ("/", "/", True),
        ("/", "/account/start", True),
        ("/docs", "/docs", True),
        ("/docs", "/docs/", True),
        ("/docs", "/docs/page", True),
        ("/docs", "/docs?page", True),
        ("/docs/", "/docs/page", True),
        ("/docs/", "/docs", False),
        ("/docs", "/docsearch", False),
        ("/docs", "/", False),
        ("/docs", "/Docs", False),
        (None, "/account", True),
        (None, "/account/", True),
        (None, "/account/next", True),
        (None, "/accounts", False),
        (None, "/", False),
        ("account", "/account/next", True),
        ("other", "/other", False),
        ("", "/other", False),
    ],
)
def test_a_cookie_goes_to_its_path_or_else_to_the_folder_that_set_it(path: str | None, target: str, is_sent: bool) -> None:  # noqa: FBT001
    line = "a=b" if path is None else f"a=b; Path={path}"
    assert (sent(f"https://login.site.example{target}", line) is not None) is is_sent


def test_the_folder_of_a_page_at_the_root_is_the_root() -> None:
    assert sent("https://site.example/other/page", "a=b", set_at=parse("https://site.example/start")) == "a=b"


def test_cookies_of_longer_paths_come_first() -> None:
    lines = ["root=1; Path=/", "deep=2; Path=/account/start", "middle=3; Path=/account", "last=4; Path=/"]
    assert sent(str(HERE), *lines) == "deep=2; middle=3; root=1; last=4"


def test_cookies_of_one_name_and_two_paths_are_two() -> None:
    assert sent(str(HERE), "a=1; Path=/", "a=2; Path=/account") == "a=2; a=1"


@pytest.mark.parametrize(
    ("line", "sets_one"),
    [("a=b", True), ("a=b; Domain=other.example", True), ("a=; Max-Age=0", False), ("malformed", False)],
)
def test_it_is_told_whether_a_cookie_was_set(line: str, sets_one: bool) -> None:  # noqa: FBT001
    assert ChainCookies().take(HERE, [line]) is sets_one


@given(st.lists(st.text() | st.from_regex(r"[^=;]*=[^;]*(;\s*(Max-Age|Expires|Domain|Path)=.*)?"), max_size=5))
def test_no_line_is_too_odd_to_be_taken(lines: list[str]) -> None:
    header = sent(str(HERE), *lines)
    assert header is None or header.count("; ") < sum("=" in line for line in lines) + sum(line.count("; ") for line in lines)


# --- along a chain ---


def cookies_of(server: RawServer) -> list[str | None]:
    """The Cookie header of each request."""
    found = [re.search(r"^Cookie: (.*)\r$", head, re.MULTILINE) for head in server.heads]
    return [match and match[1] for match in found]


def pinned(*names: str, server: RawServer) -> dict[str, Any]:
    """Settings with which these names have the server's address, and the server's port."""
    port = int(server.url.rpartition(":")[2])
    return {"resolve": tuple((name, port, "127.0.0.1") for name in names)}


async def test_a_login_wall_that_waits_for_its_cookie_lets_through(serve: Serve) -> None:
    async def answer(_: str, writer: StreamWriter) -> None:
        let_in = "Cookie: seen=yes" in server.heads[-1]
        writer.write(reply() if let_in else reply("302 Found", "Location: /", "Set-Cookie: seen=yes; Path=/"))

    server = await serve(answer)
    response = await respond(server.url)
    assert (response.status, len(response.hops)) == (200, 1)


async def test_a_wall_that_sets_the_same_cookie_for_ever_is_a_loop(serve: Serve) -> None:
    server = await serve(reply("302 Found", "Location: /", "Set-Cookie: seen=yes"))
    failure = await fail(server.url)
    assert (failure.kind, failure.message) == (
        FailureKind.REDIRECT,
        f"a redirect loop, back to {server.url}/, although the cookie that the loop sets is sent back: perhaps a cookie wall",
    )
    assert len(server.heads) == 2


async def test_a_wall_that_sets_another_cookie_each_time_ends_with_the_redirects(serve: Serve) -> None:
    async def answer(_: str, writer: StreamWriter) -> None:
        writer.write(reply("302 Found", "Location: /", f"Set-Cookie: visit={len(server.heads)}"))

    server = await serve(answer)
    assert (await fail(server.url, max_redirects=5)).message == (
        f"more than 5 redirects, the next to {server.url}/ again, each time with another cookie: perhaps a cookie wall"
    )


@pytest.mark.parametrize("attribute", ["Domain=other.example", "Path=/other", "Domain=test"])
async def test_a_wall_whose_cookie_is_not_for_it_is_a_loop_that_says_so(serve: Serve, attribute: str) -> None:
    server = await serve(reply("302 Found", "Location: /", f"Set-Cookie: seen=yes; {attribute}"))
    url = server.url.replace("127.0.0.1", "wall.test")
    failure = await fail(url, **pinned("wall.test", server=server))
    assert failure.message == (
        f"a redirect loop, back to {url}/, which is not sent the cookie that the loop sets: perhaps a cookie wall"
    )
    assert len(server.heads) == 1


async def test_a_cookie_that_was_set_before_the_loop_is_not_blamed_for_it(serve: Serve) -> None:
    answers = {
        "/": reply("302 Found", "Location: /a", "Set-Cookie: a=b"),
        "/a": reply("302 Found", "Location: /b"),
        "/b": reply("302 Found", "Location: /a", "Set-Cookie: gone=; Max-Age=0"),
    }
    server = await serve(answers)
    assert (await fail(server.url)).message == f"a redirect loop, back to {server.url}/a"


async def test_a_cookie_that_is_not_for_the_target_does_not_hide_a_loop(serve: Serve) -> None:
    async def answer(target: str, writer: StreamWriter) -> None:
        other = "/b" if target == "/a" else "/a"
        writer.write(reply("302 Found", f"Location: {other}", f"Set-Cookie: n={len(server.heads)}; Path=/elsewhere"))

    server = await serve(answer)
    assert (await fail(f"{server.url}/a")).message.startswith(f"a redirect loop, back to {server.url}/a, which is not sent ")
    assert server.targets == ["/a", "/b"]


async def test_a_cookie_for_the_domain_goes_from_one_host_to_its_sister(serve: Serve) -> None:
    async def answer(target: str, writer: StreamWriter) -> None:
        location = f"http://www.site.test:{port}/page"
        writer.write(
            reply("302 Found", f"Location: {location}", "Set-Cookie: a=b; Domain=site.test; Path=/", "Set-Cookie: own=1")
            if target == "/login"
            else reply()
        )

    server = await serve(answer)
    port = int(server.url.rpartition(":")[2])
    await respond(f"http://login.site.test:{port}/login", **pinned("login.site.test", "www.site.test", server=server))
    assert cookies_of(server) == [None, "a=b"]


async def test_a_secure_cookie_does_not_go_on_to_http(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    plain = await serve(reply())
    location = plain.url.replace("127.0.0.1", "localhost")
    secure = await serve(
        reply("302 Found", f"Location: {location}", "Set-Cookie: a=b; Secure", "Set-Cookie: c=d"),
        tls=tls_with(ca.issue_cert("localhost")),
    )
    await respond(secure.url, ca_file=ca_file, ip_version=4)
    assert cookies_of(plain) == ["c=d"]


async def test_cookies_are_forgotten_with_their_chain(serve: Serve) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", "Set-Cookie: a=b"), "/next": reply()})
    async with open_client(Settings()) as client:
        for url in (server.url, f"{server.url}/next"):
            await client.attempt(parse(url), "GET")
    assert cookies_of(server) == [None, "a=b", None]


async def test_a_cookie_goes_back_to_its_host_at_any_port(serve: Serve) -> None:
    async def answer(target: str, writer: StreamWriter) -> None:
        writer.write(reply("302 Found", f"Location: {other.url}", "Set-Cookie: a=b") if target == "/" else reply())

    server = await serve(answer)
    other = await serve(reply("302 Found", f"Location: {server.url}/back"))
    await respond(server.url)
    assert (cookies_of(server), cookies_of(other)) == ([None, "a=b"], ["a=b"])


async def test_a_cookie_goes_to_no_other_host_on_the_way(serve: Serve) -> None:
    async def answer(target: str, writer: StreamWriter) -> None:
        location = {"/": f"http://other.test:{port}/away", "/away": f"{server.url}/back"}.get(target)
        writer.write(reply("302 Found", f"Location: {location}", f"Set-Cookie: set={target}") if location else reply())

    server = await serve(answer)
    port = int(server.url.rpartition(":")[2])
    await respond(server.url, **pinned("other.test", server=server))
    assert cookies_of(server) == [None, None, "set=/"]


async def test_a_cookie_is_sent_beside_the_users_own(serve: Serve) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", "Set-Cookie: a=b"), "/next": reply()})
    await respond(server.url, headers=(("Cookie", "own=1"),))
    assert cookies_of(server) == ["own=1", "own=1; a=b"]


async def test_all_of_the_users_own_cookie_headers_are_kept_beside_it(serve: Serve) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", "Set-Cookie: a=b"), "/next": reply()})
    await respond(server.url, headers=(("Cookie", "own=1"), ("Cookie", "own=2")))
    assert cookies_of(server)[1] == "own=1; own=2; a=b"


@pytest.mark.parametrize("value", ["caf\xc3\xa9", "a\tb"], ids=["UTF-8", "a tab"])
async def test_the_bytes_of_a_cookie_are_kept(serve: Serve, value: str) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", f"Set-Cookie: a={value}"), "/next": reply()})
    await respond(server.url)
    assert cookies_of(server) == [None, f"a={value}"]


@pytest.mark.parametrize("value", ["caf\xe9", "\x1b[31m", "\x7f"], ids=["Latin-1", "ESC", "DEL"])
async def test_no_byte_in_a_cookie_breaks_the_chain(serve: Serve, value: str) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", f"Set-Cookie: a={value}"), "/next": reply()})
    assert (await respond(server.url)).status == 200
