from __future__ import annotations

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
    assert summary.describe() == "0 URLs: 0 passed in 2 s, 0.0 URLs/s"


def test_duplicates_are_counted(summary: Summary) -> None:
    summary.add([make_result()])
    summary.duplicates = 2
    assert "1 passed, 2 duplicates" in summary.describe()
    assert summary.total == 1


def test_large_numbers_are_grouped(summary: Summary) -> None:
    summary.failed = summary.verdicts[Verdict.DNS] = 12_345
    assert summary.describe() == "12,345 URLs: 0 passed, 12,345 failed (12,345 dns) in 2 s, 6,172 URLs/s"


def test_an_allowed_verdict_passes_and_is_still_named(summary: Summary) -> None:
    summary.add([make_result(NOT_FOUND, allow={Verdict.STATUS})])
    assert (summary.passed, summary.failed) == (1, 0)
    assert summary.describe_verdicts() == "1 status"


def test_a_skipped_url_passes_and_is_counted(summary: Summary) -> None:
    summary.add([make_settled(make_target(), Verdict.SKIPPED, "excluded")])
    assert (summary.passed, summary.describe_verdicts()) == (1, "1 skipped")


def test_the_most_frequent_verdict_comes_first(summary: Summary) -> None:
    summary.verdicts.update({Verdict.DNS: 1, Verdict.OK: 9, Verdict.TIMEOUT: 3, Verdict.STATUS: 2})
    assert summary.describe_verdicts() == "3 timeout, 2 status, 1 dns"


def test_a_run_that_took_no_time_has_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 0.0)
    summary = Summary()
    summary.add([make_result()])
    assert summary.describe_rate() == "1,000,000,000 URLs/s"


@pytest.mark.parametrize(("number", "text"), [(0, "0 URLs"), (1, "1 URL"), (2, "2 URLs"), (1000, "1,000 URLs")])
def test_a_noun_is_counted(number: int, text: str) -> None:
    assert count(number, "URL") == text
