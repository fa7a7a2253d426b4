"""The connections of a run: how many sockets are open, and which of them are closed first when descriptors become scarce."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from urlcheck.client.early import PatientSocket
from urlcheck.client.trace import current

if TYPE_CHECKING:
    from urlcheck.client.protocol import TracedHandler
    from urlcheck.runtime.descriptors import Allowance


class CountedSocket(PatientSocket):
    """A socket that counts against an allowance until its descriptor is closed.

    uvloop detaches the descriptor from the socket at the moment at which libuv closes it.
    """

    __slots__ = ("_allowance",)

    _allowance: Allowance | None

    def __init__(self, family: int, kind: int, protocol: int, allowance: Allowance) -> None:
        self._allowance = None
        super().__init__(family, kind, protocol)
        self._allowance = allowance

    def close(self) -> None:
        super().close()
        if self.fileno() < 0:
            self._give_back()

    def detach(self) -> int:
        descriptor = super().detach()
        self._give_back()
        return descriptor

    def _give_back(self) -> None:
        if self._allowance is not None:
            self._allowance.taken -= 1
            self._allowance = None


class Pool:
    """Opens the sockets of a run within its allowance. Connections that no request uses give way, the oldest first."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        # connections that were given back, kept or on their way to be closed, in the order in which they were given back
        self._unused: dict[TracedHandler, asyncio.Transport] = {}

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for the first socket of a request. Waits for as long as it takes to close what no request uses."""
        while self._allowance.is_used_up and self._close_oldest():  # noqa: ASYNC110 - the event loop's next turn closes it
            await asyncio.sleep(0)
        trace = current.get()
        trace.has_place = True
        self._allowance.taken += 1
        try:
            yield
        finally:
            if trace.has_place:  # no socket was opened
                trace.has_place = False
                self._allowance.taken -= 1

    def open_socket(self, family: int, kind: int, protocol: int) -> CountedSocket:
        """A socket in the place of the request, or one more, where it races two addresses. Raises `OSError`."""
        trace = current.get()
        if not trace.has_place and self._allowance.is_overdrawn and not self._close_oldest():
            trace.was_short = True
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        try:
            opened = CountedSocket(family, kind, protocol, self._allowance)
        except OSError:
            trace.was_short = True
            raise
        if not trace.has_place:
            self._allowance.taken += 1
        trace.has_place = False
        return opened

    def put(self, handler: TracedHandler, transport: asyncio.Transport) -> None:
        """A request gives its connection back."""
        self._unused[handler] = transport

    def take(self, handler: TracedHandler) -> None:
        """A request uses a connection, or it is lost."""
        self._unused.pop(handler, None)

    async def close(self) -> None:
        """Close what no request uses, at the end of a run: a closed TLS connection may still wait for its peer."""
        while self._close_oldest():
            pass
        await asyncio.sleep(0)  # the event loop's next turn closes the sockets

    def _close_oldest(self) -> bool:
        """Close the connection that was given back first; returns False where there is none."""
        for handler, transport in self._unused.items():
            del self._unused[handler]
            handler.close()
            transport.abort()  # a TLS connection that is closed would wait for its peer
            return True
        return False
