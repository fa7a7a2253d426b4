"""When a request is worth another attempt, as the server says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# a server or a proxy that answers with one of these may answer otherwise later
TEMPORARY_STATUSES = frozenset({429, 500, 502, 503, 504})
# no server is waited for longer than this, in seconds
LONGEST_RETRY_AFTER = 60.0


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
