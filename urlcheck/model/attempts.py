"""The number of attempts in words."""

from __future__ import annotations


def format_attempts(attempts: int) -> str:
    """` (3 attempts)`, with which a detail ends from the second attempt on; nothing before."""
    return f" ({attempts:,} attempts)" if attempts > 1 else ""
