"""Verdicts: the values that a judgement can have."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The judgement on a check. All but `OK` and `SKIPPED` fail the run unless they are allowed."""

    OK = "ok"
    STATUS = "status"
    RATE_LIMITED = "rate-limited"
    BLOCKED = "blocked"
    REDIRECT = "redirect"
    CONTENT = "content"
    SLOW = "slow"
    CERT = "cert"
    TLS = "tls"
    DNS = "dns"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    PRIVATE = "private"
    INVALID = "invalid"
    UNCHECKED = "unchecked"
    SKIPPED = "skipped"


PASSING = frozenset({Verdict.OK, Verdict.SKIPPED})
