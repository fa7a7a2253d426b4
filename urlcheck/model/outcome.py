"""The outcome of requesting a URL: facts, without a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from urlcheck.http.headers import Headers


class FailureKind(StrEnum):
    """The layer at which an attempt ended without a usable answer."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed: the URL that was requested and the 3xx it answered."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The facts that are known of every attempt. `elapsed` is in seconds, from the name lookup to the last byte needed.

    `url` is where the attempt ended, without credentials; `address` is the peer's IP address; `cert_expires` is in UTC.
    """

    url: str
    hops: tuple[Hop, ...]
    elapsed: float
    address: str | None
    cert_expires: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Evidence):
    """The final answer of a server. `reason` is the server's own text, unsafe to print as it is.

    `body` is the part of it that was read, decompressed, or None where it was not read; `is_whole`: no more followed.
    """

    status: int
    reason: str
    headers: Headers
    body: bytes | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Evidence):
    """No usable answer. `transient`: another attempt may succeed; `status`: the last 3xx of a broken redirect."""

    kind: FailureKind
    message: str
    transient: bool = False
    status: int | None = None


Outcome = Response | Failure


class ShortageError(Exception):
    """This machine lacked something that a request needs, usually file descriptors. It says nothing about the URL."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
