"""A watch in one JSON object: its worst state, and how many targets are in each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from urlcheck.model.record import format_time
from urlcheck.watch.view import RoundView, State

TargetFacts = tuple[State, datetime, bool]


def summarise(targets: Iterable[TargetFacts], latest: RoundView) -> dict[str, object]:
    """The summary, from the state of each target, the time since when, and whether it is in maintenance.

    `state` is the worst one; `since`: when the first of the targets in it came to it, or the last one if all are up. Targets
    in maintenance are counted apart.
    """
    counts = dict.fromkeys(State, 0)
    times: dict[State, list[datetime]] = {state: [] for state in State}
    in_maintenance = 0
    for state, since, is_excused in targets:
        if is_excused:
            in_maintenance += 1
        else:
            counts[state] += 1
            times[state].append(since)
    worst = next((state for state in State if counts[state]), State.UNKNOWN)
    latest_or_first = max if worst is State.UP else min
    began = latest_or_first(times[worst]) if times[worst] else None
    return {
        "state": worst.value,
        "targets": sum(counts.values()) + in_maintenance,
        **{state.value: counts[state] for state in reversed(State)},
        "maintenance": in_maintenance,
        "since": format_time(began) if began else None,
        "now": format_time(datetime.now(UTC)),
        "round": {
            "started": format_time(latest.started),
            "seconds": None if latest.seconds is None else round(latest.seconds, 3),
            "skipped": latest.skipped,
            "interval": latest.interval,
        },
    }
