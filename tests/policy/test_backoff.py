from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.marks import on_posix
from urlcheck.http.retry_after import parse_retry_after
from urlcheck.policy.backoff import backoff

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "shortest", "usual", "longest"),
    [
        (1, 0.5, 1, 1.5),
        (2, 1, 2, 3),
        (3, 2, 4, 6),
        (4, 4, 8, 12),
        (5, 8, 16, 24),
    ],
)
def test_each_wait_is_about_twice_the_one_before(attempts: int, shortest: float, usual: float, longest: float) -> None:
    assert backoff(attempts, lambda: 0) == shortest
    assert backoff(attempts, lambda: 0.5) == usual
    assert backoff(attempts, lambda: 1) == longest


@given(attempts=st.integers(1, 10**6))
def test_no_wait_is_shorter_than_half_a_second_or_longer_than_half_a_minute(attempts: int) -> None:
    assert 0.5 <= backoff(attempts) <= 30


@given(attempts=st.integers(1, 100))
def test_retries_of_failures_at_the_same_time_are_spread(attempts: int) -> None:
    assert backoff(attempts, lambda: 0.0) < backoff(attempts, lambda: 0.5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        # seconds
        ("0", 0),
        ("1", 1),
        ("60", 60),
        ("007", 7),
        (" 20 ", 20),
        ("61", 60),
        ("86400", 60),
        ("9" * 100_000, 60),
        # dates, in the three forms of RFC 9110, 5.6.7
        ("Sun, 22 Nov 2026 09:30:20 GMT", 20),
        ("Sunday, 22-Nov-26 09:30:20 GMT", 20),
        ("Sun Nov 22 09:30:20 2026", 20),
        ("Sun, 22 Nov 2026 10:30:20 +0100", 20),
        ("Mon, 23 Nov 2026 09:30:00 GMT", 60),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 60),
        ("Sun, 22 Nov 2026 09:30:00 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        # neither
        (None, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("0x10", None),
        ("٣", None),
        ("inf", None),
        ("nan", None),
        ("20, 30", None),
        ("soon", None),
        ("Sun, 32 Nov 2026 09:30:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("2026-11-22T09:30:20Z", None),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_retry_after_is_seconds_or_a_date_within_a_minute(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


@on_posix
@pytest.mark.parametrize("zone", ["UTC0", "JST-9", "EST5"])
def test_a_date_without_a_zone_is_in_universal_time_wherever_the_program_runs(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            assert parse_retry_after("Sun Nov 22 09:30:20 2026", NOW) == 20
    finally:
        time.tzset()


dates = st.from_regex(
    r"[A-Z][a-z]{2}, \d{1,5} (Jan|Nov|Dec) \d{1,30} \d{1,3}:\d\d:\d\d ([+-]\d{1,6}|GMT|[A-Z]{1,4})", fullmatch=True
)


@given(text=st.text() | dates | st.from_regex(r"[-+ 0-9:,.A-Za-z]*", fullmatch=True))
@example("0" * 5000 + "A")
def test_no_retry_after_that_a_server_can_send_is_more_than_a_nuisance(text: str) -> None:
    seconds = parse_retry_after(text)
    assert seconds is None or 0 <= seconds <= 60
