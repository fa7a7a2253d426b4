"""One connection, as aiohttp reads it, with four things that aiohttp leaves out.

Its parser is fed one head at a time, so that a broken body cannot spoil the head before it; whoever reads such a body is told
that it is broken; all that comes before the final head is bounded; and a connection knows who is at its other end, and how it
ended, for as long as it is kept.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import TYPE_CHECKING, Any

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from urlcheck.client.certificates import read_expiry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# as much as curl accepts of all heads together, and more interim responses (1xx) than any server has a use for
MAX_HEAD_BYTES = 300 * 1024
MAX_HEADS = 100

_END_OF_HEAD = re.compile(rb"\n\r?\n")


class WitnessedHandler(ResponseHandler):
    """A connection that can be asked about itself; `uses` counts its requests, `lost_to` is the error that ended it."""

    address: str | None = None
    cert_expires: datetime | None = None
    uses = 0
    lost_to: BaseException | None = None
    when_lost: Callable[[WitnessedHandler], None] | None = None

    _in_head = True
    _head_bytes = 0
    _heads = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        name = transport.get_extra_info("peername")
        self.address = name[0] if isinstance(name, tuple) else None  # a Unix socket has a path, or nothing
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self.cert_expires = read_expiry(tls) if tls else None

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost_to = exc
        if self.when_lost is not None:
            self.when_lost(self)
        if exc is not None:  # else a body without a length would seem to have come to its end
            self._break_body(ClientPayloadError("the connection was lost"), exc)
        super().connection_lost(exc)

    def set_response_params(self, **params: Any) -> None:
        self._in_head, self._head_bytes, self._heads = True, 0, 0
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if not data:  # reading is resumed: aiohttp's parser is to go on with what it holds
            super().data_received(data)
            return
        while self._in_head and data:
            found = _END_OF_HEAD.search(data)
            end = found.end() if found else len(data)
            self._head_bytes += end
            self._heads += found is not None
            if self._head_bytes > MAX_HEAD_BYTES or self._heads > MAX_HEADS:
                self._refuse("more headers than anyone needs")
                return
            super().data_received(data[:end])
            data = data[end:]
            if self._exception is not None:
                return
            self._in_head = not self._has_final_head()
        if data:
            super().data_received(data)
            if self._exception is not None:
                self._break_body(ClientPayloadError("malformed chunks"))

    def _has_final_head(self) -> bool:
        if not self._buffer:
            return False
        code = self._buffer[-1][0][0].code
        return not 100 <= code <= 199 or code == 101

    def _break_body(self, error: ClientPayloadError, cause: BaseException | None = None) -> None:
        """Tell whoever reads a body that is broken off or malformed: aiohttp would leave them waiting, or content."""
        if self._payload is not None and not self._payload.is_eof():
            error.__cause__ = cause
            self._payload.set_exception(error)

    def _refuse(self, message: str) -> None:
        self.set_exception(HttpProcessingError(code=400, message=message))
        if self.transport is not None:
            self.transport.close()
