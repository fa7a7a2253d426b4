"""Facts about request methods (RFC 9110, 9): which are safe, which may be sent twice, and which one follows a redirect."""

from __future__ import annotations

from urlcheck.http.headers import is_token

# as the registry of RFC 9110, 16.1.1 lists them; any other method counts as neither safe nor idempotent
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH"})
_IDEMPOTENT = _SAFE | {"PUT", "DELETE"}


def find_fault(method: str) -> str | None:
    """The reason why a method cannot request a URL, in any case of its letters; None where it can."""
    if not is_token(method):  # RFC 9110, 9.1
        return f"{method!r} is not a request method: write GET, HEAD or POST, for example"
    return "CONNECT asks for a tunnel and not for a URL." if method.upper() == "CONNECT" else None


def is_safe(method: str) -> bool:
    """Whether a request only asks, and changes nothing (RFC 9110, 9.2.1)."""
    return method in _SAFE


def is_idempotent(method: str) -> bool:
    """Whether a request does no more when it is sent twice than when it is sent once (RFC 9110, 9.2.2)."""
    return method in _IDEMPOTENT


def redirect_method(method: str, status: int) -> str:
    """The method after a redirect with that status: GET after 303, and after 301 and 302 to a POST (RFC 9110, 15.4)."""
    if status == 303:
        return "HEAD" if method == "HEAD" else "GET"
    return "GET" if method == "POST" and status in (301, 302) else method
