from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from urlcheck.watch.cron import parse_cron

NOW = datetime.fromisoformat("2026-11-26T15:10:20")  # a Thursday
YEAR = timedelta(days=366)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("* * * * *", "2026-11-26 15:10"),
        ("0 3 * * *", "2026-11-26 03:00"),
        ("30 15 * * *", "2026-11-25 15:30"),
        ("*/20 * * * *", "2026-11-26 15:00"),
        ("5-50/15 * * * *", "2026-11-26 15:05"),
        ("7/30 * * * *", "2026-11-26 15:07"),
        ("0 0,12 * * *", "2026-11-26 12:00"),
        ("0 3 * * sun", "2026-11-22 03:00"),
        ("0 3 * * 0", "2026-11-22 03:00"),
        ("0 3 * * 7", "2026-11-22 03:00"),
        ("0 3 * * MON-FRI", "2026-11-26 03:00"),
        ("0 3 1 * *", "2026-11-01 03:00"),
        ("0 3 24 dec *", "2025-12-24 03:00"),
        ("0 3 1 * fri", "2026-11-20 03:00"),
        ("0 3 1-7 * */2", "2026-11-07 03:00"),
    ],
)
def test_the_last_time_of_an_expression(text: str, last: str) -> None:
    assert parse_cron(text).find_last(NOW, YEAR) == datetime.fromisoformat(last)


def test_a_time_that_is_too_long_ago_does_not_count() -> None:
    assert parse_cron("0 3 * * sun").find_last(NOW, timedelta(hours=2)) is None


def test_a_day_that_does_not_exist_never_comes() -> None:
    assert parse_cron("0 3 30 2 *").find_last(NOW, YEAR) is None


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *",
     "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "- * * * *", "@daily", "² * * * *"],
)  # fmt: skip
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cron expression"):
        parse_cron(text)
