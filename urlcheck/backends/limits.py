"""Divides the requests in flight among backends."""

from __future__ import annotations

from collections.abc import Sequence

from urlcheck.engine.status import BackendStatus


def divide(total: int, parts: int) -> list[int]:
    """The total in nearly equal parts, each at least 1; the first gets the rest."""
    if not parts:
        return []
    part = max(1, total // parts)
    return [max(1, total - part * (parts - 1)), *[part] * (parts - 1)]


def lend(statuses: Sequence[BackendStatus]) -> list[int]:
    """New limits once no more targets come: places that a backend cannot use go to one that has more targets than places.

    The sum of the limits stays the same, but for the one place that every backend keeps.
    """
    if not statuses:
        return []
    limits = [min(status.limit, max(1, status.unfinished)) for status in statuses]
    spare = sum(status.limit for status in statuses) - sum(limits)
    for number, status in enumerate(statuses):
        if status.unfinished > status.limit:
            limits[number] += spare
            return limits
    limits[0] += spare
    return limits
