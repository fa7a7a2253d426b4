"""The redirects of one attempt: each gives the next request, or the reason why none is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import hdrs
from multidict import CIMultiDictProxy

from urlcheck.client.cookies import ChainCookies
from urlcheck.client.failures import Cause
from urlcheck.http.methods import is_safe, redirect_method
from urlcheck.http.url import InvalidUrlError, Url, resolve
from urlcheck.model.outcome import FailureKind, Hop
from urlcheck.text.safe import mask_broken

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# browsers and proxies refuse longer URLs sooner or later, and a chain keeps every one
_MAX_LOCATION = 16 * 1024


@dataclass(frozen=True, slots=True)
class RedirectRules:
    """The rules of a run: how many redirects are followed, and whether all requests go to one Unix socket."""

    limit: int
    is_local: bool


class BrokenRedirectError(Exception):
    """A redirect that is not followed; `status` is its 3xx."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.cause = Cause(FailureKind.REDIRECT, message)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request of the chain: a second one that is equal would get the same answer."""

    method: str
    url: str
    cookies: str | None


class Chain:
    """The current request of an attempt (`method`, `url`, `data`), and the hops that led to it."""

    __slots__ = ("_cookies", "_rules", "_visits", "data", "hops", "method", "url")

    def __init__(self, rules: RedirectRules, method: str, url: Url, data: bytes | None) -> None:
        self.method, self.url, self.data = method, url, data
        self.hops: list[Hop] = []
        self._rules = rules
        self._cookies: ChainCookies | None = None
        self._visits: dict[_Visit, bool] = {}  # in their order; the value: whether the answer set a cookie

    def is_continued_by(self, status: int) -> bool:
        """Whether an answer with this status is a redirect to follow."""
        return status in _REDIRECTS and self._rules.limit > 0

    def follow(self, status: int, headers: CIMultiDictProxy[str]) -> None:
        """Make the target of a redirect the current request. Raises `BrokenRedirectError`."""
        visit = self._make_visit(self.method, self.url)
        self._visits[visit] = self._take_cookies(headers)
        method = redirect_method(self.method, status)
        keeps_data = method == self.method and status != 303
        target = self._read_location(headers, status)
        if target.origin != self.url.origin and (reason := self._reason_to_stay(method, keeps_data=keeps_data)):
            raise BrokenRedirectError(f"a redirect to another origin, {target}, {reason}", status)
        self._refuse_loop(method, target, status)
        self.hops.append(Hop(status, str(self.url)))
        self.method, self.url = method, target
        if not keeps_data:
            self.data = None

    def cookies_for(self, url: Url) -> str | None:
        """The Cookie header of a request, if cookies that the chain set are for it."""
        return self._cookies.header_for(url) if self._cookies else None

    def _make_visit(self, method: str, url: Url) -> _Visit:
        return _Visit(method, str(replace(url, fragment=None)), self.cookies_for(url))

    def _take_cookies(self, headers: CIMultiDictProxy[str]) -> bool:
        lines = headers.getall(hdrs.SET_COOKIE, ())
        if lines and self._cookies is None:
            self._cookies = ChainCookies()
        return self._cookies is not None and self._cookies.take(self.url, lines)

    def _read_location(self, headers: Mapping[str, str], status: int) -> Url:
        location = headers.get(hdrs.LOCATION)
        if not location:
            raise BrokenRedirectError("a redirect without a Location", status)
        if len(location) > _MAX_LOCATION:
            raise BrokenRedirectError(f"a redirect to a URL over {_MAX_LOCATION // 1024} KiB", status)
        try:
            target = resolve(self.url, location.replace(" ", "%20"))
        except InvalidUrlError as error:
            message = f"a redirect to what cannot be checked: {error}: {mask_broken(location)}"
            raise BrokenRedirectError(message, status) from None
        if target.fragment is None and self.url.fragment is not None:
            return replace(target, fragment=self.url.fragment)  # RFC 9110, 10.2.2
        return target

    def _reason_to_stay(self, method: str, *, keeps_data: bool) -> str | None:
        """The reason why a redirect to another origin is not followed; None if it is followed."""
        if self._rules.is_local:
            return "which is not for this socket"
        if self.data is not None and keeps_data:
            return "which the body is not sent to"
        return None if is_safe(method) else f"which no {method} is sent to"

    def _refuse_loop(self, method: str, target: Url, status: int) -> None:
        """Raises `BrokenRedirectError` for a request that was made before, and for one redirect too many."""
        next_visit = self._make_visit(method, target)
        if next_visit in self._visits:
            raise BrokenRedirectError(f"a redirect loop, back to {target}{self._describe_wall(next_visit)}", status)
        if len(self.hops) < self._rules.limit:
            return
        message = f"more than {self._rules.limit} redirects, the next to {target}"
        if any((visit.method, visit.url) == (next_visit.method, next_visit.url) for visit in self._visits):
            message += " again, each time with another cookie: perhaps a cookie wall"
        raise BrokenRedirectError(message, status)

    def _describe_wall(self, visit: _Visit) -> str:
        """The part that cookies have in a loop back to this visit, if one was set since then."""
        since = list(self._visits).index(visit)
        if not any(list(self._visits.values())[since:]):
            return ""
        if visit.cookies is None:
            return ", which is not sent the cookie that the loop sets: perhaps a cookie wall"
        return ", although the cookie that the loop sets is sent back: perhaps a cookie wall"
