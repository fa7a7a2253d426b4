"""One attempt at one URL: asked, redirected, answered, and never longer than it may take."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aiohttp import ClientResponse, ClientSession, encode_basic_auth, hdrs
from multidict import CIMultiDict
from yarl import URL

from urlcheck.client.failures import Cause, cause_of
from urlcheck.durations import format_duration
from urlcheck.model import Failure, FailureKind, Hop, Outcome, Response
from urlcheck.settings import Settings
from urlcheck.urls import InvalidUrlError, Url, resolve

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# a body is read on, up to here, only so that its connection can be used again
_DRAIN_BYTES = 64 * 1024
_DRAIN_SECONDS = 0.5

_current: ContextVar[Attempt] = ContextVar("attempt")


class HttpClient:
    """Asks URLs over one session and brings back what happened."""

    def __init__(self, session: ClientSession, settings: Settings) -> None:
        self.session = session
        self.timeout = settings.timeout
        self.max_redirects = settings.max_redirects
        self.peers: WeakKeyDictionary[ResponseHandler, Peer] = WeakKeyDictionary()
        self._user = settings.user
        self._foreign_headers = CIMultiDict({hdrs.USER_AGENT: settings.user_agent})
        self._own_headers = CIMultiDict(settings.headers)
        self._own_headers.setdefault(hdrs.USER_AGENT, settings.user_agent)

    async def attempt(self, url: Url, method: str) -> Outcome:
        """One attempt at one URL, redirects included; only cancellation is raised."""
        return await Attempt(self, url, method).run()

    def headers_for(self, url: Url, first: Url) -> Mapping[str, str]:
        """What is sent with a request: the user's headers and credentials to the origin they were meant for only."""
        if url.origin != first.origin:
            return self._foreign_headers
        credentials = first.credentials or self._user
        if credentials is None or hdrs.AUTHORIZATION in self._own_headers:
            return self._own_headers
        headers = self._own_headers.copy()
        headers[hdrs.AUTHORIZATION] = encode_basic_auth(*credentials)
        return headers


class Attempt:
    """The state of one attempt, and the loop over its hops."""

    def __init__(self, client: HttpClient, url: Url, method: str) -> None:
        self._client = client
        self._first = url
        self._method = method
        self._url = url
        self._hops: list[Hop] = []
        self._peer: Peer | None = None
        self._started = 0.0

    async def run(self) -> Outcome:
        _current.set(self)
        self._started = asyncio.get_running_loop().time()
        answer: ClientResponse | None = None
        try:
            async with asyncio.timeout(self._client.timeout):
                answer = await self._follow()
            response = self._respond(answer)
            await _drain(answer)
        except BrokenRedirectError as broken:
            return self._fail(broken.cause, broken.status)
        except TimeoutError:
            message = f"no response within {format_duration(self._client.timeout)}"
            return self._fail(Cause(FailureKind.TIMEOUT, message, transient=True))
        except Exception as error:  # noqa: BLE001 - whatever the library raises is a fact about this URL
            return self._fail(cause_of(error))
        else:
            return response
        finally:
            if answer is not None:
                answer.close()

    def connected(self, protocol: ResponseHandler) -> None:
        """Take down who answers, while the connection can still be asked."""
        peer = self._client.peers.get(protocol)
        if peer is None:
            peer = self._client.peers[protocol] = Peer(protocol)
        self._peer = peer

    async def _follow(self) -> ClientResponse:
        """Ask, and follow redirects one by one; the final answer, its body unread."""
        while True:
            answer = await self._ask()
            if answer.status not in _REDIRECTS or self._client.max_redirects == 0:
                return answer
            answer.close()  # a body that came with the head has released its connection already
            target = self._read_location(answer)
            self._hops.append(Hop(answer.status, str(self._url)))
            self._url = target

    async def _ask(self) -> ClientResponse:
        url = self._url
        self._peer = None
        return await self._client.session.request(
            self._method,
            # path and query in one, so that not a byte of them is touched
            URL.build(scheme=url.scheme, authority=url.authority, path=url.target, encoded=True),
            headers=self._client.headers_for(url, self._first),
            allow_redirects=False,
        )

    def _read_location(self, answer: ClientResponse) -> Url:
        location = answer.headers.get(hdrs.LOCATION)
        if not location:
            raise BrokenRedirectError("a redirect without a Location", answer.status)
        try:
            target = resolve(self._url, location.replace(" ", "%20"))
        except InvalidUrlError as error:
            raise BrokenRedirectError(f"a redirect to nowhere: {error}", answer.status) from None
        if target.fragment is None and self._url.fragment is not None:
            target = replace(target, fragment=self._url.fragment)  # RFC 9110, 10.2.2
        if len(self._hops) >= self._client.max_redirects:
            raise BrokenRedirectError(f"more than {self._client.max_redirects} redirects", answer.status)
        seen = {hop.url for hop in self._hops} | {str(self._url)}
        if str(target) in seen:
            raise BrokenRedirectError(f"a redirect loop: back to {target}", answer.status)
        return target

    def _respond(self, answer: ClientResponse) -> Response:
        return Response(
            url=str(self._url),
            hops=tuple(self._hops),
            elapsed=self._elapsed(),
            address=self._peer.address if self._peer else None,
            cert_expires=self._peer.cert_expires if self._peer else None,
            status=answer.status,
            reason=answer.reason or "",
            headers=answer.headers,
        )

    def _fail(self, cause: Cause, status: int | None = None) -> Failure:
        return Failure(
            url=str(self._url),
            hops=tuple(self._hops),
            elapsed=self._elapsed(),
            address=self._peer.address if self._peer else None,
            cert_expires=self._peer.cert_expires if self._peer else None,
            kind=cause.kind,
            message=cause.message,
            transient=cause.transient,
            status=status,
        )

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._started


class BrokenRedirectError(Exception):
    """A redirect that leads nowhere; `status` is its 3xx."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.cause = Cause(FailureKind.REDIRECT, message)
        self.status = status


class Peer:
    """Who is at the other end of a connection: its IP address, and until when its certificate holds."""

    def __init__(self, protocol: ResponseHandler) -> None:
        transport = protocol.transport
        name = transport.get_extra_info("peername") if transport else None
        self.address: str | None = name[0] if name else None
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object") if transport else None
        self.cert_expires = _read_expiry(tls) if tls else None


class WitnessedResponse(ClientResponse):
    """Tells the attempt under way of its connection before the answer, which may give it back, is read."""

    async def start(self, connection: Connection) -> ClientResponse:
        if connection.protocol is not None:
            _current.get().connected(connection.protocol)
        return await super().start(connection)


def _read_expiry(tls: ssl.SSLObject) -> datetime | None:
    certificate = tls.getpeercert()
    if not certificate:  # not verified, so not decoded
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


async def _drain(answer: ClientResponse) -> None:
    """Read the rest of a small body, so that the connection can be used again; a large or slow one is left."""
    left = _DRAIN_BYTES
    if answer.content.is_eof() or (answer.content_length or 0) > left:
        return
    with contextlib.suppress(Exception):  # the answer is known; what is wrong with its body does not matter
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0 and not answer.content.at_eof():
                left -= len(await answer.content.readany())
