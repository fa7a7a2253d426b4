"""Makes the pictures of the live table: cheap for any number of targets, because only those that are shown are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from urlcheck.reports.summary import count
from urlcheck.reports.watching import WatchFrame, WatchRow
from urlcheck.watch.view import State, TargetView
from urlcheck.watch.watch import Watch
from urlcheck.watch.watched import Watched

_PROBLEMS = (State.DOWN, State.SUSPECT, State.DEGRADED, State.UNKNOWN)


def make_frame(watch: Watch, lines: Sequence[str], rows: int, now: datetime) -> WatchFrame:
    """The picture of this moment, with `rows` targets at most. Targets in maintenance are counted apart."""
    total, excused = len(watch.roster), _count_excused(watch, now)
    counts = {state: number - excused[state] for state, number in watch.overview.counts.items()}
    shown = [watch.overview.find(watched.id) for watched in islice(_list_problems_first(watch), rows)]
    worst = next((state for state in State if counts[state]), State.UNKNOWN)
    return WatchFrame(
        headline=_describe(watch, worst, counts[worst], now),
        state=worst.value,
        counts=_list_counts(watch, counts, excused.total()),
        lines=lines,
        rows=[_make_row(view, now) for view in shown if view],
        hidden=max(0, total - rows),
        next_check=watch.find_next_check(),
    )


def _count_excused(watch: Watch, now: datetime) -> Counter[State]:
    """The targets in maintenance, by their states. All targets are looked at only while a window is open."""
    if not watch.overview.calendar.list_open(now):
        return Counter()
    return Counter(watched.state for watched in watch.roster if watch.overview.is_in_maintenance(watched))


def _list_problems_first(watch: Watch) -> Iterator[Watched]:
    """The problems, worst and newest first; then targets in maintenance; then the others in the order of the input."""
    excused = []
    for state in _PROBLEMS:
        for watched in watch.roster.list_of(state):
            if watch.overview.is_in_maintenance(watched):
                excused.append(watched)
            else:
                yield watched
    yield from excused
    yield from (watched for watched in watch.roster if watched.state is State.UP)


def _describe(watch: Watch, worst: State, number: int, now: datetime) -> str:
    """`2 of 42 down since 09:31`, in local time; `number` are in the worst state. A day before today is named too."""
    total = len(watch.roster)
    if not number:
        return f"all {total:,} in maintenance" if total else "no targets"
    told = f"{number:,} of {total:,} {worst}" if number < total else f"all {total:,} {worst}" if total > 1 else str(worst)
    if worst is State.UP:
        return told
    hint = "; this machine's network is suspected" if watch.network.is_suspected else ""
    since = _find_since(watch, worst, number).astimezone()
    is_today = since.date() == now.astimezone().date()
    return f"{told} since {since:{'%H:%M' if is_today else '%Y-%m-%d %H:%M'}}{hint}"


def _find_since(watch: Watch, state: State, number: int) -> datetime:
    """When the first of the `number` targets in a state came to it, those in maintenance left out."""
    since = watch.overview.find_since(state)
    if since and number == watch.overview.counts[state]:  # none is in maintenance, so they need not be looked at
        return since
    return min(each.since for each in watch.roster.list_of(state) if not watch.overview.is_in_maintenance(each))


def _list_counts(watch: Watch, counts: Mapping[State, int], excused: int) -> str:
    latest = watch.overview.round
    parts = [f"{counts[state]:,} {state}" for state in reversed(State) if counts[state]]
    if excused:
        parts.append(f"{excused:,} in maintenance")
    if latest.skipped:
        parts.append(f"{count(latest.skipped, 'round')} skipped")
    return "   ".join(parts)


def _make_row(view: TargetView, now: datetime) -> WatchRow:
    record = view.result.to_dict() if view.result else None
    return WatchRow(
        state=view.state.value,
        title=f"{view.name}: {view.url}" if view.name else view.url,
        detail=record["detail"] if record else "",
        latencies=view.latencies,
        since=(now - view.since).total_seconds(),
        next_check=None if view.next_check is None else (view.next_check - now).total_seconds(),
        in_maintenance=view.in_maintenance,
    )
