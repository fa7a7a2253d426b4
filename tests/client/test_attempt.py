from __future__ import annotations

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_aiohttp import AiohttpServer

from tests.support.client import attempt, fail, keep, open_client, respond
from tests.support.clock import PATIENCE
from tests.support.servers import RawServer, Serve, hold, reply, tls_with
from urlcheck.client import session
from urlcheck.client.address_policy import AddressPolicy
from urlcheck.client.resolver import ConfirmingResolver, LookupThreads
from urlcheck.http.url import parse
from urlcheck.model.outcome import FailureKind, Hop, Outcome, Response
from urlcheck.settings.identity import HOME_PAGE, VERSION
from urlcheck.settings.settings import Settings

NOWHERE = "a redirect to what cannot be checked"
SECRET = f"Basic {b64encode(b'ada:pass').decode()}"


def redirect(location: str, status: str = "302 Found") -> bytes:
    return reply(status, f"Location: {location}")


def header(head: str, name: str) -> str | None:
    found = re.search(rf"^{name}: (.*)\r$", head, re.MULTILINE | re.IGNORECASE)
    return found and found[1]


# --- the answer ---


@pytest.mark.parametrize("status", [200, 204, 304, 404, 429, 500, 503])
async def test_the_status_is_the_servers(site: str, status: int) -> None:
    assert (await respond(f"{site}/status/{status}")).status == status


@pytest.mark.parametrize("status", ["000", "099", "299", "600", "999"])
async def test_a_status_that_no_standard_knows_is_an_answer_too(serve: Serve, status: str) -> None:
    server = await serve(reply(f"{status} Whatever"))
    assert (await respond(server.url)).status == int(status)


async def test_the_reason_is_the_servers_own_text(serve: Serve) -> None:
    server = await serve(reply("404 Gone Fishing"))
    assert (await respond(server.url)).reason == "Gone Fishing"


async def test_the_headers_are_the_servers(serve: Serve) -> None:
    server = await serve(reply("200 OK", "X-Served-By: a raw socket"))
    assert (await respond(server.url)).headers["x-served-by"] == "a raw socket"


async def test_a_head_as_large_as_curl_takes_is_an_answer(serve: Serve) -> None:
    server = await serve(reply("200 OK", f"Set-Cookie: {'x' * 100_000}", *(f"X-{number}: y" for number in range(500))))
    assert (await respond(server.url)).status == 200


async def test_an_encoding_that_cannot_be_decoded_is_no_failure(serve: Serve) -> None:
    server = await serve(reply("200 OK", "Content-Encoding: br", body=b"not brotli"))
    assert (await respond(server.url)).status == 200


async def test_the_address_is_the_one_that_answered(site: str) -> None:
    assert (await respond(site)).address == "127.0.0.1"


async def test_the_address_is_known_on_a_connection_that_is_used_again(site: str) -> None:
    async with open_client(Settings()) as client:
        addresses = [(await client.attempt(parse(site), "GET", keep)).address for _ in range(2)]
    assert addresses == ["127.0.0.1", "127.0.0.1"]


async def test_over_tls_the_end_of_the_certificate_is_known(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    expires = datetime(2037, 1, 2, 3, 4, 5, tzinfo=UTC)
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost", not_after=expires)))
    assert (await respond(server.url, ca_file=ca_file)).cert_expires == expires


async def test_without_tls_no_certificate_expires(site: str) -> None:
    assert (await respond(site)).cert_expires is None


async def test_the_time_that_passed_is_told(site: str) -> None:
    assert (await respond(site)).elapsed > 0


# --- the request ---


@pytest.mark.parametrize(
    ("written", "requested"),
    [
        ("", "/"),
        ("/", "/"),
        ("/x?", "/x?"),
        ("?x", "/?x"),
        ("/?x=%27%2f", "/?x=%27%2f"),
        ("/%7Eada/%7eada", "/%7Eada/%7eada"),
        ("/a/../b/./c", "/a/../b/./c"),
        ("//a//b", "//a//b"),
        ("/a+b?c+d=e&&f;g", "/a+b?c+d=e&&f;g"),
        ("/?a=b?c/d:e@f", "/?a=b?c/d:e@f"),
        ("/<>\"{}|\\^`[]'", "/<>\"{}|\\^`[]'"),
        ("/100%", "/100%"),
        ("/café?ü", "/caf%C3%A9?%C3%BC"),
        ("/page#part", "/page"),
    ],
)
async def test_path_and_query_are_requested_as_they_are_written(serve: Serve, written: str, requested: str) -> None:
    server = await serve(reply())
    await respond(server.url + written)
    assert server.targets == [requested]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_method_is_the_one_asked_for(serve: Serve, method: str) -> None:
    server = await serve({"/": redirect("/next"), "/next": reply()})
    await respond(server.url, method)
    assert [head.split(" ")[0] for head in server.heads] == [method, method]


async def test_the_host_header_names_host_and_port(serve: Serve) -> None:
    server = await serve(reply())
    await respond(server.url)
    assert header(server.heads[0], "Host") == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("settings", "user_agent"),
    [
        ({}, f"urlcheck/{VERSION} (+{HOME_PAGE})"),
        ({"user_agent": "Mosaic"}, "Mosaic"),
        ({"headers": (("user-agent", "Lynx"),)}, "Lynx"),
    ],
)
async def test_the_user_agent_is_urlcheck_unless_told_otherwise(
    serve: Serve, settings: dict[str, Any], user_agent: str
) -> None:
    server = await serve(reply())
    await respond(server.url, **settings)
    assert header(server.heads[0], "User-Agent") == user_agent


@pytest.mark.parametrize(
    ("userinfo", "settings", "authorization"),
    [
        pytest.param("", {}, None, id="none"),
        pytest.param("ada:pass@", {}, "ada:pass", id="of the URL"),
        pytest.param("ada@", {}, "ada:", id="without a password"),
        pytest.param("a%40b:p%3Aw@", {}, "a@b:p:w", id="percent-encoded"),
        pytest.param("", {"user": ("ada", "pass")}, "ada:pass", id="of --user"),
        pytest.param("", {"user": ("ada", "pässword")}, "ada:pässword", id="beyond ASCII"),
        pytest.param("eve:x@", {"user": ("ada", "pass")}, "eve:x", id="the URL's before those of --user"),
    ],
)
async def test_credentials_are_sent_as_basic(
    serve: Serve, userinfo: str, settings: dict[str, Any], authorization: str | None
) -> None:
    server = await serve(reply())
    await respond(server.url.replace("://", f"://{userinfo}"), **settings)
    expected = authorization and f"Basic {b64encode(authorization.encode()).decode()}"
    assert header(server.heads[0], "Authorization") == expected


async def test_an_authorization_header_of_the_users_own_wins(serve: Serve) -> None:
    server = await serve(reply())
    await respond(server.url, user=("ada", "pass"), headers=(("authorization", "Bearer x"),))
    assert header(server.heads[0], "Authorization") == "Bearer x"


async def test_cookies_are_forgotten_with_the_attempt_that_was_given_them(serve: Serve) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", "Set-Cookie: a=b"), "/next": reply()})
    async with open_client(Settings()) as client:
        for path in ("/", "/next"):
            await client.attempt(parse(server.url + path), "GET")
    assert [header(head, "Cookie") for head in server.heads] == [None, "a=b", None]


# --- redirects ---


async def test_a_chain_of_redirects_is_reported_hop_by_hop(site: str) -> None:
    response = await respond(f"{site}/redirect/3")
    assert response.url == f"{site}/"
    assert response.hops == tuple(Hop(302, f"{site}/redirect/{number}") for number in (3, 2, 1))


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_every_redirecting_status_is_followed(serve: Serve, status: str) -> None:
    server = await serve({"/": redirect("/next", status), "/next": reply()})
    assert (await respond(server.url)).hops == (Hop(int(status[:3]), f"{server.url}/"),)


@pytest.mark.parametrize("status", ["300 Multiple Choices", "304 Not Modified", "201 Created"])
async def test_no_other_status_is_followed(serve: Serve, status: str) -> None:
    server = await serve(redirect("/next", status))
    assert (await respond(server.url)).hops == ()


@pytest.mark.parametrize(
    ("location", "requested"),
    [
        ("/absolute", "/absolute"),
        ("relative", "/a/relative"),
        ("../up", "/up"),
        ("?query", "/a/b?query"),
        ("//{authority}/protocol-relative", "/protocol-relative"),
        ("http://{authority}", "/"),
        ("HTTP://{authority}/CaSe", "/CaSe"),
        ("/%27%2f?", "/%27%2f?"),
        ("/a/../b", "/b"),
        ("/a/./b/..", "/a/"),
        ("//{authority}/a/../../b", "/b"),
        ("http://{authority}/a/../b?c=/../d", "/b?c=/../d"),
        ("/%2e%2e/b", "/%2e%2e/b"),
        ("/caf\xe9", "/caf%E9"),
        ("/caf\xc3\xa9", "/caf%C3%A9"),
        ("/a blank", "/a%20blank"),
        ("/page#part", "/page"),
    ],
)
async def test_a_location_is_resolved_without_dot_segments_and_its_other_bytes_are_kept(
    serve: Serve, location: str, requested: str
) -> None:
    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(redirect(location.format(authority=authority)) if target == "/a/b" else reply())

    server = await serve(answer)
    authority = server.url.removeprefix("http://")
    await respond(f"{server.url}/a/b")
    assert server.targets == ["/a/b", requested]


@pytest.mark.parametrize(
    ("location", "fragment"),
    [("/next", "#part"), ("/next#other", "#other"), ("/next#", "#")],
)
async def test_a_fragment_is_inherited_unless_the_location_has_its_own(serve: Serve, location: str, fragment: str) -> None:
    server = await serve({"/": redirect(location), "/next": reply()})
    assert (await respond(f"{server.url}/#part")).url == f"{server.url}/next{fragment}"


async def test_as_many_redirects_as_allowed_are_followed(site: str) -> None:
    assert (await respond(f"{site}/redirect/3", max_redirects=3)).status == 200


async def test_one_redirect_more_is_a_failure_with_the_hops_until_then(site: str) -> None:
    failure = await fail(f"{site}/redirect/3", max_redirects=2)
    assert (failure.kind, failure.message, failure.status) == (
        FailureKind.REDIRECT,
        f"more than 2 redirects, the next to {site}/",
        302,
    )
    assert failure.hops == tuple(Hop(302, f"{site}/redirect/{number}") for number in (3, 2))
    assert failure.url == f"{site}/redirect/1"


async def test_where_none_is_followed_the_redirect_is_the_answer(site: str) -> None:
    response = await respond(f"{site}/redirect/3", max_redirects=0)
    assert (response.status, response.hops) == (302, ())


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/", "a redirect loop, back to {url}/"),
        ("", "a redirect without a Location"),
        ("ftp://host/", f"{NOWHERE}: unsupported scheme 'ftp': ftp://host/"),
        ("mailto:ada@example.org", f"{NOWHERE}: unsupported scheme 'mailto': mailto:ada@example.org"),
        ("http:///path", f"{NOWHERE}: no host: http:///path"),
        ("http://a..b/", f"{NOWHERE}: an empty label in the host name: http://a..b/"),
        ("http://host:99999/", f"{NOWHERE}: the port is not a number from 1 to 65535: http://host:99999/"),
        ("/tab\there", f"{NOWHERE}: a blank inside: /tab\there"),
    ],
)
async def test_a_redirect_that_leads_nowhere_is_a_failure(serve: Serve, location: str, message: str) -> None:
    server = await serve(redirect(location))
    failure = await fail(server.url)
    assert (failure.kind, failure.message) == (FailureKind.REDIRECT, message.format(url=server.url))
    assert (failure.status, failure.transient) == (302, False)


async def test_a_redirect_without_a_location_is_a_failure(serve: Serve) -> None:
    server = await serve(reply("301 Moved"))
    failure = await fail(server.url)
    assert (failure.kind, failure.message) == (FailureKind.REDIRECT, "a redirect without a Location")


async def test_a_location_that_cannot_be_read_is_shown_without_its_secrets(serve: Serve) -> None:
    server = await serve(redirect("http://ada:hunter2@a..b/?token=hunter2"))
    assert (await fail(server.url)).message.endswith(": http://ada:****@a..b/?token=****")


async def test_a_location_longer_than_anyone_needs_is_a_failure(serve: Serve) -> None:
    server = await serve(redirect("/" + "x" * 20_000))
    assert (await fail(server.url)).message == "a redirect to a URL over 16 KiB"


async def test_a_redirect_to_another_fragment_of_the_same_page_is_a_loop(serve: Serve) -> None:
    server = await serve(redirect("/#other"))
    assert (await fail(server.url)).message == f"a redirect loop, back to {server.url}/#other"


@pytest.fixture(scope="module")
def redirected_to() -> Iterator[Callable[[bytes], Outcome]]:
    """An attempt at a URL that redirects to these bytes; whatever they mean, no host but this one is asked, and no name."""
    location = b""

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(redirect("?").replace(b"?", location) if target == "/start" else reply())

    async def ask() -> Outcome:
        return await client.attempt(parse(f"{server.url}/start"), "GET")

    def follow(bytes_: bytes) -> Outcome:
        nonlocal location
        location = bytes_
        return runner.run(ask())

    def know_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, LookupThreads(know_nothing)))
        server, opening = RawServer(answer), open_client(Settings(timeout=PATIENCE))
        runner.run(server.__aenter__())
        client = runner.run(opening.__aenter__())
        client.address_policy = AddressPolicy(block_private=True, judge=lambda address: address == "127.0.0.1")
        yield follow
        runner.run(opening.__aexit__(None, None, None))
        runner.run(server.__aexit__())


PIECES = rb"http: https: // / \ ? # @ : [ ] ::1 .. % 127.0.0.1 0x7f.1 99999 xn-- a.invalid".split()
PIECES += [b" ", b"\t", b"\x1b[2J", b"\xff", "é".encode(), "\uff11".encode(), "\u202e".encode(), b"x" * 64]


@settings(deadline=None)  # a network is no place to measure
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=8).map(b"".join))
def test_no_location_is_too_odd_for_an_honest_verdict(redirected_to: Callable[[bytes], Outcome], location: bytes) -> None:
    outcome = redirected_to(re.sub(rb"[\r\n\0]", b"", location))  # which would end the header, or the answer
    # what nobody thought of would be a failure in the name of an exception
    assert isinstance(outcome, Response) or not re.match(r"\w+: ", outcome.message)


async def test_a_loop_over_several_urls_is_found(serve: Serve) -> None:
    server = await serve({"/": redirect("/b"), "/b": redirect("/c"), "/c": redirect("/b")})
    assert (await fail(server.url)).message == f"a redirect loop, back to {server.url}/b"
    assert server.targets == ["/", "/b", "/c"]


# --- what is kept from other origins ---

OWN: dict[str, Any] = {"headers": (("X-Key", "secret"), ("Cookie", "secret=1")), "user": ("ada", "pass")}


async def test_headers_and_credentials_go_to_the_own_origin_after_a_redirect_too(serve: Serve) -> None:
    server = await serve({"/": redirect("/next"), "/next": reply()})
    await respond(server.url, **OWN)
    assert [header(head, "X-Key") for head in server.heads] == ["secret", "secret"]
    assert [header(head, "Authorization") for head in server.heads] == [SECRET, SECRET]


@pytest.mark.parametrize("name", ["X-Key", "Cookie", "Authorization"])
async def test_headers_and_credentials_go_to_no_other_origin(serve: Serve, name: str) -> None:
    other = await serve(reply())
    server = await serve(redirect(other.url))
    await respond(server.url, **OWN)
    assert header(server.heads[0], name) is not None
    assert header(other.heads[0], name) is None


async def test_credentials_of_a_url_go_to_no_other_origin(serve: Serve) -> None:
    other = await serve(reply())
    server = await serve(redirect(other.url))
    await respond(server.url.replace("://", "://ada:pass@"))
    assert header(server.heads[0], "Authorization") == SECRET
    assert header(other.heads[0], "Authorization") is None


async def test_back_at_their_own_origin_headers_are_sent_again(serve: Serve) -> None:
    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(redirect(other.url) if target == "/" else reply())

    server = await serve(answer)
    other = await serve(redirect(f"{server.url}/back"))
    await respond(server.url, **OWN)
    assert [header(head, "X-Key") for head in server.heads] == ["secret", "secret"]


async def test_the_user_agent_goes_everywhere(serve: Serve) -> None:
    other = await serve(reply())
    server = await serve(redirect(other.url))
    await respond(server.url, user_agent="Mosaic")
    assert header(other.heads[0], "User-Agent") == "Mosaic"


@pytest.mark.parametrize("own", [{}, {"user": ("ada", "pass")}], ids=["without --user", "with --user"])
async def test_credentials_in_a_location_are_ignored(serve: Serve, own: dict[str, Any]) -> None:
    other = await serve(reply())
    server = await serve(redirect(other.url.replace("://", "://eve:trap@")))
    assert (await respond(server.url, **own)).url == f"{other.url}/"
    assert header(other.heads[0], "Authorization") is None


# --- the time limit ---


async def test_a_server_that_does_not_answer_is_a_timeout(serve: Serve) -> None:
    server = await serve(hold)
    failure = await fail(server.url, timeout=0.05)
    assert (failure.kind, failure.message) == (FailureKind.TIMEOUT, "no response within 50 ms")
    assert failure.transient


async def test_a_timeout_still_tells_who_was_asked(serve: Serve) -> None:
    server = await serve(hold)
    assert (await fail(server.url, timeout=0.05)).address == "127.0.0.1"


async def test_the_time_limit_holds_over_redirects(serve: Serve) -> None:
    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        await hold(target, writer) if target == "/held" else writer.write(redirect("/held"))

    server = await serve(answer)
    failure = await fail(server.url, timeout=0.5)
    assert (failure.kind, failure.url) == (FailureKind.TIMEOUT, f"{server.url}/held")
    assert failure.hops == (Hop(302, f"{server.url}/"),)


async def test_a_head_that_never_ends_is_a_timeout(serve: Serve) -> None:
    async def drip(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        await hold(target, writer)

    server = await serve(drip)
    assert (await fail(server.url, timeout=0.05)).kind is FailureKind.TIMEOUT


async def test_a_body_that_never_comes_does_not_change_the_answer(serve: Serve) -> None:
    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await hold(target, writer)

    server = await serve(answer)
    assert (await respond(server.url, timeout=0.2)).status == 200


async def test_cancellation_passes(serve: Serve) -> None:
    server = await serve(hold)
    task = asyncio.create_task(attempt(server.url))
    await server.until_asked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- bodies and connections ---


@pytest.mark.parametrize("head", ["Content-Length: 1000000000", "Connection: close"], ids=["announced", "unannounced"])
async def test_a_large_body_is_not_read_to_its_end(serve: Serve, head: str) -> None:
    sent = 0

    async def pour(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        while sent < 1_000_000_000:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    server = await serve(pour)
    assert (await respond(server.url)).status == 200
    assert sent < 50_000_000  # what the kernel's buffers take without anybody reading


@pytest.mark.parametrize(
    ("size", "connections"),
    [
        pytest.param(0, 1, id="no body: one connection"),
        pytest.param(1000, 1, id="a small body: one connection"),
        pytest.param(1_000_000, 2, id="a large body: a connection each"),
    ],
)
async def test_a_connection_is_used_again_after_a_small_body(
    aiohttp_server: AiohttpServer, size: int, connections: int
) -> None:
    ports = set()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return web.Response(body=bytes(size))

    app = web.Application()
    app.router.add_get("/", answer)
    server = await aiohttp_server(app)
    async with open_client(Settings()) as client:
        for _ in range(2):
            await client.attempt(parse(f"http://127.0.0.1:{server.port}"), "GET", keep)
    assert len(ports) == connections
