"""The data of a watch's live table, and the short words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))
_EIGHTHS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A target. `latencies`: milliseconds of its last checks, oldest first, None for a check without an answer.

    `since` and `next_check` are seconds: how long it has been in its state, and until it is asked; None while it is.
    """

    state: str
    title: str
    detail: str
    latencies: Sequence[float | None]
    since: float
    next_check: float | None
    in_maintenance: bool


@dataclass(frozen=True, slots=True)
class WatchFrame:
    """One picture: a headline, the counts of states, the latest lines, and as many rows as there is room for."""

    headline: str
    state: str
    counts: str
    lines: Sequence[str]
    rows: Sequence[WatchRow]
    hidden: int
    next_check: float | None


def format_span(seconds: float) -> str:
    """`12s`, `5m`, `3h`, `2d`: one unit, rounded down."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def draw_sparkline(latencies: Sequence[float | None], width: int) -> str:
    """The last `width` checks as bars, the highest for the slowest of them; a cross for a check without an answer."""
    shown = latencies[-width:]
    slowest = max((latency for latency in shown if latency is not None), default=0.0) or 1.0
    return "".join("✗" if each is None else _EIGHTHS[min(7, int(8 * each / slowest))] for each in shown)
