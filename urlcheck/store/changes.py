"""Compares results with what was known before, and says which of them let the run pass all the same."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from urlcheck.model.change import Change
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.settings.state import StateSettings
from urlcheck.store.connection import chain_column, fetch_all
from urlcheck.store.database import Database

_BLOCK = 10_000
_TIMES = "SELECT since, checked_at FROM target JOIN result ON result.number = target.result WHERE target.id = ?"
# verdicts that say nothing about a URL
NO_CHECK = frozenset({Verdict.SKIPPED, Verdict.UNCHECKED})


class Failing:
    """The URLs that did not pass last time, by identity, and since when: eight bytes each, and a lookup for the rest.

    The constructor sees what the writer's transaction has changed already.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sorted = array("q")
        rows = chain_column(database.writer.execute("SELECT id FROM target WHERE verdict <> 'ok' ORDER BY id"))
        while block := list(islice(rows, _BLOCK)):
            self._sorted.extend(block)

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, identity: object) -> bool:
        if not self._sorted or not isinstance(identity, int):
            return False
        at = bisect_left(self._sorted, identity)
        return at < len(self._sorted) and self._sorted[at] == identity

    def find_times(self, identity: int) -> tuple[int, int] | None:
        """When one of them was first and last found not to pass, in milliseconds since 1970. Raises `StateError`."""
        with self._database.guarding("read"):
            rows = fetch_all(self._database.reader, _TIMES, identity)
            if not rows:
                return None
            [(first, last)] = rows
            if not (isinstance(first, int) and isinstance(last, int)):
                raise TypeError("the times are no numbers")
            return first, last


class Changes:
    """Marks results as new, still failing or fixed. `passed` and `counts`: how many of each kind there were.

    With `fail_on` new, what is still failing lets the run pass; with `grace`, so does what has not lasted so long. With both,
    what has lasted so long for the first time fails the run. `clock`: milliseconds since 1970.
    """

    def __init__(self, failing: Failing, settings: StateSettings, clock: Callable[[], int]) -> None:
        self.counts: Counter[str] = Counter()
        self.passed = 0
        self._failing = failing
        self._knows_failing = len(failing) > 0
        self._clock = clock
        self._ignores_old = settings.fail_on == "new"
        self._grace = settings.grace

    def compare(self, result: Result) -> Result:
        """The result with its change, and whether it lets the run pass."""
        was_failing = self._knows_failing and result.target.identity in self._failing
        if result.verdict is Verdict.OK:
            self.passed += 1
            if not was_failing:
                return result
            self.counts[Change.FIXED] += 1
            return replace(result, change=Change.FIXED)
        if result.verdict in NO_CHECK:
            return result
        change = Change.STILL if was_failing else Change.NEW
        self.counts["failed"] += 1
        self.counts[change] += 1
        return replace(result, ok=result.ok or self._is_ignored(result, was_failing=was_failing), change=change)

    def _is_ignored(self, result: Result, *, was_failing: bool) -> bool:
        """Whether a failure does not fail the run, by how long it has lasted."""
        if not self._grace:
            return self._ignores_old and was_failing
        now = self._clock()
        since, last = (self._failing.find_times(result.target.identity) if was_failing else None) or (now, now)
        return self._is_young(since, now) or (self._ignores_old and not self._is_young(since, last))

    def _is_young(self, since: int, now: int) -> bool:
        return self._grace is not None and now - min(since, now) < self._grace * 1000
