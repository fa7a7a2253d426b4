from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports.terminal.test_table import RESULTS
from tests.support.builders import FAILURE, NOT_FOUND, RESPONSE, make_result, make_settled, make_target
from urlcheck.model.outcome import Hop
from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import Summary
from urlcheck.reports.wording import (
    abridge,
    choose_mark,
    describe,
    describe_unlisted,
    find_link,
    format_elapsed,
    locate,
    mark,
    mark_run,
    name_outcome,
    word_title,
)


def test_every_record_has_its_mark_and_the_word_of_its_verdict() -> None:
    records = [make_record(result) for result in RESULTS]
    assert [f"{mark(record)} {name_outcome(record)}" for record in records] == [
        "✓ 200",
        "✓ 200",
        "✗ 404 status",
        "✗ connect",
        "✗ invalid",
        "- skipped",
        "! 403 status",
    ]


def test_the_detail_does_not_say_the_status_again() -> None:
    assert [describe(make_record(result)) for result in RESULTS] == [
        "OK",
        "→ https://example.net/new (2 attempts)",
        "Not Found",
        "connection refused",
        "unsupported scheme 'ftp'",
        "excluded by 'com'",
        "Forbidden",
    ]


def test_a_record_is_located_by_its_line_where_there_are_lines() -> None:
    assert [locate(make_record(result)) for result in RESULTS[:2]] == ["arguments", "urls.txt:2"]


@pytest.mark.parametrize(
    ("result", "link"),
    [
        (make_result(), "https://example.org/"),
        (make_result(replace(RESPONSE, hops=(Hop(301, "http://example.net/old"),))), "http://example.net/old"),
        (make_result(target=make_target("ftp://example.org/")), None),
        (make_result(target=make_target("https://example.org:99999/")), None),
        (make_result(replace(RESPONSE, url="https://example.org/a b")), None),
        (make_result(replace(RESPONSE, url="https://example.org/?token=secret")), None),
        (make_result(replace(RESPONSE, url="https://example.org/${TOKEN}")), None),
        (make_result(replace(RESPONSE, url="https://example.org/\u202e")), None),
        (make_result(replace(RESPONSE, url=r"https://example.org\@example.net/")), None),
        (make_result(replace(RESPONSE, url=f"https://example.org/{'x' * 2000}")), None),
        (make_result(replace(FAILURE, url="javascript:alert(1)")), None),
        (replace(make_result(), outcome=None), "https://example.org/"),
    ],
)
def test_a_link_leads_to_what_was_asked_for_or_nowhere(result: Result, link: str | None) -> None:
    assert find_link(make_record(result)) == link


@pytest.mark.parametrize(("length", "shown"), [(11, "abcdefghijk"), (10, "abcde…hijk"), (3, "a…k")])
def test_a_text_is_shortened_in_its_middle(length: int, shown: str) -> None:
    assert abridge("abcdefghijk", length) == shown


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, ""), (0.04, "0.0 ms"), (0.84, "0.8 ms"), (9.96, "10 ms"), (81.4, "81 ms"), (999.4, "999 ms"), (999.5, "1.0 s")],
)
def test_a_time_has_two_digits_or_three(milliseconds: float | None, text: str) -> None:
    assert format_elapsed(milliseconds) == text


@pytest.mark.parametrize(
    ("verdict", "passes", "sign"),
    [
        (Verdict.OK, True, "✓"),
        (Verdict.STATUS, False, "✗"),
        (Verdict.STATUS, True, "!"),
        (Verdict.SKIPPED, True, "-"),
        (Verdict.UNCHECKED, False, "!"),
    ],
)
def test_a_mark_says_whether_a_verdict_passes(verdict: Verdict, sign: str, *, passes: bool) -> None:
    assert choose_mark(verdict, passes=passes) == sign


@pytest.mark.parametrize(
    ("listed", "sentence"),
    [
        (7, None),
        (6, "Not listed: 1 allowed; -o jsonl holds all."),
        (4, "Not listed: 1 failed, 1 allowed, 1 skipped; -o jsonl holds all."),
        (0, "Not listed: 3 failed, 1 allowed, 2 passed, 1 skipped; -o jsonl holds all."),
    ],
)
def test_what_is_not_listed_is_counted(listed: int, sentence: str | None) -> None:
    summary = Summary()
    for result in RESULTS:
        summary.add([result])
    assert describe_unlisted(summary, [make_record(result) for result in RESULTS[:listed]]) == sentence


def test_ten_problems_are_not_taken_for_none() -> None:
    summary = Summary()
    for _ in range(10):
        summary.add([make_result(NOT_FOUND)])
    assert describe_unlisted(summary, []) == "Not listed: 10 failed; -o jsonl holds all."


SKIPPED = make_settled(make_target(), Verdict.SKIPPED, "excluded")
UNCHECKED = make_settled(make_target(), Verdict.UNCHECKED, "interrupted")
ALLOWED = make_result(NOT_FOUND, allow={Verdict.STATUS})


@pytest.mark.parametrize(
    ("results", "title"),
    [
        ([], "! No URL was checked"),
        ([make_result()], "✓ 1 URL passed"),
        ([make_result()] * 2, "✓ All 2 URLs passed"),
        ([make_result(), make_result(NOT_FOUND)], "✗ 1 of 2 URLs failed"),
        ([make_result()] * 2 + [SKIPPED], "✓ 2 URLs passed, 1 skipped"),
        ([make_result(), ALLOWED], "! 1 of 2 URLs passed, 1 allowed"),
        ([SKIPPED] * 3, "! No URL was checked, 3 skipped"),
        ([make_result()] * 2 + [UNCHECKED], "! 2 URLs passed, 1 not checked"),
    ],
)
def test_a_title_never_says_that_all_passed_where_something_was_not_checked(results: list[Result], title: str) -> None:
    summary = Summary()
    summary.add(results)
    assert f"{mark_run(summary)} {word_title(summary)}" == title
