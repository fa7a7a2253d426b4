"""The ideal client: perfect scheduling at no cost. What no program can beat, and how near it others come."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


def ideal_seconds(durations: Iterable[float], in_flight: int) -> float:
    """The seconds for a list in its order, where a check takes exactly what the server takes and the next starts at once."""
    free_at = [0.0] * in_flight
    for duration in durations:
        heapq.heapreplace(free_at, free_at[0] + duration)
    return max(free_at)
