"""The nouns of the trade: what is checked, what happened, and what that is worth.

Facts (`Response`, `Failure`) never share a type with judgement (`Verdict`); a `Result` holds both and is what every report,
mode and process speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from urlcheck.http.url import Url
from urlcheck.model.verdict import Verdict
from urlcheck.settings.settings import Settings


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
class Rejection:
    """Why an entry is not requested at all: `INVALID` with the fault, or `SKIPPED` with the filter."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of the input, as the user wrote it, and what it asks for.

    `index` counts the entries from 0 over all sources; `line` counts from 1 and is None for arguments. A target of the
    configuration may have a `name`, and `settings` of its own.
    """

    url: str
    source: str
    line: int | None
    index: int
    request: Url | Rejection
    name: str | None = None
    settings: Settings | None = None

    @property
    def is_url(self) -> bool:
        """Whether the entry could be read as a URL at all, checked or not."""
        return isinstance(self.request, Url) or self.request.verdict is not Verdict.INVALID


@dataclass(frozen=True, slots=True)
class Length:
    """How many targets an input holds; `is_exact` is False where that is an estimate."""

    targets: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed: the URL that was asked and the 3xx it answered."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known however an attempt ended; `elapsed` in seconds, from name look-up to the last byte needed.

    `url` is where the attempt ended, without credentials; `address` the peer's IP address; `cert_expires` in UTC.
    """

    url: str
    hops: tuple[Hop, ...]
    elapsed: float
    address: str | None
    cert_expires: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Evidence):
    """The final answer of a server. `reason` is the server's own text, unsafe to print as it is.

    `body` is what was read of it, decompressed, or None where nobody asked for it; `is_whole`: that is all of it.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Evidence):
    """No usable answer. `transient`: it may pass, and may be tried again; `status`: the last 3xx of a broken redirect."""

    kind: FailureKind
    message: str
    transient: bool = False
    status: int | None = None


Outcome = Response | Failure


class ShortageError(Exception):
    """This machine, not the server, lacked what a request needs: file descriptors, as a rule. Says nothing about the URL."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one target. `outcome` is None, and `attempts` 0, where nothing was requested to an end.

    `ok`: this result lets the run pass. `checked_at`: when the verdict was reached, in UTC. `excerpt`: how the body begins, as
    the server wrote it, where the settings say to keep it and the result does not pass.
    """

    target: Target
    outcome: Outcome | None
    verdict: Verdict
    detail: str
    ok: bool
    attempts: int
    checked_at: datetime
    excerpt: str | None = None
