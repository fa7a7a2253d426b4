"""GET and HEAD over the session's connections, without the objects that aiohttp makes for each request.

aiohttp's `ClientRequest` and `ClientResponse` take half of the CPU time of a request, and one without a body needs little of
them. The connector, the pool, the protocol and the parser are the session's own. None of this is aiohttp's public interface:
`is_available` looks for it, and where it is missing requests go through `ClientSession.request`.
"""

from __future__ import annotations

import inspect
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast

from aiohttp import BaseConnector, ClientResponseError, ClientSession, ClientTimeout, hdrs
from aiohttp import client_reqrep as reqrep
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from urlcheck.client.heads import MAX_HEAD_BYTES, MAX_HEADERS

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp import RequestInfo, StreamReader
    from aiohttp.connector import Connection
    from multidict import CIMultiDict, CIMultiDictProxy

    from urlcheck.http.url import Url

METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})

_NO_TIMEOUT = ClientTimeout(total=None, sock_connect=None)  # the attempt has its own
# the functions of aiohttp that are called here, each with its parameters; then the fields of a connection's key
_PARAMETERS = {
    (BaseConnector, "connect"): ("self", "req", "traces", "timeout"),
    (ResponseHandler, "read"): ("self",),
    (ResponseHandler, "set_response_params"): (
        *("self", "timer", "skip_payload", "read_until_eof", "auto_decompress", "read_timeout", "read_bufsize"),
        *("timeout_ceil_threshold", "max_line_size", "max_field_size", "max_headers"),
    ),
}
_KEY_FIELDS = ("host", "port", "is_ssl", "ssl", "proxy", "proxy_auth", "proxy_headers_hash", "server_hostname")


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether this version of aiohttp has all that is used here, as it is used."""
    if getattr(getattr(reqrep, "ConnectionKey", None), "_fields", None) != _KEY_FIELDS:
        return False
    for (owner, name), parameters in _PARAMETERS.items():
        function = getattr(owner, name, None)
        if function is None or tuple(inspect.signature(function).parameters) != parameters:
            return False
    return True


class UnavailableError(Exception):
    """The connector asked for something that a lean request does not have."""


class LeanRequest:
    """A request without a body or a proxy, as far as a connector needs to know it."""

    proxy = proxy_auth = proxy_headers = server_hostname = None

    def __init__(self, url: Url, headers: CIMultiDict[str], context: SSLContext | None) -> None:
        self.headers = headers
        self.ssl = context or True
        self.port = url.port
        self._url = url
        key = (url.host.strip("[]"), url.port, url.scheme == "https", self.ssl, None, None, None, None)
        self.connection_key = reqrep.ConnectionKey(*key)

    def is_ssl(self) -> bool:
        return self.connection_key.is_ssl

    @cached_property
    def url(self) -> URL:
        return URL.build(scheme=self._url.scheme, authority=self._url.authority, path="/", encoded=True)

    def __getattr__(self, name: str) -> Any:
        raise UnavailableError(name)


class LeanAnswer:
    """The answer to a lean request. Its connection is given back at the end of the body, or closed by `close`."""

    __slots__ = ("_connection", "content", "headers", "reason", "status")

    def __init__(
        self, connection: Connection, status: int, reason: str, headers: CIMultiDictProxy[str], content: StreamReader
    ) -> None:
        self._connection = connection
        self.status = status
        self.reason = reason
        self.headers = headers
        self.content = content
        content.on_eof(self._finish)

    @property
    def content_length(self) -> int | None:
        length = self.headers.get(hdrs.CONTENT_LENGTH)
        return int(length) if length else None

    def close(self) -> None:
        """Close the connection if it has not been given back."""
        self._connection.close()

    def _finish(self) -> None:
        protocol = self._connection.protocol
        if protocol is not None and not protocol.upgraded:
            self._connection.release()


async def request(
    session: ClientSession, method: str, url: Url, headers: CIMultiDict[str], context: SSLContext | None
) -> LeanAnswer:
    """Send a GET or HEAD and wait for the head of the final answer. Raises what aiohttp raises, and `UnavailableError`.

    `context`: the TLS context of this request, or None for the connector's own.
    """
    head = write_head(method, url, headers)
    lean = LeanRequest(url, headers, context)
    assert session.connector is not None
    connection = await session.connector.connect(cast("reqrep.ClientRequest", lean), [], _NO_TIMEOUT)
    try:
        protocol = connection.protocol
        assert protocol is not None
        protocol.set_response_params(
            skip_payload=method == hdrs.METH_HEAD,
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEADERS,
        )
        assert protocol.transport is not None
        protocol.transport.write(head)
        while True:
            message, content = await protocol.read()
            if not 100 <= message.code <= 199 or message.code == 101:
                return LeanAnswer(connection, message.code, message.reason, message.headers, content)
    except BaseException as error:
        connection.close()
        if not isinstance(error, HttpProcessingError):
            raise
        info = cast("RequestInfo", None)
        raise ClientResponseError(info, (), status=error.code, message=error.message, headers=error.headers) from error


def write_head(method: str, url: Url, headers: CIMultiDict[str]) -> bytes:
    """The bytes of a request without a body. Raises `ValueError` where a part of it would end a line or add a word.

    `Host` comes first; several that the user gave are one, the last (RFC 9112, 3.2).
    """
    start = f"{method} {url.target} HTTP/1.1"
    host = f"{hdrs.HOST}: {url.authority}"
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if hdrs.HOST in headers:
        own = [line for line in lines if line[:5].lower() == "host:"]
        host, lines = own[-1], [line for line in lines if line not in own]
    text = "\r\n".join([start, host, *lines, "", ""])
    ends = len(lines) + 3
    if start.count(" ") != 2 or text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        raise ValueError("a control character or a blank where a request must not have one")
    return text.encode()
