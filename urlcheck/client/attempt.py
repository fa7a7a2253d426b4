"""One attempt at one URL: asked, redirected, answered, and never longer than it may take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from ssl import SSLContext
from time import perf_counter

from aiohttp import ClientConnectorError, hdrs
from multidict import CIMultiDict

from urlcheck.client.address_policy import AddressPolicy
from urlcheck.client.body import GLANCE, Body, make_body_plan
from urlcheck.client.certificates import read_refused
from urlcheck.client.credentials import Credentials
from urlcheck.client.deadlines import Deadlines
from urlcheck.client.failures import Cause, cause_of, is_shortage
from urlcheck.client.proxies import Proxies, Proxy
from urlcheck.client.redirects import BrokenRedirectError, Chain, RedirectRules
from urlcheck.client.requester import Answer, LostConnectionError, Request, Requester
from urlcheck.client.trace import AttemptTrace, Phase, current
from urlcheck.http.headers import Headers
from urlcheck.http.methods import is_idempotent
from urlcheck.http.url import Url, is_ip_address
from urlcheck.model.outcome import Failure, FailureKind, Outcome, Response, ShortageError
from urlcheck.runtime.descriptors import are_exhausted
from urlcheck.settings.scopes import CheckSettings
from urlcheck.text.durations import format_duration

# a redirect without the body drops its headers (RFC 9110, 15.4)
_OF_A_BODY = (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, hdrs.CONTENT_LANGUAGE, hdrs.CONTENT_LOCATION)
# a body is read on, up to here, only so that its connection can be used again
_DRAIN_BYTES = 64 * 1024
_DRAIN_SECONDS = 0.5


class HttpClient:
    """Asks URLs over one session and brings back what happened."""

    def __init__(
        self,
        requester: Requester,
        settings: CheckSettings,
        credentials: Credentials,
        proxies: Proxies,
        address_policy: AddressPolicy,
    ) -> None:
        self.requester = requester
        self.credentials = credentials
        self.proxies = proxies
        self.address_policy = address_policy
        self.deadlines = Deadlines(settings.timeout)
        self.body_plan = make_body_plan(settings)
        self.redirects = RedirectRules(settings.max_redirects, is_local=settings.unix_socket is not None)
        self.ip_version = None if self.redirects.is_local else settings.ip_version
        self.data = settings.data
        self.identity: SSLContext | None = None

    async def attempt(self, url: Url, method: str, keep: Callable[[], bool] = lambda: False) -> Outcome:
        """One attempt at one URL, redirects included. Raises `ShortageError`, and nothing else but cancellation.

        `keep` says, whenever it is asked, whether another request could use the connection.
        """
        return await Attempt(self, url, method, keep).run()


class Attempt:
    """The state of one attempt, and the loop over its hops."""

    def __init__(self, client: HttpClient, url: Url, method: str, keep: Callable[[], bool]) -> None:
        self._client = client
        self._first = url
        self._is_repeatable = is_idempotent(method)
        self._keep = keep if self._is_repeatable else _never
        self._chain = Chain(client.redirects, method, url, client.data)
        self._proxy: Proxy | None = None
        self._trace = AttemptTrace(client.address_policy)
        self._started = perf_counter()  # uvloop's own clock counts whole milliseconds

    async def run(self) -> Outcome:
        """Ask until there is an answer, or until it is known why there is none."""
        current.set(self._trace)
        answer: Answer | None = None
        try:
            with self._client.deadlines.limit():
                answer = await self._follow()
                body = await self._read_body(answer) if self._client.body_plan else None
            response = self._respond(answer)
            if plan := self._client.body_plan or (GLANCE if self._may_lack_tls(answer) else None):
                body = body or await plan.glance(answer)
                if body:
                    response = replace(response, body=body.content, is_whole=body.is_whole)
            if self._keep():
                await _drain(answer)
        except BrokenRedirectError as broken:
            return self._fail(broken.cause, broken.status)
        except TimeoutError as timeout:
            error = self._trace.recall_handshake()
            return self._explain(error) if error else self._check_for_shortage(self._fail(self._describe_timeout()), timeout)
        except Exception as error:  # noqa: BLE001 - whatever the library raises is a fact about this URL
            return self._explain(error)
        else:
            return response
        finally:
            self._trace.end()
            if answer is not None:
                answer.close()

    async def _follow(self) -> Answer:
        """Ask, and follow redirects one by one; the final answer, its body unread."""
        while True:
            answer = await self._ask()
            if not self._chain.is_continued_by(answer.status):
                return answer
            answer.close()  # a body that came with the head has given its connection back already
            self._chain.follow(answer.status, answer.headers)
            self._trace.move_on()

    async def _read_body(self, answer: Answer) -> Body | None:
        assert self._client.body_plan is not None
        self._trace.phase = Phase.BODY
        return await self._client.body_plan.read(answer)

    async def _ask(self) -> Answer:
        """One request; again where a kept connection turned out dead, which says nothing of the server (RFC 9112, 9.3.1)."""
        while True:
            try:
                return await self._request()
            except LostConnectionError:
                if not (self._trace.was_used_before and self._is_repeatable):
                    raise

    async def _request(self) -> Answer:
        url, client = self._chain.url, self._client
        proxy = self._proxy = client.proxies.choose(url)
        is_literal = proxy is None and client.ip_version is not None and is_ip_address(url.host)
        if is_literal and (":" in url.host) != (client.ip_version == 6):
            raise OSError(f"not an IPv{client.ip_version} address")
        headers = self._make_headers()
        if proxy and url.scheme == "http":
            headers.update(proxy.headers)
        self._trace.begin(url.host, is_proxied=proxy is not None)
        context = client.identity if self._is_own and url.scheme == "https" else None
        return await client.requester.send(Request(self._chain.method, url, headers, self._chain.data, context, proxy))

    def _make_headers(self) -> CIMultiDict[str]:
        headers = self._client.credentials.headers_for(self._chain.url, self._first).copy()
        if cookies := self._chain.cookies_for(self._chain.url):
            headers[hdrs.COOKIE] = "; ".join([*headers.popall(hdrs.COOKIE, ()), cookies])  # the user's own come first
        if self._client.data is not None and self._chain.data is None:
            for name in _OF_A_BODY:
                headers.popall(name, None)
        if not (self._is_own and self._keep()):
            headers[hdrs.CONNECTION] = "close"
        return headers

    @property
    def _is_own(self) -> bool:
        """Whether the URL is of the origin that the attempt began at."""
        return self._chain.url.origin == self._first.origin

    def _may_lack_tls(self, answer: Answer) -> bool:
        """Whether the body may say that the port requires TLS, as nginx, Apache and Go do in a 400."""
        return answer.status == HTTPStatus.BAD_REQUEST and self._chain.url.scheme == "http"

    def _respond(self, answer: Answer) -> Response:
        return Response(
            url=str(self._chain.url),
            hops=tuple(self._chain.hops),
            elapsed=perf_counter() - self._started,
            address=self._trace.address,
            cert_expires=self._trace.cert_expires,
            status=answer.status,
            reason=answer.reason or "",
            headers=Headers.receive(answer.headers),
        )

    def _fail(self, cause: Cause, status: int | None = None) -> Failure:
        return Failure(
            url=str(self._chain.url),
            hops=tuple(self._chain.hops),
            elapsed=perf_counter() - self._started,
            address=self._trace.address,
            cert_expires=self._trace.cert_expires,
            kind=cause.kind,
            message=cause.message,
            transient=cause.transient and not self._may_have_worked,
            status=status,
        )

    @property
    def _may_have_worked(self) -> bool:
        """Whether a request that must not be repeated was sent (RFC 9110, 9.2.2): once a connection stood, or redirected."""
        return not self._is_repeatable and (bool(self._chain.hops) or self._trace.phase is Phase.ANSWER)

    def _explain(self, error: Exception) -> Failure:
        if self._trace.refusal:  # the library's error may not mention it
            return self._fail(Cause(FailureKind.PRIVATE, self._trace.refusal))
        if isinstance(error, LostConnectionError):
            assert isinstance(error.__cause__, Exception)
            error = error.__cause__
        chain = read_refused(self._trace.tls) if isinstance(error, ClientConnectorError) and self._trace.tls else ()
        if chain:
            self._trace.cert_expires = chain[0].expires
        tls = self._trace.tls
        cause = cause_of(
            error,
            self._chain.url.host,
            chain,
            in_handshake=self._trace.phase is Phase.HANDSHAKE,
            old_version=tls.old_version if tls else None,
            proxy=self._proxy.url.authority if self._proxy else "",
        )
        return self._check_for_shortage(self._fail(cause), error)

    def _check_for_shortage(self, failure: Failure, error: Exception) -> Failure:
        """Return a failure that says something about the URL. Raises `ShortageError` where this machine may be the cause."""
        is_unconnected = self._trace.phase in (Phase.CONNECT, Phase.HANDSHAKE)
        lacked_address_or_trust = self._trace.was_short and is_unconnected
        issuer_could_not_be_read = failure.kind is FailureKind.TLS and are_exhausted()  # OpenSSL says that it is unknown
        is_local = is_shortage(error) or lacked_address_or_trust or issuer_could_not_be_read
        if is_local and not self._may_have_worked:
            raise ShortageError(failure) from error
        return failure

    def _describe_timeout(self) -> Cause:
        phase = self._trace.phase
        if phase is Phase.LOOK_UP and (self._trace.is_proxied or is_ip_address(self._chain.url.host)):
            phase = Phase.CONNECT
        message = f"{phase.value} within {format_duration(self._client.deadlines.seconds)}"
        return Cause(FailureKind.TIMEOUT, message, transient=True)


def _never() -> bool:
    return False


async def _drain(answer: Answer) -> None:
    """Read the rest of a small body, so that the connection can be used again; a large or slow one is left."""
    left = _DRAIN_BYTES
    if answer.content.is_eof() or (answer.content_length or 0) > left:
        return
    with contextlib.suppress(Exception):  # the answer is known; a fault in its body does not matter
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0 and not answer.content.at_eof():
                left -= len(await answer.content.readany())
