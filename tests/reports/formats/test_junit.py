from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from xml.etree import ElementTree as ET

import junitparser
import pytest

from tests.support.builders import (
    FAILURE,
    HOSTILE_TEXTS,
    NOT_FOUND,
    RESPONSE,
    make_hostile_results,
    make_result,
    make_settled,
    make_target,
)
from urlcheck.model.outcome import Hop
from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.formats.junit import JunitReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings
from urlcheck.text.safe import escape

SKIPPED = make_settled(make_target("example.com"), Verdict.SKIPPED, "excluded by 'com'")
# https://www.w3.org/TR/xml/#charsets
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@pytest.fixture(autouse=True)
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 2.0)


def write(results: Iterable[Result], notes: Iterable[str] = ()) -> str:
    stream = io.StringIO()
    summary = Summary()
    summary.notes += notes
    reporter = JunitReporter(stream, OutputSettings())
    for result in results:
        reporter.add(result)
    reporter.close(summary)
    return stream.getvalue()


def list_cases(*results: Result) -> list[str]:
    """The lines of the test cases."""
    return write(results).splitlines()[4:-2]


def parse(results: Iterable[Result]) -> list[junitparser.TestCase]:
    """The test cases as a reader sees them."""
    report = junitparser.JUnitXml.fromstring(write(results).encode())
    return [case for suite in report for case in suite]


def test_a_url_is_a_test_case_of_its_list() -> None:
    assert list_cases(make_result(target=make_target("https://example.org/?a&b", "urls.txt", 3))) == [
        '<testcase classname="urls.txt" name="https://example.org/?a&amp;b" time="0.081" file="urls.txt" line="3"/>'
    ]


@pytest.mark.parametrize(("source", "line"), [("arguments", None), ("stdin", 3)])
def test_an_argument_has_no_file(source: str, line: int | None) -> None:
    (case,) = list_cases(make_result(target=make_target("https://example.org/", source, line)))
    assert case == f'<testcase classname="{source}" name="https://example.org/" time="0.081"/>'


def test_a_failure_holds_the_evidence() -> None:
    outcome = replace(NOT_FOUND, url="https://example.org/new", hops=(Hop(301, "https://example.org/"),))
    first, *others = list_cases(make_result(outcome, attempts=3))
    assert first.endswith('<failure message="404 Not Found (3 attempts)" type="status">status: 404 Not Found (3 attempts)')
    assert others == [
        "301 https://example.org/",
        "ended at https://example.org/new",
        "address 192.0.2.7",
        "certificate until 2027-01-31T23:59:59Z</failure></testcase>",
    ]


def test_what_is_skipped_says_why() -> None:
    (case,) = list_cases(SKIPPED)
    assert case.endswith("<skipped message=\"excluded by 'com'\">excluded by 'com'</skipped></testcase>")


def test_a_problem_that_is_allowed_passes_but_is_told() -> None:
    (case,) = parse([make_result(FAILURE, allow={Verdict.CONNECT})])
    assert case.is_passed
    assert case.system_out == "connect: connection refused"


def test_the_counts_stand_above_the_cases() -> None:
    head = write([make_result(), make_result(NOT_FOUND), make_result(FAILURE), SKIPPED]).splitlines()[:3]
    suite = 'name="urlcheck" tests="4" failures="2" errors="0" skipped="1" time="2.000" timestamp="TIME"'
    assert [re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", line) for line in head] == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {suite}>",
        f"<testsuite {suite}>",
    ]


def test_what_was_not_checked_is_an_error_and_no_failure() -> None:
    [case] = parse([make_settled(make_target(), Verdict.UNCHECKED, "interrupted")])
    assert [type(outcome) for outcome in case.result] == [junitparser.Error]


def test_each_kind_of_result_is_counted_apart() -> None:
    allowed, unchecked = (
        make_result(FAILURE, allow={Verdict.CONNECT}),
        make_settled(make_target(), Verdict.UNCHECKED, "interrupted"),
    )
    results, summary, stream = [make_result(), make_result(NOT_FOUND), allowed, SKIPPED, unchecked], Summary(), io.StringIO()
    summary.add(results)
    reporter = JunitReporter(stream, OutputSettings())
    for result in results:
        reporter.add(result)
    reporter.close(summary)
    suite = ET.fromstring(stream.getvalue())[0]
    assert {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")} == {
        "passed": "1",
        "failed": "1",
        "allowed": "1",
        "skipped": "1",
        "not checked": "1",
    }
    assert (suite.attrib["failures"], suite.attrib["errors"], suite.attrib["skipped"]) == ("1", "1", "1")


def test_the_counts_are_those_of_the_cases() -> None:
    report = junitparser.JUnitXml.fromstring(write([*make_hostile_results(), make_result(), SKIPPED]).encode())
    said = (report.tests, report.failures, report.errors, report.skipped)
    report.update_statistics()  # type: ignore[no-untyped-call]
    assert said == (report.tests, report.failures, report.errors, report.skipped) == (38, 36, 0, 1)


def test_a_run_without_a_url_is_an_empty_suite() -> None:
    (suite,) = junitparser.JUnitXml.fromstring(write([]).encode())
    assert (suite.name, suite.tests, list(suite)) == ("urlcheck", 0, [])


def test_notes_are_written() -> None:
    suite = ET.fromstring(write([], ["the input was not read to its end"]))
    assert suite.findtext("testsuite/system-err") == "the input was not read to its end"


def test_text_from_outside_is_escaped() -> None:
    results = make_hostile_results()
    for case, record in zip(parse(results), map(make_record, results), strict=True):
        assert (case.classname, case.name) == (record["source"], record["url"])
        (failure,) = case.result
        assert (failure.message, failure.type) == (record["detail"], record["verdict"])
        assert failure.text.startswith(f"{record['verdict']}: {record['detail']}")


def test_no_element_can_be_forged() -> None:
    suite = ET.fromstring(write(make_hostile_results()))[0]
    assert {case.tag for case in suite} == {"properties", "testcase"}
    assert {tuple(child.tag for child in case) for case in suite.iter("testcase")} == {("failure",)}


def test_no_character_that_xml_forbids_is_left() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert NOT_IN_XML.search(escape(everything)) is None
    ET.fromstring(write(make_result(target=make_target(text)) for text in HOSTILE_TEXTS))


def test_the_report_is_ascii_whatever_a_url_holds() -> None:
    result = make_result(replace(RESPONSE, reason="例"), make_target("https://例え.jp/👍"), accept=frozenset())
    assert write([result]).isascii()
    assert parse([result])[0].name == "https://例え.jp/👍"
