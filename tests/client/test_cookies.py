from __future__ import annotations

import re
from asyncio import StreamWriter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import fail, respond
from tests.support.servers import RawServer, Serve, reply
from urlcheck.client.cookies import ChainCookies
from urlcheck.model import FailureKind

HERE, ELSEWHERE = ("https", "the.host", 443), ("https", "other.host", 443)

# --- what is kept of what a server sets ---


@pytest.mark.parametrize(
    ("lines", "sent"),
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
        pytest.param(["a=b; Max-Age=3600"], "a=b", id="kept for an hour"),
        pytest.param(["a=" + "b" * 4095], None, id="longer than a browser takes"),
        pytest.param(["a=" + "b" * 4094], "a=" + "b" * 4094, id="as long as a browser takes"),
        pytest.param(
            [f"{number}=x" for number in range(60)], "; ".join(f"{number}=x" for number in range(50)), id="50 at most"
        ),
    ],
)
def test_what_a_server_sets_is_sent_back(lines: list[str], sent: str | None) -> None:
    cookies = ChainCookies()
    cookies.take(HERE, lines)
    assert cookies.header_for(HERE, None) == sent


@pytest.mark.parametrize(
    ("origin"),
    [ELSEWHERE, ("http", "the.host", 80), ("https", "the.host", 444), ("https", "sub.the.host", 443)],
    ids=["another host", "another scheme", "another port", "a host below"],
)
def test_cookies_go_to_no_other_origin(origin: tuple[str, str, int]) -> None:
    cookies = ChainCookies()
    cookies.take(HERE, ["a=b; Domain=the.host"])
    assert cookies.header_for(origin, None) is None


def test_the_users_own_cookies_come_first() -> None:
    cookies = ChainCookies()
    assert cookies.header_for(HERE, "own=1") == "own=1"
    cookies.take(HERE, ["a=b"])
    assert cookies.header_for(HERE, "own=1") == "own=1; a=b"


@pytest.mark.parametrize(
    ("before", "line", "changes"),
    [
        ([], "a=b", True),
        (["a=b"], "a=b", False),
        (["a=b"], "a=c", True),
        (["a=b"], "a=; Max-Age=0", True),
        ([], "a=; Max-Age=0", False),
        ([], "malformed", False),
    ],
)
def test_it_is_told_whether_anything_changed(before: list[str], line: str, changes: bool) -> None:  # noqa: FBT001
    cookies = ChainCookies()
    cookies.take(HERE, before)
    assert cookies.take(HERE, [line]) is changes


def test_the_last_cookie_may_be_deleted() -> None:
    cookies = ChainCookies()
    cookies.take(HERE, ["a=b"])
    cookies.take(HERE, ["a=; Max-Age=0"])
    assert cookies.header_for(HERE, None) is None


@given(st.lists(st.text() | st.from_regex(r"[^=;]*=[^;]*(;\s*Max-Age=.*)?"), max_size=5))
def test_no_line_is_too_odd_to_be_taken(lines: list[str]) -> None:
    cookies = ChainCookies()
    assert cookies.take(HERE, lines) in (True, False)
    sent = cookies.header_for(HERE, None)
    assert sent is None or sent.count("; ") < sum("=" in line for line in lines) + sum(line.count("; ") for line in lines)


# --- along a chain ---


def cookies_of(server: RawServer) -> list[str | None]:
    """The Cookie header of each request."""
    found = [re.search(r"^Cookie: (.*)\r$", head, re.MULTILINE) for head in server.heads]
    return [match and match[1] for match in found]


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
    assert (failure.kind, failure.message) == (FailureKind.REDIRECT, f"a redirect loop, back to {server.url}/")
    assert len(server.heads) == 2


async def test_a_wall_that_sets_another_cookie_each_time_ends_with_the_redirects(serve: Serve) -> None:
    async def answer(_: str, writer: StreamWriter) -> None:
        writer.write(reply("302 Found", "Location: /", f"Set-Cookie: visit={len(server.heads)}"))

    server = await serve(answer)
    assert (await fail(server.url, max_redirects=5)).message.startswith("more than 5 redirects")


async def test_a_cookie_goes_back_to_its_origin_and_not_to_others_on_the_way(serve: Serve) -> None:
    async def answer(target: str, writer: StreamWriter) -> None:
        location = other.url if target == "/" else None
        writer.write(reply("302 Found", f"Location: {location}", "Set-Cookie: a=b") if location else reply())

    server = await serve(answer)
    other = await serve(reply("302 Found", f"Location: {server.url}/back"))
    await respond(server.url)
    assert (cookies_of(server), cookies_of(other)) == ([None, "a=b"], [None])


async def test_a_cookie_is_sent_beside_the_users_own(serve: Serve) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", "Set-Cookie: a=b"), "/next": reply()})
    await respond(server.url, headers=(("Cookie", "own=1"),))
    assert cookies_of(server) == ["own=1", "own=1; a=b"]


@pytest.mark.parametrize("value", ["caf\xc3\xa9", "a\tb"], ids=["UTF-8", "a tab"])
async def test_the_bytes_of_a_cookie_are_kept(serve: Serve, value: str) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", f"Set-Cookie: a={value}"), "/next": reply()})
    await respond(server.url)
    assert cookies_of(server) == [None, f"a={value}"]


@pytest.mark.parametrize("value", ["caf\xe9", "\x1b[31m", "\x7f"], ids=["Latin-1", "ESC", "DEL"])
async def test_no_byte_in_a_cookie_breaks_the_chain(serve: Serve, value: str) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", f"Set-Cookie: a={value}"), "/next": reply()})
    assert (await respond(server.url)).status == 200
