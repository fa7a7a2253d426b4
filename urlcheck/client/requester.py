"""Sends one request, by the cheapest way that can carry it, and reports a lost connection instead of asking again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Protocol, TypeVar

from aiohttp import (
    ClientConnectorError,
    ClientHttpProxyError,
    ClientOSError,
    ClientSession,
    ServerDisconnectedError,
    hdrs,
)
from yarl import URL

from urlcheck.client import lean

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp import StreamReader
    from multidict import CIMultiDict, CIMultiDictProxy

    from urlcheck.client.proxies import Proxy
    from urlcheck.http.url import Url

AnyRequest = TypeVar("AnyRequest")
AnyAnswer = TypeVar("AnyAnswer")

# only the user names a body's type, so aiohttp adds none
_UNSAID = (hdrs.CONTENT_TYPE,)


class Answer(Protocol):
    """The answer to a request, its body unread."""

    @property
    def status(self) -> int: ...

    @property
    def reason(self) -> str | None: ...

    @property
    def headers(self) -> CIMultiDictProxy[str]: ...

    @property
    def content(self) -> StreamReader:
        """The body, as it comes. Its end gives the connection back."""
        ...

    @property
    def content_length(self) -> int | None: ...

    def close(self) -> None:
        """Close the connection if it has not been given back."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `context`: the TLS context, or None for that of the session."""

    method: str
    url: Url
    headers: CIMultiDict[str]
    data: bytes | None
    context: SSLContext | None
    proxy: Proxy | None


class LostConnectionError(Exception):
    """A connection that ended before an answer came; its cause is the library's own error."""


async def report_lost_connections(request: AnyRequest, handler: Callable[[AnyRequest], Awaitable[AnyAnswer]]) -> AnyAnswer:
    """Raise `LostConnectionError` where the handler of a request loses its connection.

    As a middleware it keeps aiohttp from asking again silently: the attempt, which counts its requests, is told.
    """
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise LostConnectionError from error


class Requester:
    """Sends requests over a session whose middleware is `report_lost_connections`. `is_lean`: plain ones by `lean.request`."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.is_lean = lean.is_available()

    async def send(self, request: Request) -> Answer:
        """Send a request and wait for the head of the answer. Raises `LostConnectionError`, and what aiohttp raises."""
        if self.is_lean and request.method in lean.METHODS and request.data is None and request.proxy is None:
            try:
                return await report_lost_connections(request, self._send_lean)
            except lean.UnavailableError:  # a version of aiohttp that works otherwise
                self.is_lean = False
        return await self._send(request)

    def _send_lean(self, request: Request) -> Awaitable[Answer]:
        return lean.request(self.session, request.method, request.url, request.headers, request.context)

    async def _send(self, request: Request) -> Answer:
        url, proxy = request.url, request.proxy
        answer = await self.session.request(
            request.method,
            # path and query in one, so that not a byte of them is touched
            URL.build(scheme=url.scheme, authority=url.authority, path=url.target, encoded=True),
            headers=request.headers,
            data=None if request.data is None else BytesIO(request.data),  # in parts, while other requests go on
            skip_auto_headers=_UNSAID if request.method != hdrs.METH_GET else None,
            allow_redirects=False,
            ssl=request.context or True,
            proxy=proxy.url if proxy else None,
            proxy_headers=proxy.headers if proxy and url.scheme == "https" else None,
        )
        if answer.status == 407 and proxy and url.scheme == "http":  # for https, aiohttp raises it
            answer.close()
            message = answer.reason or HTTPStatus.PROXY_AUTHENTICATION_REQUIRED.phrase
            raise ClientHttpProxyError(answer.request_info, answer.history, status=407, message=message)
        return answer
