"""The secret of the server, as a request brings it: a bearer token (RFC 6750), or a cookie that was made from it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def make_cookie(token: str) -> tuple[str, str]:
    """The name and the value of the cookie. They do not reveal the token, and stay valid when the server is started again.

    The name differs from token to token, because the servers on all ports of a host share its cookies.
    """
    digest = hmac.new(token.encode(), b"cookie of the status page", hashlib.sha256).hexdigest()
    return f"urlcheck-{digest[:8]}", digest[8:]


def is_bearer(authorization: str, token: str) -> bool:
    """Whether an `Authorization` header holds the token."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and _is_same(given.strip(), token)


def has_cookie(cookies: Mapping[str, str], token: str) -> bool:
    """Whether one of the cookies was made from the token."""
    name, value = make_cookie(token)
    return _is_same(cookies.get(name, ""), value)


def _is_same(given: str, expected: str) -> bool:
    """Compare in a time that does not depend on how much is right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())
