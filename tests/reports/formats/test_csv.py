from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.support.builders import NOT_FOUND, RESPONSE, make_hostile_results, make_result, make_target
from urlcheck.model.outcome import Hop
from urlcheck.model.record import Record, make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.formats.csv import CsvReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings

HEADER = "url,ok,verdict,status,detail,final_url,redirects,elapsed_ms,attempts,address,cert_expires,source,line,checked_at\n"


def write(results: Iterable[Result]) -> str:
    stream = io.StringIO()
    reporter = CsvReporter(stream, OutputSettings())
    for result in results:
        reporter.add(result)
    reporter.close(Summary())
    return stream.getvalue()


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_result_is_one_row_below_the_header() -> None:
    hops = (Hop(301, "https://example.org/old"), Hop(302, "https://example.org/older"))
    outcome = replace(RESPONSE, url="https://example.org/new", hops=hops)
    assert write([make_result(outcome, make_target("example.org/old", "urls.txt", 3))]) == (
        f"{HEADER}example.org/old,true,ok,200,200 OK,https://example.org/new,"
        "301 https://example.org/old 302 https://example.org/older,81.4,1,192.0.2.7,2027-01-31T23:59:59Z,urls.txt,3,"
        "2026-11-22T09:30:00.123Z\n"
    )


def test_what_is_missing_is_empty() -> None:
    assert write([make_result(target=make_target("ftp://example.org/"))]) == (
        f"{HEADER}ftp://example.org/,false,invalid,,unsupported scheme 'ftp',,,,0,,,arguments,,2026-11-22T09:30:00.123Z\n"
    )


def test_the_header_stands_alone_where_there_is_no_result() -> None:
    assert write([]) == HEADER


def test_the_columns_are_the_keys_of_a_record_in_their_order() -> None:
    assert HEADER.strip().split(",") == list(Record.__annotations__) == list(make_record(make_result()))


def test_a_problem_that_is_allowed_is_ok() -> None:
    (row,) = read(write([make_result(NOT_FOUND, allow={Verdict.STATUS})]))
    assert (row["ok"], row["verdict"]) == ("true", "status")


def test_what_is_written_can_be_read_again() -> None:
    results = make_hostile_results()
    rows = read(write(results))
    for row, record in zip(rows, map(make_record, results), strict=True):
        for key in ("url", "detail", "source"):
            assert row[key].removeprefix("'") == str(record[key]).removeprefix("'")


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "::add-mask::", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}"]
)
def test_a_spreadsheet_sees_no_formula(start: str) -> None:
    formula = f"{start}cmd|'/c calc'!A1"
    (row,) = read(write([make_result(replace(NOT_FOUND, url=formula), make_target(formula, formula, 1))]))
    assert (row["url"], row["source"]) == (f"'{formula}", f"'{formula}")


def test_numbers_stay_numbers() -> None:
    (row,) = read(write([make_result(replace(RESPONSE, elapsed=-0.5))]))
    assert row["elapsed_ms"] == "-500.0"
