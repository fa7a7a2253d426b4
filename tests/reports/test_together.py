"""One run, every format: each is read by what will read it, and all of them count the same."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import junitparser
import pytest
from markdown_it import MarkdownIt

from tests.reports.formats.test_github import parse
from tests.reports.formats.test_html import Page
from tests.reports.formats.test_markdown import list_cells, text_of
from tests.reports.formats.test_sarif import validate
from tests.support.program import Urlcheck
from urlcheck.reports.registry import FORMATS

# of every format: how often each outcome is in it; `passed` where it lists what passed, `problem` without its verdict else
Read = Callable[[str], Counter[str]]


def read_table(text: str) -> Counter[str]:
    marks = Counter(line[1:2] for line in text.splitlines() if line[3:4].strip())
    return Counter(passed=marks["✓"] + marks["-"] + marks["!"], problem=marks["✗"])


def read_records(records: list[dict[str, str]]) -> Counter[str]:
    return Counter("passed" if str(record["ok"]).lower() == "true" else record["verdict"] for record in records)


def read_jsonl(text: str) -> Counter[str]:
    return read_records([json.loads(line) for line in text.splitlines()])


def read_csv(text: str) -> Counter[str]:
    return read_records([*csv.DictReader(io.StringIO(text))])


def read_github(text: str) -> Counter[str]:
    commands = [parse(line) for line in text.splitlines()]
    return Counter(command.properties["title"].removeprefix("urlcheck: ") for command in commands if command.name == "error")


def read_junit(text: str) -> Counter[str]:
    [suite] = junitparser.JUnitXml.fromstring(text.encode())
    failures = [[failure.type for failure in case.result if isinstance(failure, junitparser.Failure)] for case in suite]
    assert (suite.tests, suite.failures) == (len(failures), len([case for case in failures if case]))
    return Counter(case[0] if case else "passed" for case in failures)


def read_sarif(text: str) -> Counter[str]:
    return Counter(result["ruleId"] for result in validate(text)["results"])


def read_markdown(text: str) -> Counter[str]:
    marks = Counter(text_of(cell)[:2] for cell in list_cells(MarkdownIt("gfm-like", {"linkify": False}).parse(text)))
    return Counter(passed=marks["✓ "] + marks["- "] + marks["! "], problem=marks["✗ "])


def read_html(text: str) -> Counter[str]:
    page = Page(text)
    passed = len(page.find("tr", **{"class": "passed"}))
    rows = [row for row in page.find("tr") if not row] if passed else []
    return Counter(passed=passed, problem=len(rows) - 1)


READERS: dict[str, Read] = {
    "table": read_table,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "github": read_github,
    "junit": read_junit,
    "sarif": read_sarif,
    "markdown": read_markdown,
    "html": read_html,
}
PROBLEMS = Counter(status=2, invalid=1, connect=1, redirect=1)


@pytest.fixture
async def reports(urlcheck: Urlcheck, site: str, tmp_path: Path) -> dict[str, str]:
    """What one run wrote, by format."""
    urls = [f"{site}/health", f"{site}/users", f"{site}/redirect/2", f"{site}/status/404", f"{site}/status/410"]
    urls += [f"{site}/?skipped", "ftp://host", "http://127.0.0.1:9/", f"{site}/redirect/99?|`<&'\"]]>"]
    (tmp_path / "urls.txt").write_text("\n".join(urls), "utf-8")
    outputs = [option for name in FORMATS for option in ("-o", f"{name}={name}")]
    finished = await urlcheck("-f", "urls.txt", "--exclude", "skipped", "--max-redirects", "3", "-r", "0", *outputs)
    assert finished.status == 1
    assert read_table(finished.stdout) == read_table((tmp_path / "table").read_text("utf-8"))
    return {name: (tmp_path / name).read_text("utf-8") for name in FORMATS}


def test_every_format_has_a_reader_here() -> None:
    assert READERS.keys() == FORMATS.keys()


async def test_all_formats_of_a_run_count_the_same(reports: dict[str, str]) -> None:
    counts = {name: READERS[name](text) for name, text in reports.items()}
    kinds = Counter(passed=4, problem=5)
    everything = PROBLEMS + Counter(passed=4)
    assert counts == {
        "table": kinds,
        "jsonl": everything,
        "csv": everything,
        "github": PROBLEMS,
        "junit": everything,
        "sarif": PROBLEMS,
        "markdown": kinds,
        "html": kinds,
    }


async def test_the_formats_that_sum_a_run_up_say_the_same(reports: dict[str, str]) -> None:
    assert "3 passed   ✗ 5 failed   - 1 skipped" in reports["table"]
    assert "9 URLs: 3 passed, 5 failed" in reports["github"]
    assert "**3 passed, 5 failed, 1 skipped**" in reports["markdown"]
    assert "5 of 8 URLs failed, 1 skipped" in reports["html"]
