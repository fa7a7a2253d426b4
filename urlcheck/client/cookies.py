"""The cookies of one redirect chain: kept and sent back as RFC 6265 says, and dropped at the end of the chain."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from ipaddress import ip_address

from urlcheck.http.headers import is_sendable
from urlcheck.http.url import Url, is_ip_address, is_localhost

# the size that every browser accepts at least (RFC 6265, 6.1)
_COOKIE_BYTES = 4096
# limits the memory of a chain, and its time; servers accept less in a request, and sites that sign users in set some 30
_CHAIN_COOKIES, _CHAIN_BYTES = 200, 64 * 1024

_SECONDS = re.compile(r"-?[0-9]+")

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie and the requests that it is for; `domain` includes the hosts below it unless `is_host_only`."""

    name: str
    value: str
    domain: str
    is_host_only: bool
    path: str
    is_secure: bool

    @property
    def key(self) -> _Key:
        """Two cookies with the same key are the same cookie (RFC 6265, 5.3, step 11)."""
        return self.domain, self.path, self.name

    @property
    def size(self) -> int:
        """The characters that it holds."""
        return sum(map(len, (self.name, self.value, self.domain, self.path)))

    def is_for(self, url: Url) -> bool:
        """Whether a request for this URL carries the cookie (RFC 6265, 5.4); the port does not matter."""
        if self.is_secure and url.scheme != "https":
            return False
        is_host = url.host == self.domain if self.is_host_only else _is_within_domain(url.host, self.domain)
        return is_host and _is_within_path(_path_of(url), self.path)


class ChainCookies:
    """Keeps the cookies that servers set along a redirect chain; many a login wall loops for clients that do not send them.

    They live as long as one attempt and belong to no user. A list of public suffixes is therefore not needed: a cookie that
    one site under `co.uk` sets for another one reveals nothing.
    """

    def __init__(self) -> None:
        self._cookies: dict[_Key, Cookie] = {}
        self._bytes = 0

    def take(self, url: Url, set_cookie_lines: Iterable[str]) -> bool:
        """Keep or delete what an answer sets; returns whether it set a cookie, kept or not."""
        sets_one = False
        for line in set_cookie_lines:
            pair, _, rest = line.partition(";")
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not equals or not name:
                continue
            attributes = _read_attributes(rest)
            deletes = _is_deletion(attributes)
            sets_one = sets_one or not deletes
            cookie = _make_cookie(name, value, attributes, url)
            if cookie is None or len(pair) > _COOKIE_BYTES or not is_sendable(pair):
                continue
            if deletes:
                self._remove(cookie.key)
            else:
                self._add(cookie)
        return sets_one

    def header_for(self, url: Url) -> str | None:
        """The Cookie header of a request; None where no cookie is for it."""
        cookies = [cookie for cookie in self._cookies.values() if cookie.is_for(url)]
        cookies.sort(key=lambda cookie: -len(cookie.path))  # longer paths first, then older cookies (RFC 6265, 5.4)
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies) or None

    def _add(self, cookie: Cookie) -> None:
        known = self._cookies.get(cookie.key)
        grown = self._bytes + cookie.size - (known.size if known else 0)
        has_room = known is not None or len(self._cookies) < _CHAIN_COOKIES
        if has_room and grown <= _CHAIN_BYTES:
            self._cookies[cookie.key] = cookie
            self._bytes = grown

    def _remove(self, key: _Key) -> None:
        if known := self._cookies.pop(key, None):
            self._bytes -= known.size


def _make_cookie(name: str, value: str, attributes: dict[str, str], url: Url) -> Cookie | None:
    """The cookie that a server sets for itself, or for a domain that it belongs to; None for any other domain."""
    domain = attributes.get("domain", "").removeprefix(".").lower()
    is_host_only = not domain or (domain == url.host and ("." not in domain or is_ip_address(domain)))
    if not is_host_only and ("." not in domain.strip(".") or not _is_within_domain(url.host, domain)):
        return None  # a domain of one label is a public suffix
    path = attributes.get("path", "")
    return Cookie(
        name,
        value,
        domain=url.host if is_host_only else domain,
        is_host_only=is_host_only,
        path=path if path.startswith("/") else _path_of(url).rpartition("/")[0] or "/",
        # a development server on this machine sets secure cookies over http, and browsers send them back to it
        is_secure="secure" in attributes and (url.scheme == "https" or not _is_loopback(url.host)),
    )


def _read_attributes(text: str) -> dict[str, str]:
    """The attributes of a Set-Cookie line by their names in lower case; the last of a name counts (RFC 6265, 5.3)."""
    attributes: dict[str, str] = {}
    for attribute in text.split(";"):
        name, _, value = attribute.partition("=")
        attributes[name.strip().lower()] = value.strip()
    return attributes


def _is_deletion(attributes: dict[str, str]) -> bool:
    """Whether `Max-Age`, or else `Expires`, is over at once: a server deletes a cookie so (RFC 6265, 5.2)."""
    seconds = attributes.get("max-age", "")
    if _SECONDS.fullmatch(seconds):
        return seconds.startswith("-") or not seconds.strip("0")
    date = parsedate_tz(attributes.get("expires", "").replace("-", " "))
    try:
        return date is not None and mktime_tz(date) <= time.time()
    except (ValueError, OverflowError):
        return False


def _is_within_domain(host: str, domain: str) -> bool:
    """RFC 6265, 5.1.3; an IP address has no hosts below it."""
    return host == domain or (host.endswith(f".{domain}") and not is_ip_address(host))


def _is_within_path(path: str, directory: str) -> bool:
    """RFC 6265, 5.1.4."""
    return path == directory or path.startswith(directory if directory.endswith("/") else f"{directory}/")


def _is_loopback(host: str) -> bool:
    return is_localhost(host) or (is_ip_address(host) and ip_address(host.strip("[]")).is_loopback)


def _path_of(url: Url) -> str:
    return url.target.partition("?")[0]
