"""Decides which names of this server a browser may use; a name that an attacker points here (DNS rebinding) is refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443", "": ""}


def split_authority(text: str) -> tuple[str, str] | None:
    """The host in lower case, without brackets and a last dot, and the port or an empty text; None for any other text."""
    match = _AUTHORITY.fullmatch(text)
    return (match["host"].lower().strip("[]").removesuffix("."), match["port"] or "") if match else None


def is_allowed_host(text: str, allowed: Collection[str]) -> bool:
    """Whether a `Host` header names this server: localhost, an IP address, or one of the names, with any port."""
    authority = split_authority(text)
    if authority is None:
        return False
    host, _ = authority
    return host == "localhost" or host in {name.lower().removesuffix(".") for name in allowed} or _is_address(host)


def is_same_origin(origin: str, host: str) -> bool:
    """Whether an `Origin` header is of a page from this very `Host`. The scheme may differ, behind a proxy with TLS."""
    try:
        scheme, netloc, path, query, fragment = urlsplit(origin)
    except ValueError:
        return False
    sender, receiver = split_authority(netloc), split_authority(host)
    if scheme not in ("http", "https") or path or query or fragment or not sender or not receiver:
        return False
    ports = {"", _DEFAULT_PORTS[scheme]}
    return sender[0] == receiver[0] and (sender[1] == receiver[1] or {sender[1], receiver[1]} <= ports)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
