from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports.terminal.test_table import RESULTS
from tests.support.builders import FAILURE, NOT_FOUND, RESPONSE, make_result, make_target
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
    label,
    locate,
    mark,
)


def test_every_record_has_its_mark_and_its_label() -> None:
    records = [make_record(result) for result in RESULTS]
    assert [f"{mark(record)} {label(record)}" for record in records] == [
        "✓ 200",
        "✓ 200",
        "✗ 404",
        "✗ connect",
        "✗ invalid",
        "- skipped",
        "! 403",
    ]


def test_the_detail_does_not_say_the_status_again() -> None:
    assert [describe(make_record(result)) for result in RESULTS] == [
        "OK",
        "→ https://example.net/new (attempt 2)",
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
    ],
)
def test_a_mark_says_whether_a_verdict_passes(verdict: Verdict, sign: str, *, passes: bool) -> None:
    assert choose_mark(verdict, passes=passes) == sign


@pytest.mark.parametrize(
    ("listed", "sentence"),
    [
        (7, None),
        (6, "Not listed: 1 URL that passed; -o jsonl holds all."),
        (4, "Not listed: 1 problem and 2 URLs that passed; -o jsonl holds all."),
        (0, "Not listed: 3 problems and 4 URLs that passed; -o jsonl holds all."),
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
    assert describe_unlisted(summary, []) == "Not listed: 10 problems; -o jsonl holds all."
