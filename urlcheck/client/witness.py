"""What is seen of an attempt while the client library is at work on it: how far it came, whom it reached, what it was refused.

The library tells none of that when an attempt fails, and forgets some of it when one succeeds. So its connector, its sockets
and its TLS contexts find the attempt under way through a context variable, and report to it.
"""

from __future__ import annotations

import errno
import os
import ssl
from contextvars import ContextVar
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import ClientRequest, ClientTimeout, TCPConnector, hdrs

from urlcheck.client.guard import is_public
from urlcheck.client.protocol import WitnessedHandler
from urlcheck.descriptors import are_exhausted

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable
    from datetime import datetime

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import AddrInfoType, Connection
    from aiohttp.tracing import Trace

    from urlcheck.client.pool import Pool


class Phase(Enum):
    """How far a request came; the value says what it was waiting for."""

    LOOK_UP = "no answer from the name servers"
    CONNECT = "no connection"
    HANDSHAKE = "no TLS handshake"
    ANSWER = "no response"
    BODY = "no end of the body"


class RefusedAddressError(OSError):
    """An address that may not be connected to."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EACCES, message)


class Guard:
    """The rule of a run on addresses; `judge` says whether one is public."""

    def __init__(self, *, block_private: bool, judge: Callable[[str], bool] = is_public) -> None:
        self.block_private = block_private
        self.judge = judge

    def refusal(self, address: str, *, came_from_public: bool) -> str | None:
        """Why an address may not be connected to; `came_from_public`: a public address redirected to it."""
        if self.block_private and not self.judge(address):
            return f"{address} is not a public address"
        if came_from_public and not self.judge(address):
            return f"redirected from a public address to {address}, which is not"
        return None


class Witness:
    """The record of one attempt, request by request.

    `has_place`: a descriptor is set aside for the next socket; `was_short`: a socket could not be opened for want of one.
    """

    __slots__ = (
        "address",
        "came_from_public",
        "cert_expires",
        "guard",
        "handler",
        "has_place",
        "is_proxied",
        "phase",
        "refusal",
        "tls",
        "was_short",
        "was_used_before",
    )

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.address: str | None = None
        self.came_from_public = False
        self.has_place = False
        self.begin(is_proxied=False)

    def move_on(self) -> None:
        """A redirect is followed: what comes next was chosen by the address met last, or by one before it."""
        self.came_from_public = self.came_from_public or (self.address is not None and self.guard.judge(self.address))

    def begin(self, *, is_proxied: bool) -> None:
        """Another request begins. Behind a proxy nothing is known of the addresses, so nothing is judged or reported."""
        self.phase = Phase.LOOK_UP
        self.is_proxied = is_proxied
        self.address = None
        self.cert_expires: datetime | None = None
        self.refusal: str | None = None
        self.tls: ssl.SSLObject | None = None
        self.handler: WitnessedHandler | None = None
        self.was_short = False
        self.was_used_before = False

    def meet(self, address: str) -> None:
        """An address is about to be connected to, or is met again. Raises `RefusedAddressError`."""
        if self.is_proxied:
            return
        self.address = address.partition("%")[0]
        self.refusal = self.guard.refusal(address, came_from_public=self.came_from_public)
        if self.refusal:
            raise RefusedAddressError(self.refusal)

    def reach(self, handler: WitnessedHandler) -> None:
        """A connection stands, new or kept. Raises `RefusedAddressError`."""
        self.handler = handler
        self.was_used_before = handler.uses > 0
        if self.was_used_before and handler.address:
            self.meet(handler.address)
        handler.uses += 1
        self.phase = Phase.ANSWER
        if not self.is_proxied:
            self.address = handler.address
        self.cert_expires = handler.cert_expires


current: ContextVar[Witness] = ContextVar("witness")


def make_socket(pool: Pool, info: AddrInfoType) -> socket.socket:
    """The socket for a connection, at the last moment at which its address can be refused."""
    family, kind, protocol, _, address = info
    witness = current.get()
    witness.phase = Phase.CONNECT
    witness.meet(str(address[0]))
    return pool.open_socket(family, kind, protocol)


class WitnessedConnector(TCPConnector):
    """Tells the attempt under way whom it reached, over a connection new or kept, before anything is sent.

    The pool has a place for each socket before it is opened, and is told which connections no request uses.
    """

    def __init__(self, pool: Pool, **options: Any) -> None:
        super().__init__(socket_factory=partial(make_socket, pool), **options)
        self._pool = pool
        # aiohttp has no public place for it
        self._factory = partial(WitnessedHandler, loop=self._loop)  # type: ignore[assignment]

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109 - aiohttp's signature
        connection = await super().connect(req, traces, timeout)
        handler = connection.protocol
        assert isinstance(handler, WitnessedHandler)
        self._pool.take(handler)
        handler.when_lost = self._pool.take
        try:
            current.get().reach(handler)
        except RefusedAddressError:
            connection.release()
            raise
        if req.headers.get(hdrs.CONNECTION) == "close":
            handler.force_close()  # also where the server would rather keep it
        return connection

    async def _wrap_create_connection(self, *factory: Any, **options: Any) -> tuple[asyncio.Transport, ResponseHandler]:
        async with self._pool.place():
            return await super()._wrap_create_connection(*factory, **options)

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        transport = protocol.transport
        super()._release(key, protocol, should_close=should_close)
        if transport is not None and isinstance(protocol, WitnessedHandler):
            self._pool.put(protocol, transport)

    def _get_ssl_context(self, req: ClientRequest) -> ssl.SSLContext | None:
        context = super()._get_ssl_context(req)
        if context is not None and req.proxy is None and current.get().is_proxied:
            assert isinstance(self._ssl, ssl.SSLContext)
            context = self._ssl  # the proxy's own TLS: a client certificate is not for it
        if isinstance(context, WitnessedContext):
            context.load_trust()
        return context


class WitnessedContext(ssl.SSLContext):
    """Tells the attempt under way of its TLS handshake; what a server showed can be read even where it is refused.

    `trusts_system`: the system's trust store is loaded for the first request with TLS, which many a run never comes to.
    """

    trusts_system = False

    def load_trust(self) -> None:
        """Load the system's trust store, once. Raises `OSError` where no file can be opened: OpenSSL would load nothing."""
        if not self.trusts_system:
            return
        if are_exhausted():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        self.load_default_certs()
        self.trusts_system = False

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        tls = super().wrap_bio(*args, **options)
        if witness := current.get(None):
            witness.phase = Phase.HANDSHAKE
            witness.tls = tls
        return tls
