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
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import ClientConnectorError, ClientRequest, ClientTimeout, TCPConnector, hdrs

from urlcheck.client.address_policy import is_public, read_address
from urlcheck.client.failures import is_shortage
from urlcheck.client.protocol import WitnessedHandler
from urlcheck.runtime.descriptors import are_exhausted

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from aiohttp.abc import ResolveResult
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import AddrInfoType, Connection
    from aiohttp.tracing import Trace

    from urlcheck.client.pool import Pool


_PUBLIC, _BEHIND_PROXY = "a public address", "a host behind a proxy"


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

    def refusal(self, address: str, *, came_from: str | None) -> str | None:
        """Why an address may not be connected to; `came_from` names the public host, if one redirected to it."""
        if not (self.block_private or came_from) or self.judge(address):
            return None
        if self.block_private:
            return f"{address} is not a public address"
        return f"redirected from {came_from} to {address}, which is not public"

    def is_private(self, host: str) -> bool:
        """Whether a URL's host is itself an address that is not public, whatever its spelling."""
        address = read_address(host)
        return address is not None and not self.judge(address)


class _FailedHandshake(NamedTuple):
    """What is known of an address that was connected to, and whose TLS failed."""

    error: ClientConnectorError
    address: str | None
    tls: ssl.SSLObject | None


class Witness:
    """The record of one attempt, request by request.

    `has_place`: a descriptor is set aside for the next socket; `was_short`: a socket could not be opened for want of one.
    """

    __slots__ = (
        "_came_from",
        "_came_through_proxy",
        "_failed",
        "_host",
        "address",
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
        self._came_from: str | None = None
        self._came_through_proxy = False
        self.has_place = False
        self.begin("", is_proxied=False)

    def move_on(self) -> None:
        """A redirect is followed: the host asked last, or one before it, chose the next one.

        A proxy hides the address of the host behind it, so that any such host counts as public to those that are connected to
        directly. To others behind a proxy it does not where its URL says that it is private.
        """
        if self.is_proxied:
            self._came_through_proxy = True
            if not self.guard.is_private(self._host):
                self._came_from = self._came_from or _BEHIND_PROXY
        elif self.address is not None and self.guard.judge(self.address):
            self._came_from = self._came_from or _PUBLIC

    def begin(self, host: str, *, is_proxied: bool) -> None:
        """Another request begins. Behind a proxy no address is known, but one that the URL itself names is judged.

        Raises `RefusedAddressError`.
        """
        self._host = host
        self.phase = Phase.LOOK_UP
        self.is_proxied = is_proxied
        self.address = None
        self.cert_expires: datetime | None = None
        self.refusal: str | None = None
        self.tls: ssl.SSLObject | None = None
        self.handler: WitnessedHandler | None = None
        self.was_short = False
        self.was_used_before = False
        self._failed: _FailedHandshake | None = None
        if is_proxied and self._came_from and self.guard.is_private(host):
            self._refuse(f"redirected from {self._came_from} to {host}, which is not public")

    def admit(self, found: list[ResolveResult]) -> list[ResolveResult]:
        """The addresses of a host that may be connected to, in their order. Raises `RefusedAddressError` where none may.

        A refused address is left out before any connection is begun. A failure is then the other addresses' own, whatever the
        order of the addresses.
        """
        allowed = [each for each in found if self._find_refusal(each["host"]) is None]
        if found and not allowed:
            self.meet(min(each["host"] for each in found))
        return allowed

    def meet(self, address: str) -> None:
        """A connection to this address is about to be made or used again. Raises `RefusedAddressError`."""
        if self.is_proxied:
            return
        self.address = address.partition("%")[0]
        self.refusal = None
        if refusal := self._find_refusal(address):
            self._refuse(refusal)

    def _find_refusal(self, address: str) -> str | None:
        if self.is_proxied:
            return None
        came_from = self._came_from or (_BEHIND_PROXY if self._came_through_proxy else None)
        return self.guard.refusal(address, came_from=came_from)

    def _refuse(self, refusal: str) -> None:
        self.refusal = refusal
        raise RefusedAddressError(refusal)

    def weigh(self, error: ClientConnectorError) -> ClientConnectorError:
        """The failure of a host whose addresses failed so far: one in a TLS handshake rather than one in connecting.

        The library reports the address that it tries last, and the order of addresses changes from one attempt to the next.
        """
        if is_shortage(error):
            return error  # it says nothing of the address
        if self.phase is Phase.HANDSHAKE:
            self._failed = _FailedHandshake(error, self.address, self.tls)
        return self.recall_handshake() or error

    def recall_handshake(self) -> ClientConnectorError | None:
        """The failed TLS handshake with one address, if others were tried after it; the record is then of that one."""
        if self._failed is None:
            return None
        self.phase = Phase.HANDSHAKE
        error, self.address, self.tls = self._failed
        return error

    def end(self) -> None:
        """The attempt is over. An error refers to the code that raised it, and through that to this record."""
        self._failed = None

    def reach(self, handler: WitnessedHandler) -> None:
        """A connection stands, new or kept. Raises `RefusedAddressError`."""
        if handler.uses and handler.address:
            self.meet(handler.address)
        self.handler = handler
        self._failed = None
        self.was_used_before = handler.uses > 0
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
        refused: list[Connection] = []
        try:
            while True:
                connection = await super().connect(req, traces, timeout)
                handler = connection.protocol
                assert isinstance(handler, WitnessedHandler)
                self._pool.take(handler)
                handler.when_lost = self._pool.take
                try:
                    current.get().reach(handler)
                    break
                except RefusedAddressError:  # of a kept connection; a new one may lead to another address
                    refused.append(connection)
        finally:
            for each in refused:
                each.release()
        if req.headers.get(hdrs.CONNECTION) == "close":
            handler.force_close()  # also where the server would rather keep it
        return connection

    async def _resolve_host(self, host: str, port: int, traces: Sequence[Trace] | None = None) -> list[ResolveResult]:
        return current.get().admit(await super()._resolve_host(host, port, traces))

    async def _wrap_create_connection(self, *factory: Any, **options: Any) -> tuple[asyncio.Transport, ResponseHandler]:
        try:
            async with self._pool.place():
                return await super()._wrap_create_connection(*factory, **options)
        except ClientConnectorError as error:
            weighed = current.get().weigh(error)
            raise weighed from weighed.__cause__

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
