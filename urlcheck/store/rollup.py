"""Checks by the hour, for runs that check the same URLs again and again: no row a check, however long they last.

Times are in milliseconds since 1970, UTC. Targets are named by their identity (`Target.identity`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from urlcheck.model.errors import StateError
from urlcheck.store.connection import connect, fetch_all, guarding, now, transaction

HOUR = 3_600_000
_HOURS_A_DAY = 24

_ADD = """
INSERT INTO rollup VALUES (?, ? / 3600000, ?, ?)
ON CONFLICT (target, hour) DO UPDATE SET passed = passed + excluded.passed, counted = counted + excluded.counted
"""
_UPTIME = "SELECT sum(passed), sum(counted) FROM rollup WHERE target = ? AND hour >= ? / 3600000"
_DAYS = "SELECT hour / 24, sum(passed), sum(counted) FROM rollup WHERE target = ? AND hour >= ? GROUP BY 1 ORDER BY 1"
_HOURS = "SELECT hour, passed, counted FROM rollup WHERE target = ? AND hour >= ? / 3600000"
_ADD_EVENT = 'INSERT INTO event (target, at, "from", "to", detail, verdict) VALUES (?, ?, ?, ?, ?, ?)'
_EVENTS = 'SELECT at, "from", "to", detail, verdict FROM event WHERE target = ? ORDER BY at DESC, rowid DESC LIMIT ?'
_EVENTS_OF_STATES = _EVENTS.replace("target = ?", "target = ? AND verdict IS NOT NULL")


class Check(NamedTuple):
    """One check of a target: the time, and whether it passed. One in maintenance is not `counted`, and did not pass."""

    target: int
    at: int
    passed: bool
    counted: bool = True


class Day(NamedTuple):
    """The checks of a day, which is the number of days since 1970, UTC."""

    day: int
    passed: int
    counted: int


class Hour(NamedTuple):
    """The checks of an hour, which is the number of hours since 1970, UTC."""

    hour: int
    passed: int
    counted: int


class Event(NamedTuple):
    """A change of a verdict; `before` is None where the target was not known. One of a state has the verdict that made it."""

    at: int
    before: str | None
    after: str
    detail: str
    verdict: str | None = None


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
            count_checks(self._connection, checks)

    def add_events(self, target: int, events: Iterable[Event]) -> None:
        """Note changes of a target, in one transaction."""
        with guarding(self._path, "write"), transaction(self._connection):
            note_events(self._connection, ((target, event) for event in events))

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

    def events_of_states(self, target: int, number: int) -> list[Event]:
        """The latest changes of its state in a watch, the latest first."""
        with guarding(self._path, "read"):
            return [Event(*row) for row in fetch_all(self._connection, _EVENTS_OF_STATES, target, number)]

    def hours(self, target: int, since: int) -> list[Hour]:
        """The hours since then, those without checks left out."""
        with guarding(self._path, "read"):
            return [Hour(*row) for row in fetch_all(self._connection, _HOURS, target, since)]

    def close(self) -> None:
        """Before the store that has the file open is closed."""
        with suppress(StateError), guarding(self._path, "close"):
            self._connection.close()


def count_checks(connection: sqlite3.Connection, checks: Iterable[Check]) -> None:
    """Count checks, within the caller's transaction."""
    connection.executemany(_ADD, checks)


def note_events(connection: sqlite3.Connection, events: Iterable[tuple[int, Event]]) -> None:
    """Note changes, each with its target, within the caller's transaction."""
    connection.executemany(_ADD_EVENT, ((target, *event) for target, event in events))
