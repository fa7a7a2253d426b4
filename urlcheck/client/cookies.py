"""The cookies of one redirect chain: sent back along it to the same origin, and forgotten with it (RFC 6265)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import mktime_tz, parsedate_tz

from urlcheck.headers import is_sendable
from urlcheck.urls import Origin

# what a browser keeps of a site at least (RFC 6265, 6.1), and no more
_COOKIES, _COOKIE_BYTES = 50, 4096


class ChainCookies:
    """Many a login wall sets a cookie, redirects to itself, and loops for those who do not send it back."""

    def __init__(self) -> None:
        self._jars: dict[Origin, dict[str, str]] = {}

    def take(self, origin: Origin, set_cookie_lines: Iterable[str]) -> bool:
        """Keep what a server sets; whether that changed anything."""
        jar = self._jars.get(origin, {})
        before = dict(jar)
        for line in set_cookie_lines:
            pair, _, attributes = line.partition(";")
            name, equals, value = pair.partition("=")
            name, value = name.strip(), value.strip()
            if not equals or not name or len(pair) > _COOKIE_BYTES or not is_sendable(pair):
                continue
            if _expires_at_once(attributes):
                jar.pop(name, None)
            elif name in jar or len(jar) < _COOKIES:
                jar[name] = value
        if jar:
            self._jars[origin] = jar
        return jar != before

    def header_for(self, origin: Origin, own: str | None) -> str | None:
        """The Cookie header for a request, after the user's own; None where there is none."""
        pairs = [f"{name}={value}" for name, value in self._jars.get(origin, {}).items()]
        return "; ".join([own, *pairs] if own else pairs) or None


def _expires_at_once(attributes: str) -> bool:
    """`Max-Age=0` or a date in the past, which is how a cookie is deleted; Max-Age comes first (RFC 6265, 5.3)."""
    fields = {}
    for attribute in attributes.split(";"):
        name, _, value = attribute.partition("=")
        fields[name.strip().lower()] = value.strip()
    if "max-age" in fields:
        return fields["max-age"].startswith(("0", "-"))
    date = parsedate_tz(fields.get("expires", "").replace("-", " "))
    try:
        return date is not None and mktime_tz(date) <= time.time()
    except (ValueError, OverflowError):
        return False
