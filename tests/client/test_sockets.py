from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from tests.support.client import attempt, fail, keep, open_client, respond
from tests.support.program import Urlcheck
from tests.support.servers import Serve, reply, tls_with
from urlcheck import Settings, SettingsError, check
from urlcheck.demo.site import make_app
from urlcheck.http.url import parse
from urlcheck.model.outcome import FailureKind

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets there")

StartSocket = Callable[..., Awaitable[str]]


@pytest.fixture
async def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartSocket]:
    """Serves an application on the socket `app.sock` in the working directory."""
    monkeypatch.chdir(tmp_path)
    async with AsyncExitStack() as stack:

        async def start(app: web.Application | None = None, tls: ssl.SSLContext | None = None) -> str:
            runner = web.AppRunner(app or make_app())
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.UnixSite(runner, "app.sock", ssl_context=tls).start()
            return "app.sock"

        yield start


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("url", ["http://app.invalid/health", "http://127.0.0.1:9/health", "http://[2001:db8::1]/health"])
@pytest.mark.parametrize("ip_version", [None, 4, 6])
async def test_every_host_is_asked_through_the_socket(listen: StartSocket, url: str, ip_version: Any) -> None:
    response = await respond(url, unix_socket=await listen(), ip_version=ip_version)
    assert (response.status, response.url, response.address) == (200, url, None)


async def test_the_host_header_is_the_urls(listen: StartSocket) -> None:
    hosts = []

    async def answer(request: web.Request) -> web.Response:
        hosts.append(request.headers["Host"])
        return web.Response()

    app = web.Application()
    app.router.add_get("/", answer)
    path = await listen(app)
    await respond("http://app.invalid:8080/", unix_socket=path)
    assert hosts == ["app.invalid:8080"]


async def test_a_connection_to_a_socket_is_used_again(listen: StartSocket) -> None:
    connections = set()

    async def answer(request: web.Request) -> web.Response:
        connections.add(id(request.transport))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", answer)
    async with open_client(Settings(unix_socket=await listen(app))) as client:
        for _ in range(2):
            assert not isinstance(await client.attempt(parse("http://app.invalid"), "GET", keep), str)
    assert len(connections) == 1


async def test_https_is_https_in_the_socket_too(listen: StartSocket, ca: trustme.CA, ca_file: str) -> None:
    path = await listen(tls=tls_with(ca.issue_cert("app.invalid")))
    response = await respond("https://app.invalid/health", unix_socket=path, ca_file=ca_file)
    assert response.cert_expires is not None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other.invalid", "certificate is not for app.invalid but for other.invalid"),
        (None, "no TLS on this port: it answers in another protocol, such as plain HTTP"),
    ],
)
async def test_no_certificate_is_less_verified_in_a_socket(
    listen: StartSocket, ca: trustme.CA, ca_file: str, name: str | None, message: str
) -> None:
    path = await listen(tls=tls_with(ca.issue_cert(name)) if name else None)
    failure = await fail("https://app.invalid/", unix_socket=path, ca_file=ca_file)
    assert failure.kind is FailureKind.TLS
    assert failure.message in (message, "no TLS on this port: it answers in another protocol")


@pytest.mark.parametrize(
    ("path", "message", "transient"),
    [
        ("missing.sock", "no such socket: missing.sock", True),
        ("file", "connection refused: file", True),
        ("file/app.sock", "the connection failed: ENOTDIR: file/app.sock", False),
    ],
)
async def test_a_socket_that_does_not_answer_is_named(
    listen: StartSocket, tmp_path: Path, path: str, message: str, *, transient: bool
) -> None:
    await listen()
    tmp_path.joinpath("file").write_text("")
    failure = await fail("http://app.invalid/", unix_socket=path)
    assert (failure.kind, failure.message, failure.transient) == (FailureKind.CONNECT, message, transient)


async def test_a_queue_that_is_full_is_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "busy.sock")
    async with await asyncio.start_unix_server(lambda r, w: converse(r, w, reply()), path, backlog=1):
        urls = [f"http://app{number}.invalid/" for number in range(50)]
        results = await check(urls, Settings(unix_socket=path, retries=0, method="POST"))
    assert {result.detail for result in results} == {"200 OK"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
async def test_a_queue_that_stays_full_is_a_timeout(tmp_path: Path) -> None:
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as server, contextlib.ExitStack() as waiting:
        server.bind(path)
        server.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting.enter_context(client := socket.socket(socket.AF_UNIX)).settimeout(0)
                client.connect(path)
        failure = await fail("http://app.invalid/", unix_socket=path, timeout=0.1)
    assert (failure.kind, failure.message) == (FailureKind.TIMEOUT, "no connection within 100 ms")


async def test_a_socket_that_says_something_else_is_a_protocol_failure(tmp_path: Path) -> None:
    path = str(tmp_path / "odd.sock")
    server = await asyncio.start_unix_server(lambda r, w: converse(r, w, b"SSH-2.0-odd\r\n\r\n"), path)
    async with server:
        assert (await fail("http://app.invalid/", unix_socket=path)).kind is FailureKind.PROTOCOL


async def test_a_redirect_within_the_origin_is_followed_through_the_socket(listen: StartSocket) -> None:
    response = await respond("http://app.invalid/redirect/2", unix_socket=await listen())
    assert [hop.url for hop in response.hops] == [f"http://app.invalid/redirect/{number}" for number in (2, 1)]


async def test_a_redirect_to_another_origin_is_neither_for_the_socket_nor_past_it(tmp_path: Path, serve: Serve) -> None:
    other = await serve(reply())
    path = str(tmp_path / "app.sock")
    answer = reply("302 Found", f"Location: {other.url}/")
    async with await asyncio.start_unix_server(lambda r, w: converse(r, w, answer), path):
        failure = await fail("http://app.invalid/", unix_socket=path)
    assert failure.kind is FailureKind.REDIRECT
    assert failure.message == f"a redirect to another origin, {other.url}/, which is not for this socket"
    assert other.heads == []


async def test_the_socket_wins_over_the_environments_proxy(listen: StartSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "not a proxy")
    assert (await respond("http://app.invalid/health", unix_socket=await listen())).status == 200


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"unix_socket": "a", "block_private": True},
            "block_private: cannot be used together with unix_socket$",
        ),
        (
            {"unix_socket": "a", "proxy": "http://127.0.0.1:9"},
            "proxy: cannot be used together with unix_socket$",
        ),
        ({"unix_socket": ""}, "unix_socket: must be the name of a file, or None$"),
        ({"unix_socket": "a\0b"}, "unix_socket: must be the name of a file, or None$"),
        ({"unix_socket": "/" + "x" * 200}, r"unix_socket: the path is longer than 10\d bytes"),
    ],
)
async def test_a_socket_that_cannot_be_used_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=f"^{message}"):
        await attempt("http://app.invalid/", **settings)


async def test_windows_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SettingsError, match=r"^unix_socket: Python has no Unix sockets on Windows$"):
        await attempt("http://app.invalid/", unix_socket="app.sock")


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_the_command_asks_through_a_socket(urlcheck: Urlcheck, listen: StartSocket, processes: str) -> None:
    await listen()
    urls = [f"app{number}.localhost/health" for number in range(20)]
    finished = await urlcheck(*urls, "--unix-socket", "app.sock", "-j", processes, "-o", "jsonl")
    assert finished.verdicts == dict.fromkeys(urls, "ok")
    assert finished.status == 0


async def test_a_body_goes_through_a_socket(urlcheck: Urlcheck, listen: StartSocket) -> None:
    await listen()
    finished = await urlcheck("http://app.invalid/echo", "--unix-socket", "app.sock", "--json", json.dumps({"a": 1}), "-q")
    assert finished.status == 0
