"""Checks by the hour, for runs that check the same URLs again and again: no row a check, however long they last.

Times are in milliseconds since 1970, UTC; an hour is the number of hours since then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from urlcheck.store.connection import fetch_all, transaction

HOUR = 3_600_000
_DAY = 24

_ADD = """
INSERT INTO rollup VALUES (?, ? / 3600000, ?, 1)
ON CONFLICT (target, hour) DO UPDATE SET passed = passed + excluded.passed, counted = counted + 1
"""
_DAYS = """
SELECT hour / 24, sum(passed), sum(counted) FROM rollup WHERE target = ? AND hour >= ? GROUP BY 1 ORDER BY 1
"""


class Check(NamedTuple):
    """One check of a target: its identity, the time, and whether it passed."""

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


def add_checks(connection: sqlite3.Connection, checks: Iterable[Check]) -> None:
    """Count these checks, in one transaction."""
    with transaction(connection):
        connection.executemany(_ADD, checks)


def uptime(connection: sqlite3.Connection, target: int, since: int) -> float | None:
    """The part of the checks since then that passed, from 0 to 1; None without checks. The hour of `since` counts whole."""
    sql = "SELECT sum(passed), sum(counted) FROM rollup WHERE target = ? AND hour >= ? / 3600000"
    [(passed, counted)] = fetch_all(connection, sql, target, since)
    return passed / counted if counted else None


def days(connection: sqlite3.Connection, target: int, number: int, now: int) -> list[Day]:
    """The last days with checks, of this number of days up to the one of `now`, in their order."""
    first = now // HOUR // _DAY - number + 1
    return [Day(*row) for row in fetch_all(connection, _DAYS, target, first * _DAY)]


def add_events(connection: sqlite3.Connection, target: int, events: Iterable[Event]) -> None:
    """Note changes of a target, in one transaction."""
    with transaction(connection):
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", ((target, *event) for event in events))


def events(connection: sqlite3.Connection, target: int, number: int) -> Sequence[Event]:
    """The latest changes of a target, the latest first."""
    sql = 'SELECT at, "from", "to", detail FROM event WHERE target = ? ORDER BY at DESC, rowid DESC LIMIT ?'
    return [Event(*row) for row in fetch_all(connection, sql, target, number)]
