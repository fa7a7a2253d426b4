"""One behaviour of a server gives one outcome, in whatever order the answer, its end and a failed write are seen."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest

from tests.support.marks import on_posix
from urlcheck import Settings, check
from urlcheck.client.early import ClosedTransport, PatientSocket, read_rest

ATTEMPTS = 100
SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\nContent-"
WITHOUT_LENGTH = b"HTTP/1.1 200 OK\r\n\r\nhello"
OUTCOMES = {
    SSH: ("protocol", "not an HTTP answer: the server speaks SSH"),
    BUSY: ("status", "503 Busy"),
    HALF: ("protocol", "the connection ended before the end of the headers"),
    WITHOUT_LENGTH: ("ok", "200 OK"),
}
# how much of a request is read before the answer is sent and the connection closed, and whether it is closed by a reset
WAYS = {
    "before the request": (0, False),
    "before the request, by a reset": (0, True),
    "amid the request": (1, False),
    "amid the request, by a reset": (1, True),
    "after the head": (4096, False),
    "after the head, by a reset": (4096, True),
}


@contextmanager
def serve_aside(answer: bytes, read: int, *, by_reset: bool, lingers: bool = False) -> Iterator[str]:
    """A server in a thread of its own, so that it is fast where the client is slow; its URL.

    `lingers`: it reads on after its answer, so that a request that comes before the end does not turn the end into a reset.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=ATTEMPTS)

    def run() -> None:
        with suppress(OSError):  # the listener is shut down
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), connection:
                    if read:
                        connection.recv(read)
                    connection.sendall(answer)
                    if by_reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    if lingers:
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(4096):
                            pass

    with listener, ThreadPoolExecutor(1) as threads:
        threads.submit(run)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def make_uvloop() -> asyncio.AbstractEventLoop:
    uvloop = pytest.importorskip("uvloop")
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@on_posix
@pytest.mark.skipif(sys.platform != "linux", reason="what is left in a socket after a reset, as Linux has it")
@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, make_uvloop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("request_of", [{}, {"method": "POST", "data": bytes(300_000)}], ids=["GET", "POST"])
@pytest.mark.parametrize(("read", "by_reset"), WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("answer", OUTCOMES, ids=["SSH", "status", "half a head", "a body"])
def test_every_attempt_has_the_same_outcome(
    answer: bytes,
    read: int,
    by_reset: bool,  # noqa: FBT001
    request_of: dict[str, Any],
    make_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    times = ATTEMPTS if answer is SSH else ATTEMPTS // 4
    settings = Settings(retries=0, per_host=50, **request_of)
    with serve_aside(answer, read, by_reset=by_reset) as url, asyncio.Runner(loop_factory=make_loop) as runner:
        results = runner.run(check([f"{url}/{number}" for number in range(times)], settings))
    assert {(result.verdict.value, result.detail) for result in results} == {OUTCOMES[answer]}


@pytest.mark.skipif(sys.platform != "linux", reason="what is left in a socket after a reset, as Linux has it")
def test_the_body_that_came_before_the_request_is_read_to_its_end() -> None:
    with serve_aside(WITHOUT_LENGTH, 0, by_reset=False, lingers=True) as url:
        results = asyncio.run(check([f"{url}/{number}" for number in range(50)], Settings(expect_text=("hello",), retries=0)))
    assert {(result.verdict.value, result.detail) for result in results} == {("ok", "200 OK")}


# --- the parts ---


@pytest.mark.skipif(sys.platform != "linux", reason="what is left in a socket after a reset, as Linux has it")
@pytest.mark.parametrize(("answer", "error"), [(BUSY, 0), (b"", errno.ECONNRESET)], ids=["an answer", "no answer"])
def test_a_connection_that_is_reset_while_it_is_made_stands_where_an_answer_waits(answer: bytes, error: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, PatientSocket() as opened:
        opened.settimeout(0)
        opened.connect_ex(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.sendall(answer)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == error


@asynccontextmanager
async def open_transport() -> AsyncIterator[tuple[asyncio.Transport, socket.socket]]:
    """The transport of a connection, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    with theirs:
        yield transport, theirs
        transport.abort()


@pytest.mark.parametrize("end", [ClosedTransport.close, ClosedTransport.abort])
async def test_who_ends_what_stands_for_a_transport_ends_the_transport(end: Callable[[ClosedTransport], None]) -> None:
    async with open_transport() as (transport, theirs):
        end(ClosedTransport(transport))
        await asyncio.sleep(0)
        assert theirs.recv(1) == b""


@pytest.mark.parametrize("end", [ClosedTransport.close, ClosedTransport.abort])
def test_what_stands_for_no_transport_can_be_ended_too(end: Callable[[ClosedTransport], None]) -> None:
    end(ClosedTransport(None))


@on_posix
@pytest.mark.parametrize("unread", [BUSY, b""], ids=["an answer", "nothing"])
async def test_what_came_and_was_not_read_is_read(unread: bytes) -> None:
    async with open_transport() as (transport, theirs):
        theirs.send(unread)
        assert read_rest(transport) == unread
