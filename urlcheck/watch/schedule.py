"""When each target is asked: once a round, spread over the interval, never piled up. Pure logic under a clock.

Round 0 asks all targets at once. Later ones have a slot for each target, at a place in the interval that the hash of its id
chooses: the targets of a long list are asked evenly, and a target has the same distance between its checks. A target whose
check is not finished at its next slot loses that slot, and the round counts as skipped.
"""

from __future__ import annotations

import heapq
import itertools
import math
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Turn:
    """A target's place. `round`: that of its next check, or of the one under way; `due`: None while it is being checked."""

    phase: float
    round: int
    due: float | None


class Schedule:
    """The times of all targets. `clock`: seconds, monotonic; `interval`: seconds.

    `started` and `finished` are times of the clock: of the round that began last, and of the one that ended last; `seconds` is
    how long the latter took. `skipped` counts the rounds in which some target could not be asked.
    """

    def __init__(self, interval: float, clock: Callable[[], float]) -> None:
        self.interval = interval
        self.skipped = 0
        self.started = clock()
        self.finished: float | None = None
        self.seconds: float | None = None
        self.clock = clock
        self._epoch = self.started
        self._turns: dict[str, _Turn] = {}
        self._due: list[tuple[float, int, str]] = []
        self._order = itertools.count()
        self._pending: Counter[int] = Counter()  # targets by the round that they have not finished
        self._begun = 0  # the latest round, whether a target could be asked in it or not
        self._open = 0  # the earliest round that has not ended
        self._start_of_open = self.started
        self._last_skipped = 0

    def add(self, target_id: str) -> None:
        """Take a target in, to be asked at once."""
        turn = self._turns[target_id] = _Turn(zlib.crc32(target_id.encode()) / 2**32, self._begun, None)
        self._pending[turn.round] += 1
        self._plan(target_id, turn, self.clock())

    def remove(self, target_id: str) -> None:
        """Leave a target out from now on. Its check may be under way."""
        turn = self._turns.pop(target_id)
        self._leave(turn.round)

    def take_due(self) -> list[str]:
        """The targets whose time has come. Each is being checked until `finish`."""
        now, ids = self.clock(), []
        while self._due and self._due[0][0] <= now:
            due, _, target_id = heapq.heappop(self._due)
            turn = self._turns.get(target_id)
            if turn is None or turn.due != due:  # removed, or planned anew
                continue
            turn.due = None
            self._begin(turn.round, now)
            ids.append(target_id)
        return ids

    def finish(self, target_id: str, recheck: float | None = None) -> None:
        """The check of a target has ended. `recheck`: seconds until it is wanted again, where that is before its next slot."""
        turn, now = self._turns[target_id], self.clock()
        if (slot := self._find_slot(turn.phase, turn.round)) > now:  # it was a check between the slots
            self._plan(target_id, turn, slot)
            return
        following = max(turn.round + 1, self._find_round(now, turn.phase) + 1)
        slot = self._find_slot(turn.phase, following)
        if recheck is not None and now + recheck < slot and following == turn.round + 1:
            self._plan(target_id, turn, now + recheck)
            return
        if following > turn.round + 1:
            self._skip(turn.round + 1, following - 1)
        self._leave(turn.round)
        turn.round = following
        self._pending[following] += 1
        self._plan(target_id, turn, slot)

    def hasten(self, target_id: str) -> None:
        """Ask a target now, besides its slots; nothing changes while it is being checked."""
        turn = self._turns[target_id]
        if turn.due is not None:
            self._plan(target_id, turn, self.clock())

    def find_due(self, target_id: str) -> float | None:
        """The time of a target's next check; None while it is being checked."""
        return self._turns[target_id].due

    def next_due(self) -> float | None:
        """The time of the next check that has not begun; None if there is none."""
        while self._due and ((turn := self._turns.get(self._due[0][2])) is None or turn.due != self._due[0][0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def next_time(self) -> float | None:
        """The time at which a target is due or a round begins; None without targets."""
        if not self._turns:
            return None
        due, begin = self.next_due(), self._find_start(self._begun + 1)
        return begin if due is None else min(due, begin)

    def end_round(self) -> bool:
        """Whether a round has ended since the last call: all its targets are finished, or it is late by a whole interval."""
        now = self.clock()
        if self._turns:
            self._begin(self._find_round(now), now)
        first = max(self._open, self._begun - 1, min(min(self._pending, default=0), self._begun + 1))
        if first == self._open:
            return False
        self.finished = now
        self.seconds = now - self._start_of_open
        self._start_of_open = max(self.started, self._find_start(first)) if first <= self._begun else self._find_start(first)
        self._open = first
        return True

    def change_interval(self, interval: float) -> None:
        """Plan all targets anew, from the next round on."""
        now = self.clock()
        self.interval = interval
        self._epoch = now - self._begun * interval
        self._due.clear()
        for target_id, turn in self._turns.items():
            if turn.due is not None:
                self._leave(turn.round)
                turn.round = self._begun + 1
                self._pending[turn.round] += 1
                self._plan(target_id, turn, self._find_slot(turn.phase, turn.round))

    def _plan(self, target_id: str, turn: _Turn, due: float) -> None:
        turn.due = due
        heapq.heappush(self._due, (due, next(self._order), target_id))

    def _begin(self, number: int, now: float) -> None:
        if number > self._begun:
            self._begun, self.started = number, now

    def _leave(self, number: int) -> None:
        self._pending[number] -= 1
        if not self._pending[number]:
            del self._pending[number]

    def _skip(self, first: int, last: int) -> None:
        """Count the rounds from `first` to `last`, each once."""
        self.skipped += max(0, last - max(first, self._last_skipped + 1) + 1)
        self._last_skipped = max(self._last_skipped, last)

    def _find_slot(self, phase: float, number: int) -> float:
        """The time of a target in a round: round 0 is at once, and half an interval later the slots of round 1 begin."""
        return self._epoch if number == 0 else self._find_start(number) + phase * self.interval

    def _find_start(self, number: int) -> float:
        return self._epoch + max(0.0, number - 0.5) * self.interval

    def _find_round(self, time: float, phase: float = 0.0) -> int:
        """The last round whose slot of that phase is not after a time."""
        return math.floor((time - self._epoch) / self.interval + 0.5 - phase)
