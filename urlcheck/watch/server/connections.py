"""Bounds what clients can hold: connections, and the memory of answers that they do not read.

aiohttp's own limits bound the rest: the size of a request's head, and the time that it may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from urlcheck.runtime.descriptors import soft_limit

# connections at once: a thousand readers of the WebSocket, and some more
MOST_CONNECTIONS = 1_200
# seconds in which a client has to read what was written to it, before its connection is cut
STALLED = 60.0


def limit_connections() -> int:
    """The number of connections that may be open at once: half of the descriptors at most, because checks need the others."""
    limit = soft_limit()
    return MOST_CONNECTIONS if limit is None else min(MOST_CONNECTIONS, limit // 2)


class ConnectionLimiter:
    """Makes the protocol of each connection, and limits their number.

    At the limit, a new connection replaces the oldest stranger: a connection that has not sent the head of a request yet. So
    a client that opens many connections and sends its heads bit by bit (Slowloris) cannot lock out others.
    """

    def __init__(self, make_protocol: Callable[[], asyncio.Protocol], limit: int) -> None:
        self._make_protocol = make_protocol
        self._limit = limit
        self._open: set[Connection] = set()
        self._without_request: dict[Connection, None] = {}  # the oldest first

    def __call__(self) -> asyncio.Protocol:
        return Connection(self._make_protocol(), self)

    def admit(self, connection: Connection) -> bool:
        """Count a connection; False if there is no room for it."""
        if len(self._open) >= self._limit:
            oldest = next(iter(self._without_request), None)
            if oldest is None:
                return False
            self.forget(oldest)
            oldest.cut()
        self._open.add(connection)
        self._without_request[connection] = None
        return True

    def mark_requested(self, connection: Connection) -> None:
        """The connection has sent the head of a request."""
        self._without_request.pop(connection, None)

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        self._open.discard(connection)
        self._without_request.pop(connection, None)


class Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's protocol, unless there are too many connections, or its client does not read."""

    def __init__(self, inner: asyncio.Protocol, limiter: ConnectionLimiter) -> None:
        self._inner = inner
        self._limiter = limiter
        self._transport: asyncio.Transport
        self._is_refused = False
        self._end: bytes | None = b""  # the last bytes of the first head, None once it is whole
        self._timer: asyncio.TimerHandle | None = None

    def cut(self) -> None:
        """End the connection at once, and drop the bytes that are not written yet."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._limiter.admit(self):
            self._inner.connection_made(transport)
        else:
            self._is_refused = True
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._limiter.forget(self)
        if not self._is_refused:
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._end is not None:
            seen = self._end + data
            self._end = None if b"\r\n\r\n" in seen else seen[-3:]
            if self._end is None:
                self._limiter.mark_requested(self)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()
        self._timer = asyncio.get_running_loop().call_later(STALLED, self.cut)

    def resume_writing(self) -> None:
        self._stop_timer()
        self._inner.resume_writing()

    def _stop_timer(self) -> None:
        """The client reads, or is gone."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
