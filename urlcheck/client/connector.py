"""aiohttp's connector, which reports each connection to the attempt that uses it, before anything is sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from aiohttp import ClientConnectorError, ClientRequest, ClientTimeout, TCPConnector, hdrs

from urlcheck.client.address_policy import RefusedAddressError
from urlcheck.client.protocol import TracedHandler
from urlcheck.client.trace import Phase, current

if TYPE_CHECKING:
    import asyncio
    import socket
    import ssl
    from collections.abc import Sequence

    from aiohttp.abc import ResolveResult
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import AddrInfoType, Connection
    from aiohttp.tracing import Trace

    from urlcheck.client.pool import Pool


def make_socket(pool: Pool, info: AddrInfoType) -> socket.socket:
    """The socket for a connection, at the last moment at which its address can be refused."""
    family, kind, protocol, _, address = info
    trace = current.get()
    trace.phase = Phase.CONNECT
    trace.meet(str(address[0]))
    return pool.open_socket(family, kind, protocol)


class TracedConnector(TCPConnector):
    """Tells the attempt under way whom it reached, over a connection new or kept, before anything is sent.

    The pool has a place for each socket before it is opened, and is told which connections no request uses.
    """

    def __init__(self, pool: Pool, **options: Any) -> None:
        super().__init__(socket_factory=partial(make_socket, pool), **options)
        self._pool = pool
        # aiohttp has no public place for it
        self._factory = partial(TracedHandler, loop=self._loop)  # type: ignore[assignment]

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109 - aiohttp's signature
        refused: list[Connection] = []
        try:
            while True:
                connection = await super().connect(req, traces, timeout)
                handler = connection.protocol
                assert isinstance(handler, TracedHandler)
                self._pool.take(handler)
                handler.when_lost = self._pool.take
                try:
                    current.get().reach(handler)
                    break
                except RefusedAddressError:  # a kept connection leads there; a new one may lead to another address
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
        if transport is not None and isinstance(protocol, TracedHandler) and not protocol.is_lost:
            self._pool.put(protocol, transport)

    def _get_ssl_context(self, req: ClientRequest) -> ssl.SSLContext | None:
        context = super()._get_ssl_context(req)
        if context is not None and req.proxy is None and current.get().is_proxied:
            return cast("ssl.SSLContext", self._ssl)  # the proxy's own TLS: a client certificate is not for it
        return context
