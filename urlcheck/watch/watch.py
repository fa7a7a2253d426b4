"""The watch: a source that hands out each target when it is due, and a sink that makes states of the results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from urlcheck.input.target_builder import Item
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.policy.backoff import backoff
from urlcheck.settings.watch import WatchSettings
from urlcheck.watch.health import Thresholds
from urlcheck.watch.history import History
from urlcheck.watch.maintenance import Calendar
from urlcheck.watch.network import Network, is_silent
from urlcheck.watch.observer import Observer
from urlcheck.watch.overview import Overview
from urlcheck.watch.roster import Loaded, Roster
from urlcheck.watch.schedule import Schedule
from urlcheck.watch.view import State
from urlcheck.watch.watched import Watched

if TYPE_CHECKING:
    from urlcheck.reports.summary import Summary

# in a longer round, changes are told this many seconds after the first of them
LONGEST_SILENCE = 60.0


class Watch:
    """Source and sink of repeated checks. `clock`: seconds, monotonic; `now`: the time, in UTC.

    `roster` has the targets, and `overview` shows them to others. Memory does not grow with checks.
    """

    def __init__(
        self,
        settings: WatchSettings,
        clock: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        history: History | None = None,
    ) -> None:
        assert settings.watch is not None
        self.exhausted = False
        self.observers: list[Observer] = [history] if history else []
        self.network = Network()
        self.roster = Roster()
        self._clock = clock
        self._now = now
        self._schedule = Schedule(settings.watch, clock)
        self._history = history
        self.overview = Overview(self.roster, self._schedule, self.network, now, history)
        self._thresholds = Thresholds(settings.failures_to_confirm, settings.passes_to_recover)
        self._held: dict[str, None] = {}
        self._last_answered: str | None = None
        self._told_by: float | None = None
        self._wake = asyncio.Event()
        self._is_stopped = False

    # the list and the settings

    def load(self, items: Sequence[Item], calendar: Calendar) -> Loaded:
        """Watch these targets from now on: those that were watched go on, the others are left out."""
        self.overview.calendar = calendar
        loaded = self.roster.load(items, self._now())
        for watched in loaded.removed:
            self._schedule.remove(watched.id)
            self.network.forget(watched.id)
            self._held.pop(watched.id, None)
            for observer in self.observers:
                observer.forget(watched.id)
        for watched in loaded.added:
            self._schedule.add(watched.id)
        self.overview.recall(loaded.added)
        for watched in self.roster:
            self.network.watch(watched.id, watched.target.request)
            watched.windows = calendar.find_windows(*watched.list_titles())
        self.overview.tell([watched.id for watched in (*loaded.added, *loaded.removed)])
        self._wake.set()
        return loaded

    def configure(self, settings: WatchSettings) -> None:
        """Apply other settings from now on."""
        self._thresholds = Thresholds(settings.failures_to_confirm, settings.passes_to_recover)
        if settings.watch and settings.watch != self._schedule.interval:
            self._schedule.change_interval(settings.watch)
            self._wake.set()

    # the source

    async def read(self) -> Sequence[Item]:
        """The targets that are due, once there are any; empty when the watch is stopped."""
        while not self._is_stopped:
            if due := self.take_due():
                return due
            await self._sleep()
        return []

    def take_due(self) -> list[Item]:
        """The targets that are due now. Each is being checked until its result is added."""
        self._end_round()
        return [self._hand_out(self.roster[target_id]) for target_id in self._schedule.take_due()]

    def stop(self) -> None:
        """Hand out nothing more."""
        self._is_stopped = self.exhausted = True
        self._wake.set()

    def _hand_out(self, watched: Watched) -> Item:
        """A target; or the result of an entry that is no URL, as of now."""
        return replace(watched.settled, checked_at=self._now()) if watched.settled else watched.target

    async def _sleep(self) -> None:
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.find_pause()):
                await self._wake.wait()

    def find_pause(self) -> float | None:
        """Seconds until there is something to do; None where nothing is to come."""
        times = [time for time in (self._schedule.next_time(), self._told_by) if time is not None]
        return max(0.0, min(times) - self._clock()) if times else None

    def _end_round(self) -> None:
        is_overdue = self._told_by is not None and self._clock() >= self._told_by
        if self._schedule.end_round() or is_overdue:
            self._told_by = None
            self.end_last_round()

    def find_next_check(self) -> float | None:
        """Seconds until a target is due; None if there is none that is not being checked."""
        time = self._schedule.next_due()
        return None if time is None else max(0.0, time - self._clock())

    def end_last_round(self) -> None:
        """The watch has ended: the observers are told, though the round has not."""
        for observer in self.observers:
            observer.end_round()

    # the sink

    def add(self, results: Sequence[Result]) -> None:
        was_suspected = self.network.is_suspected
        for result in results:
            if watched := self.roster.find_by_index(result.target.index):
                self._take(watched, result)
        if self.network.is_suspected and not was_suspected:
            self._doubt()
        self._end_round()
        self._wake.set()

    def close(self, summary: Summary) -> None:
        """A watch has nothing to finish."""

    def _take(self, watched: Watched, result: Result) -> None:
        if result.verdict is Verdict.UNCHECKED:  # the watch ends, or a process was lost: nothing is known
            self._schedule.finish(watched.id)
            return
        answers = self.network.answers
        self.network.note(watched.id, result)
        before = watched.state
        watched.record(result)
        watched.health.update(result, self._thresholds, self.network)
        if self._history:
            self._history.add(watched, result, in_maintenance=self.overview.is_in_maintenance(watched))
        self._held.pop(watched.id, None)
        is_to_confirm = watched.state is State.SUSPECT and not watched.health.is_held
        self._schedule.finish(watched.id, backoff(watched.health.failures) if is_to_confirm else None)
        self._note(watched, before, result.checked_at)
        if self.network.answers > answers:
            self._last_answered = watched.id
            self._release(result.checked_at)
        if watched.health.is_held:
            self._held[watched.id] = None
            self._ask_last_answered()

    def _note(self, watched: Watched, before: State, at: datetime) -> None:
        """Tell all that a target was checked, and whether its state is another."""
        change = None
        if watched.state is not before:
            change = watched.change(before, at)
            self.roster.move(watched, before)
            if self._told_by is None and self._schedule.interval > LONGEST_SILENCE:
                self._told_by = self._clock() + LONGEST_SILENCE
        for observer in self.observers:
            observer.note(watched, change)
        self.overview.tell([watched.id])

    def _release(self, at: datetime) -> None:
        """A target has answered, so this machine's network is not why others are silent."""
        while self._held:
            target_id, _ = self._held.popitem()
            watched = self.roster[target_id]
            before = watched.state
            watched.health.release()
            self._note(watched, before, at)

    def _ask_last_answered(self) -> None:
        """Ask the target that answered last now, not at its slot: its answer shows that the network works.

        It is asked once: when it is silent too, the others are asked at their slots.
        """
        if self._last_answered is not None and self._last_answered in self.roster:
            self._schedule.hasten(self._last_answered)
        self._last_answered = None

    def _doubt(self) -> None:
        """No target answers any more: their states are unknown until one does."""
        self._held.clear()
        for watched in self.roster:
            if watched.result and is_silent(watched.result):
                before = watched.state
                watched.health.doubt()
                if watched.state is not before:
                    self._note(watched, before, self._now())
