"""A simulated internet on 127.0.0.0/8: every address is a host with a fate of its own. `python -m tests.benchmarks.internet`

With an argument, `python -m tests.benchmarks.internet 0.2`, every host answers after so many seconds.

It shares the machine with the program that is measured, so it does as little as can be done: no event loop but epoll, one heap
of answers that are due, and a connection that stays with the kernel until its request has come. It prints its port, and ends
when its standard input does, so that it never outlives who started it.
"""

from __future__ import annotations

import contextlib
import gc
import heapq
import itertools
import re
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence

from tests.benchmarks.fate import Fate, Kind, fate_of

_HOST = re.compile(rb"\r\nhost: *([0-9.]+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_ELSEWHERE = "/elsewhere"
_BACKLOG = 4096
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER for no seconds: closing resets
_SECONDS_UNTIL_ASKED = 30


def _encode(status: str, *headers: str, body: str = "") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body)).encode()


_OK = _encode("200 OK", "Content-Type: text/plain", body="ok")
_ANSWERS = {
    Kind.ANSWER: _OK,
    Kind.NOT_FOUND: _encode("404 Not Found"),
    Kind.REDIRECT: _encode("302 Found", f"Location: {_ELSEWHERE}"),
}


def listen() -> socket.socket:
    """A listener on every address of this machine that hands over a connection only with its request."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _SECONDS_UNTIL_ASKED)
    listener.bind(("0.0.0.0", 0))
    listener.listen(_BACKLOG)
    listener.settimeout(0)
    return listener


class Internet:
    """Serves until standard input ends."""

    def __init__(self, listener: socket.socket, fate: Callable[[bytes], Fate] = fate_of) -> None:
        self._listener = listener
        self._fate = fate
        self._epoll = select.epoll()
        self._epoll.register(listener, select.EPOLLIN)
        self._epoll.register(sys.stdin, select.EPOLLIN)
        self._kept: dict[int, socket.socket] = {}
        self._due: list[tuple[float, int, socket.socket, bytes | None, bool]] = []
        self._order = itertools.count()

    def serve(self) -> None:
        """One turn after the other: what has come is read, what is due is sent."""
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            for number, _ in self._epoll.poll(wait):
                if number == self._listener.fileno():
                    self._accept()
                elif number == sys.stdin.fileno():
                    return
                else:
                    self._receive(self._kept[number])
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, connection, answer, keep = heapq.heappop(self._due)
                self._answer(connection, answer, keep=keep)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(0)
                self._receive(connection)

    def _receive(self, connection: socket.socket) -> None:
        """Read a request; on loopback it comes in one piece."""
        try:
            request = connection.recv(4096)
        except BlockingIOError:
            self._keep(connection)
            return
        except OSError:
            request = b""
        host = _HOST.search(request)
        if host is None:
            self._close(connection)
            return
        fate = self._fate(host[1])
        if fate.kind is Kind.SILENCE:
            self._keep(connection)  # until the other side closes it
            return
        keep = fate.kind is not Kind.RESET and not _CLOSE.search(request)
        due = time.monotonic() + fate.latency
        heapq.heappush(self._due, (due, next(self._order), connection, _answer_to(request, fate), keep))

    def _answer(self, connection: socket.socket, answer: bytes | None, *, keep: bool) -> None:
        try:
            if answer is None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            else:
                connection.send(answer)
        except OSError:  # gone, or closed while its answer was due
            keep = False
        if keep:
            self._keep(connection)
        else:
            self._close(connection)

    def _keep(self, connection: socket.socket) -> None:
        if connection.fileno() not in self._kept:
            self._kept[connection.fileno()] = connection
            self._epoll.register(connection, select.EPOLLIN)

    def _close(self, connection: socket.socket) -> None:
        self._kept.pop(connection.fileno(), None)
        connection.close()


def _answer_to(request: bytes, fate: Fate) -> bytes | None:
    if fate.kind is Kind.REDIRECT and _ELSEWHERE.encode() in request.partition(b"\r\n")[0]:
        return _OK
    return _ANSWERS.get(fate.kind)


def _fate_by(arguments: Sequence[str]) -> Callable[[bytes], Fate]:
    if not arguments:
        return fate_of
    steady = Fate(Kind.ANSWER, float(arguments[0]))
    return lambda _: steady


def main() -> None:
    listener = listen()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    gc.disable()  # nothing here refers to itself, and a collection would be a pause in every latency
    with contextlib.suppress(KeyboardInterrupt):
        Internet(listener, _fate_by(sys.argv[1:])).serve()


if __name__ == "__main__":
    main()
