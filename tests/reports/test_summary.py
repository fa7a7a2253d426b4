from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, make_result, make_settled, make_target
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import Summary, count


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch) -> Summary:
    """An empty summary of a run of two seconds."""
    monkeypatch.setattr(Summary, "elapsed", 2.0)
    return Summary()


def test_a_run_is_described_in_one_line(summary: Summary) -> None:
    for outcome in (NOT_FOUND, FAILURE, NOT_FOUND):
        summary.add([make_result(outcome)])
    for _ in range(3):
        summary.add([make_result()])
    assert summary.describe() == "6 URLs: 3 passed, 3 failed (2 status, 1 connect) in 2 s, 3.0 URLs/s"


def test_a_run_in_which_all_is_well_says_no_more(summary: Summary) -> None:
    summary.add([make_result()])
    assert summary.describe() == "1 URL: 1 passed in 2 s, 0.5 URLs/s"


def test_a_run_of_nothing_is_described(summary: Summary) -> None:
    assert summary.describe() == "0 URLs: 0 passed in 2 s"


def test_duplicates_are_counted(summary: Summary) -> None:
    summary.add([make_result()])
    summary.duplicates = 2
    assert "1 passed, 2 duplicates" in summary.describe()
    assert summary.total == 1


def test_large_numbers_are_grouped(summary: Summary) -> None:
    summary.add([make_result(FAILURE)] * 12_345)
    assert summary.describe() == "12,345 URLs: 0 passed, 12,345 failed (12,345 connect) in 2 s, 6,172 URLs/s"


def test_an_allowed_failure_is_counted_apart_and_does_not_fail_the_run(summary: Summary) -> None:
    summary.add([make_result(NOT_FOUND, allow={Verdict.STATUS})])
    assert (summary.passed, summary.failed, summary.allowed, summary.problems) == (0, 0, 1, 0)
    assert summary.describe() == "1 URL: 0 passed, 1 allowed (1 status) in 2 s, 0.5 URLs/s"


def test_what_was_skipped_is_counted_apart_and_not_in_the_rate(summary: Summary) -> None:
    summary.add([make_result(), make_settled(make_target(), Verdict.SKIPPED, "excluded")])
    assert summary.describe() == "2 URLs: 1 passed, 1 skipped in 2 s, 0.5 URLs/s"


def test_what_was_read_and_not_checked_is_neither_failed_nor_in_the_rate(summary: Summary) -> None:
    summary.add([make_result(), *[make_settled(make_target(), Verdict.UNCHECKED, "interrupted")] * 3])
    assert summary.describe() == "1 checked, all passed; 3 read and not checked in 2 s, 0.5 URLs/s"
    assert summary.problems == 3


def test_of_a_run_that_was_cut_short_failures_are_counted_among_what_was_checked(summary: Summary) -> None:
    summary.add([make_result(), make_result(NOT_FOUND), make_settled(make_target(), Verdict.UNCHECKED, "interrupted")])
    assert summary.describe() == "2 checked: 1 passed, 1 failed (1 status); 1 read and not checked in 2 s, 1.0 URLs/s"


def test_an_invalid_entry_is_not_in_the_rate(summary: Summary) -> None:
    summary.add([make_result(target=make_target("ftp://host"))])
    assert summary.describe() == "1 URL: 0 passed, 1 failed (1 invalid) in 2 s"


def test_the_status_of_a_redirect_that_fails_is_counted(summary: Summary) -> None:
    summary.add([make_result(replace(FAILURE, status=302))])
    assert summary.statuses == {302: 1}


def test_the_most_frequent_verdict_comes_first(summary: Summary) -> None:
    summary.failures.update({Verdict.DNS: 1, Verdict.TIMEOUT: 3, Verdict.STATUS: 2})
    assert summary.describe_failures() == "3 timeout, 2 status, 1 dns"


def test_a_run_that_took_no_time_has_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 0.0)
    summary = Summary()
    summary.add([make_result()])
    assert summary.describe_rate() == "1,000,000,000 URLs/s"


@pytest.mark.parametrize(("number", "text"), [(0, "0 URLs"), (1, "1 URL"), (2, "2 URLs"), (1000, "1,000 URLs")])
def test_a_noun_is_counted(number: int, text: str) -> None:
    assert count(number, "URL") == text
