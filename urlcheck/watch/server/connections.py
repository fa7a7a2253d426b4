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


class Doorkeeper:
    """Makes the protocol of each connection, and counts them."""

    def __init__(self, make_protocol: Callable[[], asyncio.Protocol], limit: int) -> None:
        self._make_protocol = make_protocol
        self._limit = limit
        self.open = 0

    def __call__(self) -> asyncio.Protocol:
        return Connection(self._make_protocol(), self)

    @property
    def is_full(self) -> bool:
        return self.open >= self._limit


class Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's protocol, unless there are too many connections, or its client does not read."""

    def __init__(self, inner: asyncio.Protocol, doorkeeper: Doorkeeper) -> None:
        self._inner = inner
        self._doorkeeper = doorkeeper
        self._transport: asyncio.Transport | None = None
        self._is_refused = False
        self._cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._is_refused = self._doorkeeper.is_full
        if self._is_refused:
            self._transport.abort()
            return
        self._doorkeeper.open += 1
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if not self._is_refused:
            self._doorkeeper.open -= 1
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._is_refused else self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()
        if self._transport:
            self._cut = asyncio.get_running_loop().call_later(STALLED, self._transport.abort)

    def resume_writing(self) -> None:
        self._stop_timer()
        self._inner.resume_writing()

    def _stop_timer(self) -> None:
        """The client reads, or is gone."""
        if self._cut:
            self._cut.cancel()
            self._cut = None
