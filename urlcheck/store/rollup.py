"""Checks by the hour, for runs that check the same URLs again and again: no row a check, however long they last.

Times are in milliseconds since 1970, UTC. Targets are named by their identity (`Target.identity`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from urlcheck.model.errors import StateError
from urlcheck.store.connection import connect, fetch_all, guarding, now, transaction

HOUR = 3_600_000
_HOURS_A_DAY = 24

_ADD = """
INSERT INTO rollup VALUES (?, ? / 3600000, ?, 1)
ON CONFLICT (target, hour) DO UPDATE SET passed = passed + excluded.passed, counted = counted + 1
"""
_UPTIME = "SELECT sum(passed), sum(counted) FROM rollup WHERE target = ? AND hour >= ? / 3600000"
_DAYS = "SELECT hour / 24, sum(passed), sum(counted) FROM rollup WHERE target = ? AND hour >= ? GROUP BY 1 ORDER BY 1"
_EVENTS = 'SELECT at, "from", "to", detail FROM event WHERE target = ? ORDER BY at DESC, rowid DESC LIMIT ?'


class Check(NamedTuple):
    """One check of a target: the time, and whether it passed."""

    target: int
    at: int
    passed: bool


class Day(NamedTuple):
    """The checks of a day, which is the number of days since 1970, UTC."""

    day: int
    passed: int
    counted: int


class Event(NamedTuple):
    """A change of a verdict; `before` is None where the target was not known."""

    at: int
    before: str | None
    after: str
    detail: str


class Rollups:
    """The repeated checks in a state file that a `Store` or `Database` has open, over a connection of its own.

    It is used by one thread at a time, and waits for the disk. Its methods raise `StateError`.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with guarding(path, "read"):
            self._connection = connect(path)

    def add_checks(self, checks: Iterable[Check]) -> None:
        """Count these checks, in one transaction."""
        with guarding(self._path, "write"), transaction(self._connection):
            self._connection.executemany(_ADD, checks)

    def add_events(self, target: int, events: Iterable[Event]) -> None:
        """Note changes of a target, in one transaction."""
        with guarding(self._path, "write"), transaction(self._connection):
            self._connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", ((target, *event) for event in events))

    def uptime(self, target: int, since: int) -> float | None:
        """The part of the checks since then that passed, 0 to 1; None without checks. The hour of `since` counts whole."""
        with guarding(self._path, "read"):
            [(passed, counted)] = fetch_all(self._connection, _UPTIME, target, since)
        return passed / counted if counted else None

    def days(self, target: int, number: int, today: int | None = None) -> list[Day]:
        """The last `number` days, those without checks left out; `today` is a time of the last one."""
        last = (now() if today is None else today) // HOUR // _HOURS_A_DAY
        with guarding(self._path, "read"):
            rows = fetch_all(self._connection, _DAYS, target, (last - number + 1) * _HOURS_A_DAY)
        return [Day(*row) for row in rows]

    def events(self, target: int, number: int) -> list[Event]:
        """The latest changes of a target, the latest first."""
        with guarding(self._path, "read"):
            return [Event(*row) for row in fetch_all(self._connection, _EVENTS, target, number)]

    def close(self) -> None:
        """Before the store that has the file open is closed."""
        with suppress(StateError), guarding(self._path, "close"):
            self._connection.close()
