from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.conftest import Query
from urlcheck import StateError
from urlcheck.store.database import Database
from urlcheck.store.rollup import HOUR, Check, Day, Event, Rollups

NOON = 20_000 * 24 * HOUR + 12 * HOUR  # of day 20,000
TARGET, OTHER = 7, 8


@pytest.fixture
def rollups(state: Path) -> Iterator[Rollups]:
    database = Database(str(state))
    rollups = Rollups(str(state))
    yield rollups
    rollups.close()
    database.close()


def add(rollups: Rollups, *checks: tuple[int, bool], target: int = TARGET) -> None:
    rollups.add_checks([Check(target, at, passed) for at, passed in checks])


def test_an_hour_has_one_row_however_many_checks_there_are(rollups: Rollups, query: Query) -> None:
    add(rollups, *((NOON + second * 1000, second % 4 > 0) for second in range(3600)))
    assert query("SELECT target, passed, counted FROM rollup") == [(TARGET, 2700, 3600)]


def test_uptime_is_the_part_of_checks_that_passed_since_a_time(rollups: Rollups) -> None:
    add(rollups, (NOON - 24 * HOUR, False), (NOON, True), (NOON + HOUR, True), (NOON + HOUR, False), (NOON + HOUR, True))
    add(rollups, (NOON, False), target=OTHER)
    assert rollups.uptime(TARGET, NOON) == 0.75
    assert rollups.uptime(TARGET, 0) == 0.6


def test_a_target_without_checks_has_no_uptime(rollups: Rollups) -> None:
    assert rollups.uptime(TARGET, 0) is None


def test_days_are_those_of_the_calendar_in_utc(rollups: Rollups) -> None:
    midnight = NOON + 12 * HOUR
    add(rollups, (midnight - 1, False), (midnight, True), (midnight + 1, True), (NOON - 48 * HOUR, True))
    assert rollups.days(TARGET, 2, midnight + HOUR) == [Day(20_000, 0, 1), Day(20_001, 2, 2)]


def test_events_come_the_latest_first(rollups: Rollups) -> None:
    made = [Event(NOON, None, "dns", "no such host"), Event(NOON + 1, "dns", "ok", "200 OK"), Event(NOON + 1, "ok", "tls", "")]
    rollups.add_events(TARGET, made)
    rollups.add_events(OTHER, made[:1])
    assert rollups.events(TARGET, 2) == made[:0:-1]


def test_a_file_that_cannot_be_written_is_said(rollups: Rollups, state: Path) -> None:
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("DROP TABLE rollup")
        connection.commit()
    with pytest.raises(StateError, match=r"cannot write .*links\.db: no such table"):
        add(rollups, (NOON, True))
