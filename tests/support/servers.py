"""Raw servers on loopback that answer with the bytes they are given."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, Self

import trustme

from tests.support.clock import PATIENCE

Answer = bytes | Mapping[str, bytes] | Callable[[str, asyncio.StreamWriter], Awaitable[None]]


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
        self._writers: list[asyncio.StreamWriter] = []

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
        for writer in self._writers:
            # over TLS close() waits for the client's goodbye, which may never come
            writer.transport.abort()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
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


async def hold(_: str, __: asyncio.StreamWriter) -> None:
    """The answer of a server that never comes."""
    await asyncio.Event().wait()


def tls_with(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
