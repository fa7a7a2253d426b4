"""The vocabulary of judgement: what a check can come to."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a check came to; all but `OK` and `SKIPPED` fail the run unless allowed."""

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
