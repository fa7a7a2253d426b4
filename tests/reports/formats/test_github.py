from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.builders import NOT_FOUND, make_hostile_results, make_result, make_target
from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.formats.github import GithubReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings


@pytest.fixture(autouse=True)
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 2.0)


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    message: str


def parse(line: str) -> Command:
    """A workflow command as the runner reads it."""
    empty, head, message = line.split("::", 2)
    assert empty == ""
    name, _, pairs = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in pairs.split(",") if pair)
    return Command(name, {key: unescape(text, ":,") for key, text in properties.items()}, unescape(message))


def unescape(text: str, more: str = "") -> str:
    for char in f"\r\n{more}%":
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def write(results: Iterable[Result], notes: Iterable[str] = (), **settings: Any) -> str:
    stream = io.StringIO()
    summary = Summary()
    summary.notes += notes
    reporter = GithubReporter(stream, OutputSettings(**settings))
    for result in results:
        summary.add([result])
        reporter.add(result)
    reporter.close(summary)
    return stream.getvalue()


def annotate(*results: Result) -> list[str]:
    """The lines without that of the summary."""
    return write(results, quiet=True).splitlines()


def test_a_problem_is_annotated_where_it_stands() -> None:
    assert annotate(make_result(NOT_FOUND, make_target("https://example.org/", "lists/urls.txt", 3))) == [
        "::error file=lists/urls.txt,line=3,title=urlcheck%3A status::https://example.org/ 404 Not Found"
    ]


@pytest.mark.parametrize(("source", "line"), [("arguments", None), ("stdin", 3)])
def test_an_argument_is_annotated_without_a_file(source: str, line: int | None) -> None:
    assert annotate(make_result(NOT_FOUND, make_target("https://example.org/", source, line))) == [
        "::error title=urlcheck%3A status::https://example.org/ 404 Not Found"
    ]


def test_a_path_is_the_one_from_the_root_of_the_repository() -> None:
    (line,) = annotate(make_result(NOT_FOUND, make_target("https://example.org/", "./urls.txt", 3)))
    assert parse(line).properties["file"] == "urls.txt"


def test_the_problems_alone_are_annotated() -> None:
    assert annotate(make_result(), make_result(NOT_FOUND, allow={Verdict.STATUS})) == []


def test_the_run_is_summed_up_in_a_notice() -> None:
    assert write([make_result(), make_result(NOT_FOUND)], ["the deadline passed"]).splitlines()[-1] == (
        "::notice title=urlcheck::2 URLs: 1 passed, 1 failed (1 status) in 2 s, 1.0 URLs/s%0Athe deadline passed"
    )


def test_percent_signs_of_a_url_stay_what_they_are() -> None:
    (line,) = annotate(make_result(NOT_FOUND, make_target("https://example.org/%0A%25%3A")))
    assert line.endswith("::https://example.org/%250A%2525%253A 404 Not Found")
    assert parse(line).message == "https://example.org/%0A%25%3A 404 Not Found"


def test_a_path_with_commas_colons_and_blanks_is_read_as_it_is() -> None:
    (line,) = annotate(make_result(NOT_FOUND, make_target("https://example.org/", "a list, the second: 1%.txt", 3)))
    assert parse(line).properties == {"file": "a list, the second: 1%.txt", "line": "3", "title": "urlcheck: status"}


def test_no_annotation_can_be_forged() -> None:
    results = make_hostile_results()
    lines = annotate(*results)
    for line, record in zip(lines, map(make_record, results), strict=True):
        command = parse(line)
        assert command.name == "error"
        assert command.properties == {
            "file": record["source"],
            "line": str(record["line"]),
            "title": f"urlcheck: {record['verdict']}",
        }
        assert command.message == f"{record['url']} {record['detail']}"
