"""Methods and bodies: what is sent, where a redirect takes it, and what is never sent twice."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from tests.support.client import attempt, fail, keep, open_client, respond
from tests.support.marks import on_posix
from tests.support.servers import Serve, hold, reply
from urlcheck import Settings, SettingsError, Verdict, check
from urlcheck.client.pool import CountedSocket
from urlcheck.client.session import Clients
from urlcheck.http.url import parse
from urlcheck.model.outcome import FailureKind, Response, ShortageError

FORM = (("Content-Type", "application/x-www-form-urlencoded"), ("Content-Language", "en"))


@dataclass
class Site:
    """Redirects by path, and knows what it was asked: method, path, body and content type."""

    url: str = ""
    redirects: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes, str | None]] = field(default_factory=list)
    heads: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((request.method, request.path, body, request.headers.get("Content-Type")))
        self.heads.append(request)
        if request.path in self.redirects:
            status, location = self.redirects[request.path]
            return web.Response(status=status, headers={"Location": location})
        return web.Response()


Start = Callable[[], Awaitable[Site]]


@pytest.fixture
def start(aiohttp_server: AiohttpServer) -> Start:
    async def start_site() -> Site:
        site = Site()
        app = web.Application(client_max_size=2**25)
        app.router.add_route("*", "/{path:.*}", site.answer)
        server = await aiohttp_server(app)
        site.url = f"http://127.0.0.1:{server.port}"
        return site

    return start_site


@pytest.fixture
async def recorder(start: Start) -> Site:
    return await start()


# --- what is sent ---


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FROB", "M-SEARCH"])
async def test_any_method_is_sent_as_it_is(serve: Serve, method: str) -> None:
    server = await serve(reply())
    await respond(server.url, method)
    assert server.heads[0].startswith(f"{method} / HTTP/1.1\r\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_the_body_is_sent_with_the_method(recorder: Site, method: str) -> None:
    await respond(recorder.url, method, data=b"a=\xff", headers=FORM)
    assert recorder.asked == [(method, "/", b"a=\xff", FORM[0][1])]


@pytest.mark.parametrize("data", [None, b"", b"x"])
async def test_nothing_is_claimed_of_a_body_that_the_user_did_not_say(recorder: Site, data: bytes | None) -> None:
    await respond(recorder.url, "POST", data=data)
    assert recorder.asked == [("POST", "/", data or b"", None)]


@pytest.mark.parametrize("data", [None, b""])
async def test_an_empty_body_says_that_it_is_empty(serve: Serve, data: bytes | None) -> None:
    server = await serve(reply())
    await respond(server.url, "POST", data=data)
    assert "\r\nContent-Length: 0\r\n" in server.heads[0]


async def test_a_large_body_is_sent_whole(recorder: Site) -> None:
    data = bytes(range(256)) * 12_000
    await respond(recorder.url, "PUT", data=data)
    assert recorder.asked[0][2] == data


@pytest.mark.parametrize("size", [1, 10 * 1024 * 1024])
async def test_an_answer_that_does_not_wait_for_the_body_is_an_answer(serve: Serve, size: int) -> None:
    server = await serve(reply("413 Content Too Large"))
    assert (await respond(server.url, "POST", data=b"x" * size)).status == 413


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "CONNECT"}, "method: CONNECT asks for a tunnel and not for a URL."),
        ({"method": "post"}, "method: must be a request method in capitals, such as GET"),
        ({"method": "A B"}, "method: 'A B' is not a request method: write GET, HEAD or POST, for example"),
        ({"method": "GET\r\nX: y"}, r"method: 'GET\r\nX: y' is not a request method: write GET, HEAD or POST, for example"),
        ({"method": ""}, "method: '' is not a request method: write GET, HEAD or POST, for example"),
        ({"method": "HEAD", "data": b""}, "data: a HEAD request has no body; use another method"),
        ({"method": "TRACE", "data": b"x"}, "data: a TRACE request has no body; use another method"),
    ],
)
async def test_a_request_that_cannot_be_made_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        async with open_client(Settings(**settings)):
            pass
    assert str(refusal.value) == message


# --- redirects ---


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", ("GET", "/next", b"", None)),
        (302, "POST", ("GET", "/next", b"", None)),
        (303, "POST", ("GET", "/next", b"", None)),
        (303, "PUT", ("GET", "/next", b"", None)),
        (303, "GET", ("GET", "/next", b"", None)),
        (301, "PUT", ("PUT", "/next", b"a=1", FORM[0][1])),
        (302, "PATCH", ("PATCH", "/next", b"a=1", FORM[0][1])),
        (302, "GET", ("GET", "/next", b"a=1", FORM[0][1])),
        (307, "POST", ("POST", "/next", b"a=1", FORM[0][1])),
        (308, "POST", ("POST", "/next", b"a=1", FORM[0][1])),
    ],
)
async def test_a_redirect_keeps_method_and_body_or_neither(
    recorder: Site, status: int, method: str, then: tuple[str, str, bytes, str | None]
) -> None:
    recorder.redirects["/"] = status, "/next"
    await respond(recorder.url, method, data=b"a=1", headers=(*FORM, ("X-Key", "secret")))
    assert recorder.asked[1] == then
    assert ("Content-Language" in recorder.heads[1].headers) is (then[3] is not None)
    assert recorder.heads[1].headers["X-Key"] == "secret"


async def test_a_form_that_leads_back_to_itself_is_no_loop(serve: Serve) -> None:
    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(reply("303 See Other", "Location: /") if len(server.heads) == 1 else reply())

    server = await serve(answer)
    assert (await respond(server.url, "POST", data=b"")).status == 200
    assert [head.split(" ")[0] for head in server.heads] == ["POST", "GET"]


async def test_a_post_that_is_redirected_in_a_circle_is_a_loop(recorder: Site) -> None:
    recorder.redirects["/"] = 307, "/"
    assert (await fail(recorder.url, "POST")).message == f"a redirect loop, back to {recorder.url}/"


@pytest.mark.parametrize(
    ("status", "method", "data", "reason"),
    [
        (307, "POST", b"secret", "which the body is not sent to"),
        (308, "PUT", b"secret", "which the body is not sent to"),
        (302, "GET", b"secret", "which the body is not sent to"),
        (302, "PUT", b"", "which the body is not sent to"),
        (307, "POST", None, "which no POST is sent to"),
        (301, "DELETE", None, "which no DELETE is sent to"),
        (302, "LINK", None, "which no LINK is sent to"),
    ],
)
async def test_neither_body_nor_change_goes_to_another_origin(
    start: Start, status: int, method: str, data: bytes | None, reason: str
) -> None:
    server, other = await start(), await start()
    server.redirects["/"] = status, f"{other.url}/"
    failure = await fail(server.url, method, data=data)
    assert (failure.kind, failure.status) == (FailureKind.REDIRECT, status)
    assert failure.message == f"a redirect to another origin, {other.url}/, {reason}"
    assert other.asked == []


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(303, "POST", "GET"), (302, "POST", "GET"), (303, "GET", "GET"), (307, "OPTIONS", "OPTIONS")],
)
async def test_without_its_body_a_question_goes_to_another_origin(start: Start, status: int, method: str, then: str) -> None:
    server, other = await start(), await start()
    server.redirects["/"] = status, f"{other.url}/"
    data = None if method == "OPTIONS" else b"secret"
    await respond(server.url, method, data=data, headers=FORM if data else ())
    assert other.asked == [(then, "/", b"", None)]


# --- what is never sent twice ---


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("PUT", 2), ("POST", 1), ("PATCH", 1)])
async def test_on_a_kept_connection_that_is_dead_only_what_may_be_repeated_is(serve: Serve, method: str, times: int) -> None:
    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        if len(server.heads) == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif len(server.heads) == 2:
            writer.close()
        else:
            writer.write(reply())

    server = await serve(answer, keeps=True)
    async with open_client(Settings()) as client:
        await client.attempt(parse(server.url), "GET", keep)
        outcome = await client.attempt(parse(server.url), method, keep)
    assert isinstance(outcome, Response) is (times == 2)
    assert len(server.heads) == 1 + times


async def test_what_must_not_be_repeated_meets_no_connection_that_was_kept(serve: Serve) -> None:
    ports = []

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")

    server = await serve(answer, keeps=True)
    async with Clients() as clients:
        get, post = clients.open(Settings()), clients.open(Settings(method="POST"))
        for client, method in ((get, "GET"), (post, "POST"), (post, "POST"), (get, "GET")):
            await client.attempt(parse(server.url), method, keep)
    assert ports[0] == ports[3]
    assert len({*ports}) == 3


async def drop(_: str, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH"])
@pytest.mark.parametrize("answer", [hold, drop], ids=["no answer", "closed"])
async def test_after_a_request_was_sent_only_what_may_be_repeated_is_worth_another(
    serve: Serve, method: str, answer: Any
) -> None:
    server = await serve(answer)
    failure = await fail(server.url, method, timeout=0.2)
    assert failure.transient is (method in ("GET", "PUT"))


async def test_a_post_that_found_no_server_is_worth_another(closed_port: int) -> None:
    assert (await fail(f"http://127.0.0.1:{closed_port}", "POST")).transient


async def test_a_post_that_was_redirected_is_not_repeated_for_what_came_then(recorder: Site, closed_port: int) -> None:
    recorder.redirects["/"] = 303, f"http://127.0.0.1:{closed_port}/"
    failure = await fail(recorder.url, "POST")
    assert (failure.message, failure.transient) == ("connection refused", False)


@pytest.mark.parametrize(
    ("status", "requests"),
    [("500 Oops", 1), ("502 Bad Gateway", 1), ("504 Gateway Timeout", 1), ("429 Slow", 2), ("503 Later", 2)],
)
async def test_a_post_is_repeated_where_the_server_did_not_take_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, status: str, requests: int
) -> None:
    monkeypatch.setattr("urlcheck.engine.repeat.backoff", lambda _: 0.0)
    server = await serve(reply(status))
    [result] = await check([server.url], Settings(method="POST", retries=1))
    assert (result.attempts, len(server.heads)) == (requests, requests)


async def test_a_post_whose_redirect_ends_in_503_is_not_repeated(serve: Serve) -> None:
    server = await serve({"/": reply("303 See Other", "Location: /done"), "/done": reply("503 Later")})
    [result] = await check([server.url], Settings(method="POST", retries=5))
    assert (result.verdict, result.attempts) == (Verdict.STATUS, 1)
    assert server.targets == ["/", "/done"]


@on_posix
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_post_is_not_repeated_for_a_shortage_after_its_redirect(
    recorder: Site, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    recorder.redirects["/"] = 303, "http://127.0.0.2:9/"

    def run_out(*arguments: Any) -> CountedSocket:
        if recorder.asked:
            raise OSError(errno.EMFILE, "Too many open files")
        return CountedSocket(*arguments)

    monkeypatch.setattr("urlcheck.client.pool.CountedSocket", run_out)
    if method == "GET":
        with pytest.raises(ShortageError):
            await attempt(recorder.url, method)
    else:
        assert not (await fail(recorder.url, method)).transient
