"""The history of a watch with a state file: what the page shows is kept in memory, some 2 KB a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import overload

from urlcheck.input.target_builder import Item
from urlcheck.model.errors import StateError
from urlcheck.model.result import Result
from urlcheck.store.rollup import Check, Event
from urlcheck.store.watching import Past, WatchStore
from urlcheck.watch.health import SETTLED
from urlcheck.watch.series import Series
from urlcheck.watch.view import Change, DayUptime, State
from urlcheck.watch.watched import Watched

_HOUR, _DAY = 3_600, 86_400
# the current hour counts as well
_HOURS, _DAYS = 25, 90
_FIRST_DAY = date(1970, 1, 1).toordinal()


class StoredHistory:
    """A `History` of a state file. `prepare` comes before targets are loaded. `complain` is told once what goes wrong."""

    def __init__(self, store: WatchStore, complain: Callable[[StateError], None], now: Callable[[], datetime]) -> None:
        self._store = store
        self._complain = complain
        self._now = now
        self._read: dict[int, _Memory] = {}
        self._memories: dict[str, _Memory] = {}
        self._has_complained = False

    def identify(self, text: str) -> int:
        """The number that a URL has in the file."""
        return self._store.identify(text)

    def prepare(self, items: Iterable[Item]) -> None:
        """Read the past of those of these targets that are new; waits for the disk. Raises `StateError`."""
        identities = {item.target.identity if isinstance(item, Result) else item.identity for item in items}
        known = {memory.identity: memory for memory in [*self._memories.values()]}
        new = {} if self._store.error else {each: _Memory(each, self._store.read(each)) for each in identities - known.keys()}
        self._read = known | new

    def recall(self, added: Sequence[Watched]) -> None:
        for watched in added:
            identity = watched.target.identity
            memory = self._memories[watched.id] = self._read.get(identity) or _Memory(identity)
            memory.restore(watched)
        self._read = {}

    def add(self, watched: Watched, result: Result, *, in_maintenance: bool) -> None:
        seconds = result.checked_at.timestamp()
        check = None
        if in_maintenance or watched.state is not State.UNKNOWN:  # else this machine's network is suspected
            counts = not in_maintenance
            check = Check(watched.target.identity, int(seconds * 1000), counts and result.ok, counts)
            memory = self._memories[watched.id]
            memory.hours.add(int(seconds // _HOUR), check.passed, counts)
            memory.days.add(int(seconds // _DAY), check.passed, counts)
        self._store.add(result, check)
        self.look_for_error()

    def note(self, watched: Watched, change: Change | None) -> None:
        if change is None:
            return
        at = int(change.at.timestamp() * 1000)
        event = Event(at, change.before.value, change.after.value, change.detail, change.verdict)
        self._store.change(watched.target.identity, event)

    def forget(self, target_id: str) -> None:
        self._memories.pop(target_id, None)

    def end_round(self) -> None:
        """Rounds do not matter here: the file is written every second."""

    def uptime(self, target_id: str, seconds: float) -> float | None:
        """The share of passed checks. Up to a day it is counted by hours, beyond that by days."""
        memory = self._memories[target_id]
        now = self._now().timestamp()
        if seconds <= _DAY:
            return memory.hours.find_share(int((now - seconds) // _HOUR), int(now // _HOUR))
        today = int(now // _DAY)
        return memory.days.find_share(today - int(seconds // _DAY) + 1, today)

    def days(self, target_id: str) -> Sequence[DayUptime]:
        return _Days(self._memories[target_id].days, int(self._now().timestamp() // _DAY))

    def look_for_error(self) -> None:
        """Say once that the file cannot be written any more."""
        if self._store.error and not self._has_complained:
            self._has_complained = True
            self._complain(self._store.error)


class _Memory:
    """The past of a target in memory. Entries of one URL that differ in settings alone share it, as they do in the file."""

    __slots__ = ("_events", "_since", "_state", "days", "hours", "identity")

    def __init__(self, identity: int, past: Past | None = None) -> None:
        self.identity = identity
        self.hours, self.days = Series(_HOURS), Series(_DAYS)
        self._state, self._since, self._events = (past.state, past.since, past.events) if past else (None, 0, ())
        for hour in past.hours if past else ():
            self.hours.add(*hour)
        for day in past.days if past else ():
            self.days.add(*day)

    def restore(self, watched: Watched) -> None:
        """Give a target its changes, and its state where that was confirmed."""
        watched.changes.extend(_read_change(event) for event in self._events)
        self._events = ()
        if self._state in SETTLED:
            watched.health.state = watched.health.settled = watched.notified = State(self._state)
            watched.since = _read_time(self._since)


class _Days(Sequence[DayUptime]):
    """The last 90 days, each made when it is asked for: a list of 10,000 targets needs none of them."""

    def __init__(self, series: Series, today: int) -> None:
        self._series = series
        self._first = today - _DAYS + 1

    def __len__(self) -> int:
        return _DAYS

    @overload
    def __getitem__(self, place: int) -> DayUptime: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[DayUptime]: ...
    def __getitem__(self, place: int | slice) -> DayUptime | Sequence[DayUptime]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(_DAYS))]
        day = self._first + range(_DAYS)[place]
        share, is_excused = self._series.find_share(day, day), self._series.was_in_maintenance(day)
        return DayUptime(date.fromordinal(_FIRST_DAY + day).isoformat(), share, is_excused)


def _read_time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _read_change(event: Event) -> Change:
    before = after = State.UNKNOWN
    with suppress(ValueError):  # a word that is no state: somebody has changed the file
        before, after = State(event.before or State.UNKNOWN), State(event.after)
    return Change(_read_time(event.at), before, after, event.verdict or "", event.detail)
