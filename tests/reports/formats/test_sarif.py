from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

from tests.support.builders import FAILURE, NOT_FOUND, make_hostile_results, make_result, make_target
from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.formats.rules import RULES
from urlcheck.reports.formats.sarif import RESULTS, SarifReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.identity import HOME_PAGE, VERSION
from urlcheck.settings.output import OutputSettings

# the schema of the standard with errata 01, unchanged, © OASIS Open; the notices that go with it are the standard's:
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8"))
# RFC 3986, appendix A: what a URI may be made of
URI = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+")


def write(results: Iterable[Result], notes: Iterable[str] = ()) -> str:
    stream = io.StringIO()
    summary = Summary()
    summary.notes += notes
    reporter = SarifReporter(stream, OutputSettings())
    for result in results:
        summary.add([result])
        reporter.add(result)
    reporter.close(summary)
    return stream.getvalue()


def validate(text: str) -> Any:
    """The one run of a log that the schema accepts."""
    log = json.loads(text)
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    return log["runs"][0]


def run(results: Iterable[Result], notes: Iterable[str] = ()) -> Any:
    """These results as they are read."""
    return validate(write(results, notes))


def make_problem(url: str = "https://example.org/", source: str = "urls.txt", line: int | None = 3) -> Result:
    return make_result(NOT_FOUND, make_target(url, source, line))


def location(result: Any) -> tuple[str, int]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


def test_a_problem_is_a_result_where_it_stands() -> None:
    (result,) = run([make_problem(source="lists/urls.txt")])["results"]
    assert (result["ruleId"], result["level"]) == ("status", "error")
    assert result["message"] == {"text": "404 Not Found: https://example.org/"}
    assert location(result) == ("lists/urls.txt", 3)
    assert result["properties"] == {
        "url": "https://example.org/",
        "status": 404,
        "final_url": "https://example.org/",
        "redirects": [],
        "elapsed_ms": 81.4,
        "attempts": 1,
        "address": "192.0.2.7",
        "cert_expires": "2027-01-31T23:59:59Z",
        "checked_at": "2026-11-22T09:30:00.123Z",
    }


def test_the_problems_alone_are_results() -> None:
    assert run([make_result(), make_result(NOT_FOUND, allow={Verdict.STATUS})])["results"] == []


def test_a_run_without_a_url_is_a_log_without_results() -> None:
    assert run([])["results"] == []


def test_the_tool_says_who_it_is_and_what_its_rules_mean() -> None:
    driver = run([])["tool"]["driver"]
    assert (driver["name"], driver["version"], driver["informationUri"]) == ("urlcheck", VERSION, HOME_PAGE)
    assert {rule["id"] for rule in driver["rules"]} == set(Verdict) - {Verdict.OK, Verdict.SKIPPED}
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])


@pytest.mark.parametrize("verdict", RULES)
def test_a_result_points_to_the_rule_of_its_verdict(verdict: Verdict) -> None:
    this_run = run([replace(make_problem(), verdict=verdict)])
    (result,) = this_run["results"]
    assert this_run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == verdict


@pytest.mark.parametrize(("source", "line", "start"), [("arguments", None, 1), ("stdin", 3, 3)])
def test_without_a_file_the_source_stands_for_it(source: str, line: int | None, start: int) -> None:
    (result,) = run([make_problem(source=source, line=line)])["results"]
    assert location(result) == (source, start)


@pytest.mark.parametrize(
    ("source", "uri"),
    [
        ("./urls.txt", "urls.txt"),
        ("../a list.txt", "../a%20list.txt"),
        ("https://example.com/", "https%3A//example.com/"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("é\udce9\n#?%", "%C3%A9%E9%0A%23%3F%25"),
        ("/lists/a b.txt", "file:///lists/a%20b.txt"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths are written otherwise")
def test_a_path_is_a_relative_reference_or_a_file_uri(source: str, uri: str) -> None:
    (result,) = run([make_problem(source=source)])["results"]
    assert location(result)[0] == uri


def test_a_problem_keeps_its_fingerprint_from_run_to_run() -> None:
    before = make_problem()
    after = replace(make_problem(line=7), attempts=3, checked_at=before.checked_at + timedelta(days=1), detail="404 Gone")
    prints = [result["partialFingerprints"] for result in run([before, after])["results"]]
    assert prints[0] == prints[1]


def test_another_problem_has_another_fingerprint() -> None:
    problems = [make_problem(), make_problem("https://example.org/other"), make_result(FAILURE)]
    assert len({result["partialFingerprints"]["urlcheck/v1"] for result in run(problems)["results"]}) == 3


def test_github_is_told_a_fingerprint_where_it_has_no_line_to_make_one_of() -> None:
    in_a_file, argument = run([make_problem(), make_problem(source="arguments", line=None)])["results"]
    assert list(in_a_file["partialFingerprints"]) == ["urlcheck/v1"]
    assert argument["partialFingerprints"]["primaryLocationLineHash"] == argument["partialFingerprints"]["urlcheck/v1"]


def test_no_more_results_are_kept_than_github_takes_and_the_others_are_counted() -> None:
    log = json.loads(write([make_problem()] * (RESULTS + 2)))
    assert len(log["runs"][0]["results"]) == RESULTS == 5_000
    assert log["runs"][0]["invocations"][0]["toolExecutionNotifications"] == [
        {"level": "warning", "message": {"text": "2 problems not listed here; -o jsonl lists all"}}
    ]


def test_the_invocation_says_how_the_run_went() -> None:
    (invocation,) = run([make_result()], ["the deadline of 2 s passed"])["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["startTimeUtc"] <= invocation["endTimeUtc"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == ["the deadline of 2 s passed"]


def test_a_run_that_left_urls_unchecked_was_not_successful() -> None:
    (invocation,) = run([replace(make_problem(), verdict=Verdict.UNCHECKED)])["invocations"]
    assert invocation["executionSuccessful"] is False


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/{0}", "https://example.org/{{0}}"),
        ("https://[::1]/a\\b", "https://[::1]/a\\b"),
        ("https://example.org/[a](b)", "https://example.org/\\[a\\](b)"),
        ("https://example.org/[a\\](b)", "https://example.org/\\[a\\\\\\](b)"),
    ],
)
def test_nothing_of_a_url_is_a_placeholder_or_a_link(url: str, shown: str) -> None:
    (result,) = run([make_problem(url)])["results"]
    assert result["message"]["text"].endswith(f": {shown}")


def test_text_from_outside_is_escaped() -> None:
    results = make_hostile_results()
    for shown, result in zip(run(results)["results"], results, strict=True):
        record = make_record(result)
        uri = location(shown)[0]
        assert URI.fullmatch(uri)
        assert not urlsplit(uri).scheme
        assert unquote(uri, errors="surrogateescape") == result.target.source
        assert (shown["ruleId"], shown["properties"]["url"]) == (record["verdict"], record["url"])


def test_the_log_is_ascii_whatever_a_url_holds() -> None:
    log = write([make_problem("https://例え.jp/👍")])
    assert log.isascii()
    assert json.loads(log)["runs"][0]["results"][0]["properties"]["url"] == "https://例え.jp/👍"
