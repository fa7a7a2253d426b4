"""Unix sockets: every request through one, with TLS inside it where the URL says https."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from typing import TYPE_CHECKING, Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorSSLError,
    ClientRequest,
    ClientTimeout,
)
from aiohttp.abc import ResolveResult
from aiohttp.client_exceptions import UnixClientConnectorError

from urlcheck.client.connector import TracedConnector
from urlcheck.client.trace import Phase, current
from urlcheck.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import AddrInfoType
    from aiohttp.tracing import Trace

    from urlcheck.client.pool import Pool

# between two looks whether there is room in a server's queue
_FULL_SECONDS = 0.02
# longest path in bytes; sockaddr_un has room for one byte more, the zero at its end
_MAX_PATH = 107 if sys.platform == "linux" else 103


class UnixSocketConnector(TracedConnector):
    """Connects to a Unix socket for every host; aiohttp's own connector would send https URLs through it in plain text."""

    def __init__(self, path: str, pool: Pool, **options: Any) -> None:
        super().__init__(pool, **options)
        self._path = path

    async def _resolve_host(
        self,
        host: str,
        port: int,
        traces: Sequence[Trace] | None = None,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        # one address, which is ignored
        return [ResolveResult(hostname=host, host="", port=port, family=socket.AF_UNIX, proto=0, flags=0)]

    async def _wrap_create_connection(
        self,
        *factory: Any,
        addr_infos: list[AddrInfoType],  # noqa: ARG002
        req: ClientRequest,
        timeout: ClientTimeout,  # noqa: ARG002, ASYNC109 - an attempt's own clock covers it
        **options: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        current.get().phase = Phase.CONNECT
        options.pop("client_error", None)  # proxies do not come in here
        try:
            async with self._pool.place():
                connection = await _connect(self._pool.open_socket(socket.AF_UNIX, socket.SOCK_STREAM, 0), self._path)
                return await self._loop.create_unix_connection(factory[0], sock=connection, **options)
        except ssl.CertificateError as error:
            raise ClientConnectorCertificateError(req.connection_key, error) from error
        except ssl.SSLError as error:
            raise ClientConnectorSSLError(req.connection_key, error) from error
        except OSError as error:
            raise UnixClientConnectorError(self._path, req.connection_key, error) from error


async def _connect(connection: socket.socket, path: str) -> socket.socket:
    """Connect a socket once the server's queue has room: event loops fail at a full queue, or take it for success."""
    try:
        connection.settimeout(0)
        while True:
            try:
                connection.connect(path)
            except BlockingIOError:
                await asyncio.sleep(_FULL_SECONDS)
            else:
                return connection
    except BaseException:
        connection.close()
        raise


def check_path(path: str) -> None:
    """Raises `SettingsError` for a path that no Unix socket can have here."""
    if sys.platform == "win32":
        raise SettingsError("unix_socket", "Python has no Unix sockets on Windows")
    if len(os.fsencode(path)) > _MAX_PATH:
        raise SettingsError("unix_socket", f"the path is longer than {_MAX_PATH} bytes, the most that a socket's may have")
