"""What the tests stand on: the demo site, raw servers that say what they are told, certificates, and the real command line."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import pytest
import trustme
from pytest_aiohttp import AiohttpServer

from urlcheck.demo import make_app

Answer = bytes | Mapping[str, bytes] | Callable[[str, asyncio.StreamWriter], Awaitable[None]]

NOT_OURS = {"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "PYTHONIOENCODING"}

PATIENCE = 30  # seconds after which a program that hangs fails its test; no test waits for them to pass

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes and terminals as POSIX has them")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests see neither the proxies nor the colours nor the settings of whoever runs them."""
    for name in list(os.environ):
        if name.upper().endswith("_PROXY") or name.startswith("URLCHECK_") or name in NOT_OURS:
            monkeypatch.delenv(name)


@pytest.fixture
async def site(aiohttp_server: AiohttpServer) -> str:
    """The base URL of the demo site, without a slash at its end."""
    server = await aiohttp_server(make_app())
    return f"http://127.0.0.1:{server.port}"


def reply(status: str = "200 OK", *headers: str, body: bytes = b"") -> bytes:
    """A whole HTTP answer, after which the connection is closed."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class RawServer:
    """Answers one request a connection, in HTTP or not, and keeps the heads of what it was asked.

    `answer`: bytes for every request, bytes by request target, or a coroutine of target and writer; `keeps`: a connection that
    the answer leaves open may ask again.
    """

    def __init__(
        self, answer: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", *, keeps: bool = False
    ) -> None:
        self.heads: list[str] = []
        self.url = ""
        self._answer = answer
        self._tls = tls
        self._host = host
        self._keeps = keeps
        self._arrival = asyncio.Condition()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def targets(self) -> list[str]:
        """The request targets, in the order in which they were asked for."""
        return [head.split(" ")[1] for head in self.heads]

    async def until_asked(self, times: int = 1) -> None:
        """Wait for so many requests."""
        async with asyncio.timeout(PATIENCE), self._arrival:
            await self._arrival.wait_for(lambda: len(self.heads) >= times)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{port}" if self._tls else f"http://{self._host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a task of our own, so that what still holds at the end of a test can be ended
        self._connections.add(asyncio.create_task(self._converse(reader, writer)))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while not writer.is_closing():
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    async with self._arrival:
                        self.heads.append(head)
                        self._arrival.notify_all()
                    await self._reply(head.split(" ")[1], writer)
                    await writer.drain()
                    if not self._keeps:
                        break
            finally:
                writer.close()

    async def _reply(self, target: str, writer: asyncio.StreamWriter) -> None:
        if callable(self._answer):
            await self._answer(target, writer)
        else:
            writer.write(self._answer if isinstance(self._answer, bytes) else self._answer[target])


class Serve(Protocol):
    """Starts a raw server, over TLS where it is given a context."""

    async def __call__(
        self, answer: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", *, keeps: bool = False
    ) -> RawServer: ...


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as servers:

        async def start(
            answer: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", *, keeps: bool = False
        ) -> RawServer:
            return await servers.enter_async_context(RawServer(answer, tls, host, keeps=keeps))

        yield start


async def hold(_: str, __: asyncio.StreamWriter) -> None:
    """The answer of a server that never comes."""
    await asyncio.Event().wait()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """An authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return str(file)


def tls_with(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@dataclass(frozen=True)
class Finished:
    """What a program left behind."""

    status: int | None
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines on standard output, in the order of the input."""
        records = [json.loads(line) for line in self.stdout.splitlines()]
        return sorted(records, key=lambda record: record["line"] or 0)

    @property
    def verdicts(self) -> dict[str, str]:
        return {record["url"]: record["verdict"] for record in self.records}


class Launch(Protocol):
    """Starts the command line, in an empty folder."""

    async def __call__(
        self,
        *arguments: str,
        stdin: int = DEVNULL,
        stdout: int = PIPE,
        stderr: int = PIPE,
        env: Mapping[str, str] | None = None,
    ) -> Process: ...


class Urlcheck(Protocol):
    """Runs the command line to its end; standard input is empty, or what it is given."""

    async def __call__(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Finished: ...


@pytest.fixture
async def launch(tmp_path: Path) -> AsyncIterator[Launch]:
    started: list[Process] = []

    async def start(
        *arguments: str,
        stdin: int = DEVNULL,
        stdout: int = PIPE,
        stderr: int = PIPE,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "urlcheck", *arguments),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1", **(env or {})},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def urlcheck(launch: Launch) -> Urlcheck:
    async def run(*arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> Finished:
        process = await launch(*arguments, stdin=DEVNULL if stdin is None else PIPE, env=env)
        if process.stdin:
            process.stdin.write(stdin or b"")
            process.stdin.close()
        return await finish(process)

    return run


async def finish(process: Process, before: bytes = b"") -> Finished:
    """The end of a launched program; `before` is what has been read of its standard output already."""
    assert process.stderr is not None
    streams = [process.stdout, process.stderr] if process.stdout else [process.stderr]
    async with asyncio.timeout(PATIENCE):
        # not communicate(), which would close an input that is meant to stay open
        *stdout, stderr = await asyncio.gather(*(stream.read() for stream in streams))
        status = await process.wait()
    return Finished(status, b"".join([before, *stdout]).decode(), stderr.decode())


async def read_line(process: Process) -> bytes:
    """The next line of a launched program's standard output, when it comes."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return await process.stdout.readline()
