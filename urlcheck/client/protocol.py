"""One connection, as aiohttp reads it, with what aiohttp leaves out.

aiohttp's parser is fed one head at a time, so that a broken body cannot spoil the head before it; a head that it refuses is
repaired. All that comes before the final head is bounded. The reader of a broken body is told so. A connection knows who is at
its other end for as long as it is kept. An answer is read even if the end of the connection or a failed write is seen first.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionError, ClientPayloadError, ServerDisconnectedError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpResponseParser, RawResponseMessage
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError

from urlcheck.client.certificates import read_expiry
from urlcheck.client.early import ClosedTransport, read_rest
from urlcheck.client.heads import USUAL_STARTS, HeadError, HeadReader, repair

if TYPE_CHECKING:
    from datetime import datetime

    from aiohttp.streams import StreamReader

    Parsed = tuple[list[tuple[RawResponseMessage, StreamReader]], bool, bytes]


class BrokenHeadError(ServerDisconnectedError):
    """A connection that ended in the middle of a head."""


class TolerantParser:
    """aiohttp's parser of one answer. It takes whole heads; a head that it refuses is repaired and given to a new parser.

    `awaits_head` until the final head came; `has_repaired` if any head was not valid as it came.
    """

    __slots__ = ("_make_parser", "_parser", "awaits_head", "has_repaired")

    def __init__(self, parser: HttpResponseParser, make_parser: Callable[[], HttpResponseParser]) -> None:
        self._parser = parser
        self._make_parser = make_parser
        self.awaits_head = True
        self.has_repaired = False

    def feed_data(self, data: bytes) -> Parsed:
        """Parse a whole head, or a part of a body. Raises `HttpProcessingError`."""
        if not self.awaits_head:
            return self._parser.feed_data(data)
        parsed = self._feed_head(data)
        code = parsed[0][-1][0].code
        self.awaits_head = 100 <= code <= 199 and code != 101
        return parsed

    def _feed_head(self, head: bytes) -> Parsed:
        if head.startswith(USUAL_STARTS):
            try:
                parsed = self._parser.feed_data(head)
            except HttpProcessingError:
                pass
            else:
                if parsed[0]:
                    return parsed
        self.has_repaired = True
        try:
            repaired = repair(head)
        except HeadError as error:
            raise BadHttpMessage(str(error)) from None
        self._parser = self._make_parser()
        parsed = self._parser.feed_data(repaired)
        if not parsed[0]:
            raise BadHttpMessage("malformed headers")
        return parsed

    def feed_eof(self) -> RawResponseMessage | None:
        return self._parser.feed_eof()

    def pause_reading(self) -> None:
        self._parser.pause_reading()


class TracedHandler(ResponseHandler):
    """A connection that can be asked about itself; `uses` counts its requests."""

    address: str | None = None
    cert_expires: datetime | None = None
    uses = 0
    is_lost = False
    when_lost: Callable[[TracedHandler], None] | None = None

    _is_ending = False
    _lost_to: BaseException | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._heads = HeadReader()
        name = transport.get_extra_info("peername")
        self.address = name[0] if isinstance(name, tuple) else None  # a Unix socket has a path, or nothing
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self.cert_expires = read_expiry(tls) if tls else None

    def connection_lost(self, exc: BaseException | None) -> None:
        if self.when_lost is not None:
            self.when_lost(self)
        self.is_lost = self._is_ending = True
        self._lost_to = exc
        if exc is not None and self.transport is not None and (unread := read_rest(self.transport)):
            self.data_received(unread)
        if self._heads.is_begun:
            self._end_in_head()
        if exc is not None:  # else a body without a length would seem to have come to its end
            self._break_body(ClientPayloadError("the connection was lost"), exc)
        super().connection_lost(exc)
        self._is_ending = False

    def set_response_params(self, **params: Any) -> None:
        self._params = params
        self._heads = HeadReader()
        super().set_response_params(**params)  # this parses what came before the request
        if self.transport is None:  # the parser that is to know of the end is there only now
            self.connection_lost(self._lost_to)
        if self.transport is None or self.transport.is_closing():
            self.transport = ClosedTransport(self.transport)
            self.force_close()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """A request that cannot be sent is no failure where the connection's end, which says more, is known or about to be."""
        if isinstance(exc, ClientConnectionError) and not self._is_ending and not self.is_connected():
            return
        super().set_exception(exc, *cause)

    def data_received(self, data: bytes) -> None:
        parser = self._find_parser()
        if not data or parser is None:  # reading is resumed, or nothing was asked yet
            super().data_received(data)
            return
        while data and parser.awaits_head:
            try:
                head, data = self._heads.take(data)
            except HeadError as error:
                self._refuse(error)
                return
            if head:
                super().data_received(head)
            if self._exception is not None:
                return
        if parser.has_repaired:
            self.force_close()
        if data:
            super().data_received(data)
            if self._exception is not None:
                self._break_body(ClientPayloadError("malformed chunks"))

    def _find_parser(self) -> TolerantParser | None:
        """The parser of the answer, once a request was made."""
        if isinstance(self._parser, HttpResponseParser):
            self._parser = TolerantParser(self._parser, self._make_parser)  # type: ignore[assignment]
        return self._parser  # type: ignore[return-value]

    def _make_parser(self) -> HttpResponseParser:
        mine = self._parser
        super().set_response_params(**self._params)
        made, self._parser = self._parser, mine
        assert isinstance(made, HttpResponseParser)
        return made

    def _end_in_head(self) -> None:
        try:
            self._heads.check_end()
        except HeadError as error:
            self._refuse(error)
        else:
            self.set_exception(BrokenHeadError())

    def _break_body(self, error: ClientPayloadError, cause: BaseException | None = None) -> None:
        """Fail the read of a body that is broken off or malformed: in aiohttp it would go on waiting, or succeed."""
        if self._payload is not None and not self._payload.is_eof():
            error.__cause__ = cause
            self._payload.set_exception(error)

    def _refuse(self, error: HeadError) -> None:
        self.set_exception(BadHttpMessage(str(error)))
        if self.transport is not None:
            self.transport.close()
