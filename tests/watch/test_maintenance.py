from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.watch.simulation import START
from urlcheck.settings.patterns import Pattern
from urlcheck.watch.cron import parse_cron
from urlcheck.watch.maintenance import Calendar, Once, Repeated, Window

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("offset", "is_open"), [(-1, False), (0, True), (3_599, True), (3_600, False)])
def test_a_window_is_open_from_its_start_to_before_its_end(offset: int, is_open: bool) -> None:  # noqa: FBT001
    assert Once(START, START + HOUR).is_open(START + timedelta(seconds=offset)) is is_open


@pytest.mark.parametrize(("time", "is_open"), [("02:59", False), ("03:00", True), ("04:59", True), ("05:00", False)])
def test_a_repeated_window_is_open_for_its_duration_in_local_time(time: str, is_open: bool) -> None:  # noqa: FBT001
    now = datetime.fromisoformat(f"2026-11-22T{time}:30").astimezone().astimezone(UTC)
    assert Repeated(parse_cron("0 3 * * sun"), 2 * HOUR).is_open(now) is is_open


def test_a_repeated_window_may_go_on_over_midnight() -> None:
    now = datetime.fromisoformat("2026-11-23T00:30").astimezone()
    assert Repeated(parse_cron("0 23 * * sun"), 2 * HOUR).is_open(now)


def test_a_calendar_knows_the_windows_of_a_target() -> None:
    calendar = Calendar([Window(Once(START, START + HOUR), Pattern("a")), Window(Once(START + HOUR, START + 2 * HOUR))])
    a, b = calendar.find_windows("https://a/", ""), calendar.find_windows("https://b/", "")
    times = (START, START + HOUR, START + 2 * HOUR)
    assert [calendar.is_open(a, time) for time in times] == [True, True, False]
    assert [calendar.is_open(b, time) for time in times] == [False, True, False]
