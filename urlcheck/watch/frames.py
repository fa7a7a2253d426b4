"""Makes the pictures of the live table: cheap for any number of targets, because only those that are shown are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from urlcheck.reports.summary import count
from urlcheck.reports.watching import WatchFrame, WatchRow
from urlcheck.watch.view import State, TargetView
from urlcheck.watch.watch import Watch
from urlcheck.watch.watched import Watched

_PROBLEMS = (State.DOWN, State.SUSPECT, State.DEGRADED, State.UNKNOWN)


def make_frame(watch: Watch, lines: Sequence[str], rows: int, now: datetime) -> WatchFrame:
    """The picture of this moment, with `rows` targets at most."""
    counts, total = watch.overview.counts, len(watch.roster)
    shown = [watch.overview.find(watched.id) for watched in islice(_list_problems_first(watch), rows)]
    worst = next((state for state in State if counts[state]), State.UNKNOWN)
    return WatchFrame(
        headline=_describe(watch, worst, total),
        state=worst.value,
        counts=_count(watch),
        lines=lines,
        rows=[_make_row(view, now) for view in shown if view],
        hidden=max(0, total - rows),
        next_check=watch.find_next_check(),
    )


def _list_problems_first(watch: Watch) -> Iterator[Watched]:
    """The worst first, and of those the newest; then the others in the order of the input."""
    for state in _PROBLEMS:
        yield from watch.roster.list_of(state)
    yield from (watched for watched in watch.roster if watched.state is State.UP)


def _describe(watch: Watch, worst: State, total: int) -> str:
    """`2 of 42 down since 09:31`, in local time."""
    number = watch.overview.counts[worst]
    since = watch.overview.find_since(worst)
    if since is None:
        return "no targets"
    told = f"{number:,} of {total:,} {worst}" if number < total else f"all {total:,} {worst}" if total > 1 else str(worst)
    if worst is State.UP:
        return told
    hint = "; this machine's network is suspected" if watch.network.is_suspected else ""
    return f"{told} since {since.astimezone():%H:%M}{hint}"


def _count(watch: Watch) -> str:
    counts, latest = watch.overview.counts, watch.overview.round
    parts = [f"{counts[state]:,} {state}" for state in reversed(State) if counts[state]]
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
