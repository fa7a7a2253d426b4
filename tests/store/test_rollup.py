from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.conftest import Query
from urlcheck.store.database import Database
from urlcheck.store.rollup import HOUR, Check, Day, Event, add_checks, add_events, days, events, uptime

NOON = 20_000 * 24 * HOUR + 12 * HOUR  # of day 20,000
TARGET, OTHER = 7, 8


@pytest.fixture
def database(state: Path) -> Iterator[Database]:
    database = Database(str(state))
    yield database
    database.close()


def add(database: Database, *checks: tuple[int, bool], target: int = TARGET) -> None:
    add_checks(database.writer, [Check(target, at, passed) for at, passed in checks])


def test_an_hour_has_one_row_however_many_checks_there_are(database: Database, query: Query) -> None:
    add(database, *((NOON + second * 1000, second % 4 > 0) for second in range(3600)))
    assert query("SELECT target, passed, counted FROM rollup") == [(TARGET, 2700, 3600)]


def test_uptime_is_the_part_of_checks_that_passed_since_a_time(database: Database) -> None:
    add(database, (NOON - 24 * HOUR, False), (NOON, True), (NOON + HOUR, True), (NOON + HOUR, False), (NOON + HOUR, True))
    add(database, (NOON, False), target=OTHER)
    assert uptime(database.reader, TARGET, NOON) == 0.75
    assert uptime(database.reader, TARGET, 0) == 0.6


def test_a_target_without_checks_has_no_uptime(database: Database) -> None:
    assert uptime(database.reader, TARGET, 0) is None


def test_days_are_those_of_the_calendar_in_utc(database: Database) -> None:
    midnight = NOON + 12 * HOUR
    add(database, (midnight - 1, False), (midnight, True), (midnight + 1, True), (NOON - 48 * HOUR, True))
    assert days(database.reader, TARGET, 2, midnight + HOUR) == [Day(20_000, 0, 1), Day(20_001, 2, 2)]


def test_events_come_the_latest_first(database: Database) -> None:
    made = [Event(NOON, None, "dns", "no such host"), Event(NOON + 1, "dns", "ok", "200 OK"), Event(NOON + 1, "ok", "tls", "")]
    add_events(database.writer, TARGET, made)
    add_events(database.writer, OTHER, made[:1])
    assert events(database.reader, TARGET, 2) == made[:0:-1]
