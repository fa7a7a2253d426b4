from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis.strategies import text
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.reports.terminal.test_table import RESULTS, passes, problems
from tests.support.builders import FAILURE, NOT_FOUND, make_result, make_target
from tests.support.program import Urlcheck
from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.reports.formats.markdown import MarkdownReporter, show_code
from urlcheck.reports.summary import Summary
from urlcheck.reports.wording import describe, locate
from urlcheck.settings.output import OutputSettings

MEBIBYTE = 1 << 20  # what GitHub takes for a step
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = [
    "a|b",
    r"a\|b",
    r"a\\|b\\",
    "||",
    "`",
    "``a`b```",
    "`a`",
    "<script>alert(1)</script>",
    "<!--",
    "</details>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/pixel)",
    "](http://evil.example/)",
    "`](http://evil.example/)`",
    "<http://evil.example/>",
    "http://evil.example/",
    "www.evil.example",
    "WWW.evil.example",
    "mail@evil.example",
    "@octocat",
    "#1",
    "# heading",
    "*a* **b** _c_ __d__ ~~e~~",
    "&lt;&#64;octocat",
    ":tada:",
    "$x$",
    "a\nb\r\n\n# c",
    "| a |\n| - |",
    "- a",
    "> a",
    " a ",
    "\\",
]

# what GitHub makes links, mentions, emoji or formulas of, if it is not code
UNSAFE = re.compile(r"[@#$<>&*_~`\[\]|\\/]|[wW]{3}\.|:\S")


@pytest.fixture(autouse=True)
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 2.0)


def write(results: Iterable[Result], summary: Summary | None = None, **settings: Any) -> str:
    stream, summary = io.StringIO(), summary or Summary()
    reporter = MarkdownReporter(stream, OutputSettings(**settings))
    for result in results:
        summary.add([result])
        reporter.add(result)
    reporter.close(summary)
    return stream.getvalue()


def list_cells(tokens: list[Token]) -> list[Token]:
    """The contents of all cells of all bodies of tables."""
    return [content for cell, content in pairwise(tokens) if cell.type == "td_open"]


def types_of(tokens: Iterable[Token]) -> set[str]:
    return {kind for token in tokens for kind in ({token.type} | types_of(token.children or []))}


def words_of(cells: Iterable[Token]) -> list[str]:
    """What is shown as words and not as code."""
    return [child.content for cell in cells for child in cell.children or [] if child.type == "text"]


def text_of(cell: Token) -> str:
    return "".join(child.content for child in cell.children or [])


def make_hostile(text: str, index: int = 0) -> Result:
    """A problem whose URL, reason and source are all of that text."""
    url = f"https://example.org/{text}"
    result = make_result(replace(NOT_FOUND, url=url, reason=text))
    return replace(result, target=replace(result.target, url=url, source=text, line=3, index=index))


def test_a_small_summary() -> None:
    verdicts = "2 ok, 2 status, 1 connect, 1 invalid, 1 skipped"
    assert write(RESULTS).splitlines() == [
        "## ❌ urlcheck: 3 of 6 URLs failed, 1 allowed, 1 skipped",
        "",
        f"**2 passed, 3 failed, 1 allowed, 1 skipped** · {verdicts} · 1 recovered at a later attempt · in 2 s, 2.5 URLs/s",
        "",
        "| status | URL | detail | where |",
        "| :-- | :-- | :-- | :-- |",
        "| ✗ 404 status | [`https://example.org/[red]:smile:`](https://example.org/) | Not Found | arguments |",
        "| ✗ connect | [`https://example.org/down`](https://example.org/) | connection refused | arguments |",
        "| ✗ invalid | `ftp://example.org/` | unsupported scheme 'ftp' | `urls.txt:5` |",
        "",
        "<details>",
        "<summary>1 allowed, 2 passed, 1 skipped</summary>",
        "",
        "| status | URL | time | detail |",
        "| :-- | :-- | --: | :-- |",
        "| ✓ 200 | [`https://example.org/`](https://example.org/) | 81 ms | OK |",
        "| ✓ 200 | [`example.org/old`](https://example.org/old) | 1.2 s | `→ https://example.net/new (2 attempts)` |",
        "| - skipped | `example.com` |  | excluded by 'com' |",
        "| ! 403 status | [`https://example.org/`](https://example.org/) | 81 ms | Forbidden |",
        "",
        "</details>",
    ]


def test_without_a_problem_there_is_no_table_of_problems() -> None:
    lines = write(passes(0)).splitlines()
    assert lines[0] == "## ✅ urlcheck: 1 URL passed"
    assert "| status | URL | detail | where |" not in lines


def test_an_empty_run_is_said_to_be_one() -> None:
    assert write([]).splitlines()[0] == "## urlcheck: No URL was checked"


def test_duplicates_and_notes_are_said() -> None:
    summary = Summary()
    summary.duplicates = 1
    summary.notes = ["the input was not read to its end", "TLS certificates were not verified (--insecure)"]
    assert write(passes(0), summary).split("\n\n")[1:4] == [
        "**1 passed, 0 failed** · 1 ok · 1 duplicate · in 2 s, 0.5 URLs/s",
        "> [!WARNING]\n> the input was not read to its end",
        "> [!WARNING]\n> TLS certificates were not verified (--insecure)",
    ]


@pytest.mark.parametrize(("answers", "said"), [(19, False), (20, True)])
def test_latencies_are_said_from_20_answers_on(answers: int, said: bool) -> None:  # noqa: FBT001
    assert ("Latency of 20 answers: p50 81 ms, p95 81 ms, p99 81 ms." in write(passes(*range(answers)))) is said


def test_what_is_not_listed_is_counted() -> None:
    summary = write([*problems(*range(503)), *passes(503)])
    assert summary.endswith("\nNot listed: 3 failed, 1 passed; -o jsonl holds all.\n")
    assert summary.count("| ✗ 404 status |") == 500


def test_problems_alone_are_listed_if_that_is_wanted() -> None:
    summary = write([*problems(0), *passes(1, 2)], show="problems")
    assert "<details>" not in summary
    assert summary.endswith("\nNot listed: 2 passed; -o jsonl holds all.\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_cell(text: str) -> None:
    result = make_hostile(text)
    record = make_record(result)
    cells = list_cells(MARKDOWN.parse(write([result])))
    assert [text_of(cell).strip() for cell in cells] == [
        "✗ 404 status",
        record["url"].strip(),
        describe(record).strip(),
        locate(record).strip(),
    ]
    assert types_of(cells) <= {"inline", "code_inline", "text", "link_open", "link_close"}
    assert not any(UNSAFE.search(word) for word in words_of(cells))


@given(text(r"|`\\<>[](){}!*_~#&;:@/. -aw\n", max_size=30))
def test_whatever_the_text_it_is_shown_as_it_is(text: str) -> None:
    record = make_record(result := make_hostile(text))
    shown = [text_of(cell).strip() for cell in list_cells(MARKDOWN.parse(write([result])))]
    assert shown[1:] == [record["url"].strip(), describe(record).strip(), locate(record).strip()]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_brings_no_link_of_its_own(text: str) -> None:
    cells = list_cells(MARKDOWN.parse(write([make_hostile(text)])))
    links = [child for cell in cells for child in cell.children or [] if child.type == "link_open"]
    assert all(str(link.attrs["href"]).startswith("https://example.org/") for link in links)
    assert len(links) <= 1


def test_a_hostile_note_is_a_note() -> None:
    summary = Summary()
    summary.notes = ["<b>\n\n# [x](http://evil.example/)"]
    tokens = MARKDOWN.parse(write(passes(0), summary))
    assert [token.content for token in tokens if token.type == "html_block"][:1] == [
        "<details>\n<summary>1 passed</summary>\n"
    ]
    assert sum(token.type == "heading_open" for token in tokens) == 1


@pytest.mark.parametrize(
    "url", ["https://example.org/a(b)_*[c]|d'e&copy;&amp;f=~g~!h`i`", 'https://example.org/<b>"', "https://example.org/%28é#é"]
)
def test_a_link_leads_where_the_entry_does(url: str) -> None:
    cells = list_cells(MARKDOWN.parse(write([make_result(replace(NOT_FOUND, url=url), make_target(url))])))
    [link] = [child for child in cells[1].children or [] if child.type == "link_open"]
    assert unquote(str(link.attrs["href"])) == unquote(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://example.org/?token=secret",
        "https://example.org/\x1b",
        "https://example.org/a\\b",
        f"https://example.org/{'x' * 300}",
    ],
)
def test_what_cannot_be_followed_as_it_is_shown_is_no_link(url: str) -> None:
    result = make_result(replace(FAILURE, url=url))
    assert "](" not in write([replace(result, target=replace(result.target, url=url))])


def test_an_over_long_url_is_shortened_in_its_middle() -> None:
    url = f"https://example.org/{'x' * 65_000}/end"
    [row] = [line for line in write([make_result(NOT_FOUND, make_target(url))]).splitlines() if "404" in line]
    assert "`https://example.org/xxx" in row
    assert "xxx/end`" in row
    assert len(row) < 400


@pytest.mark.parametrize("char", ["x", "|", "`", "é", "😀", "&"])
def test_however_much_there_is_to_list_the_whole_stays_below_1_mib(char: str) -> None:
    results = [make_hostile(char * 1000, index) for index in range(2000)]
    summary = write([*results, *passes(2000)], show="all")
    listed = summary.count("| ✗ 404 status |")
    assert MEBIBYTE * 0.9 < len(summary.encode()) < MEBIBYTE
    assert summary.endswith(f"Not listed: {2000 - listed:,} failed, 1 passed; -o jsonl holds all.\n")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("a``b", "`a``b`"),
        ("`", "`` ` ``"),
        (" a ", "`  a  `"),
        ("a|b", r"`a\|b`"),
        ("`" * 5000 + "a" + "`", "`` " + "`" * 5000 + "a` ``"),
    ],
)
def test_a_text_is_fenced_by_what_it_does_not_hold(text: str, code: str) -> None:
    assert show_code(text) == code


async def test_the_job_page_that_is_already_there_is_written(site: str, urlcheck: Urlcheck, tmp_path: Path) -> None:
    page = tmp_path / "step_summary"
    page.touch()
    await urlcheck(f"{site}/health", f"{site}/status/404", "-o", f"markdown={page}")
    assert page.read_text("utf-8").startswith("## ❌ urlcheck: 1 of 2 URLs failed\n")
