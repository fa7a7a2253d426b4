"""What a header field may be called, and hold (RFC 9110, 5)."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")  # and what is not UTF-8

# say how a request is framed, which is for who sends it to say
FRAMING = frozenset({"content-length", "transfer-encoding"})


def is_token(text: str) -> bool:
    """Whether a header, or a method, may be called so."""
    return _TOKEN.fullmatch(text) is not None


def is_sendable(text: str) -> bool:
    """Whether a header may hold the text: neither control characters, but for tabs, nor what is not UTF-8."""
    return _UNSENDABLE.search(text) is None
