"""Which failures may pass, and how long to wait before one is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# of a server or a proxy that may answer otherwise when it is asked again
TEMPORARY_STATUSES = frozenset({429, 500, 502, 503, 504})
FIRST, LONGEST = 1.0, 30.0
LONGEST_RETRY_AFTER = 60.0


def backoff(attempts: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds to wait after so many attempts: about 1, 2, 4 … 30, each between half and one and a half of that.

    The jitter keeps URLs that failed together from coming back together; its lower bound keeps a retry from coming at once.
    """
    return min(FIRST * 2.0 ** min(attempts - 1, 16), LONGEST / 1.5) * (0.5 + jitter())


def parse_retry_after(text: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a server asks to be left alone for (RFC 9110, 10.2.3), capped at 60; None where it says nothing usable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), LONGEST_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
