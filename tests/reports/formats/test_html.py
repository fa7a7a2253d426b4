from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.reports.terminal.test_table import LONG, RESULTS, passes, problems
from tests.support.builders import FAILURE, NOT_FOUND, RESPONSE, make_result, make_target
from tests.support.program import Urlcheck
from urlcheck.model.outcome import FailureKind, Hop
from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.reports.formats.html import HtmlReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings
from urlcheck.text.secrets import Secrets, hiding

VOID = {"meta", "input"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "div", "p", "h1", "h2", "span",
    "b", "time", "dl", "dt", "dd", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "a", "details",
    "summary", "fieldset", "label", "input",
}  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "</style></title></textarea>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    '"onmouseover="alert(1)',
    "'onmouseover='alert(1)",
    "<!--",
    "]]>",
    "&lt;b&gt;&#60;&amp",
    "&notit;",
    "{{7*7}}",
    "שלום",
    "\u202egpj.exe",
    "\x00\x1b[2J\r\n",
    "\ud800",
]


class Page(HTMLParser):
    """A page as a parser reads it; asserts that every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []  # path of classes or names, text
        self._open: list[str] = []
        self._paths: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
            self._paths.append(f"{tag}.{attributes['class']}" if "class" in attributes else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._paths.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((" ".join(self._paths), data))

    def find(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [found for name, found in self.tags if name == tag and attributes.items() <= found.items()]

    def text(self, path: str) -> list[str]:
        """The texts, blank ones left out, of what matches: names of elements, with their classes, from the outside in."""
        steps = re.compile(r"\b.*\b".join(map(re.escape, path.split())))
        return [text.strip() for where, text in self.texts if text.strip() and steps.search(where)]


def write(results: Iterable[Result], summary: Summary | None = None, **settings: Any) -> str:
    stream, summary = io.StringIO(), summary or Summary()
    reporter = HtmlReporter(stream, OutputSettings(**settings))
    for result in results:
        summary.add([result])
        reporter.add(result)
    reporter.close(summary)
    return stream.getvalue()


def draw(results: Iterable[Result], summary: Summary | None = None, **settings: Any) -> Page:
    return Page(write(results, summary, **settings))


def make_hostile(text: str) -> Result:
    """A problem whose URL, reason, redirect, address and source are all of that text."""
    url = f"https://example.org/{text}"
    result = make_result(replace(NOT_FOUND, url=url, reason=text, hops=(Hop(302, url),), address=text))
    return replace(result, target=replace(result.target, url=url, source=text, line=3))


def test_the_page_says_first_what_the_run_came_to() -> None:
    page = draw(RESULTS)
    assert page.text("title") == ["3 of 6 URLs failed, 1 allowed, 1 skipped · urlcheck"]
    assert page.text("h1") == ["✗", "3 of 6 URLs failed, 1 allowed, 1 skipped"]
    counts = ["passed", "2", "failed", "3", "allowed", "1", "skipped", "1"]
    assert page.text("dl.totals") == [*counts, "recovered at a later attempt", "1"]


@pytest.mark.parametrize(
    ("results", "title"),
    [([], "No URL was checked"), (passes(0), "1 URL passed"), (passes(0, 1), "All 2 URLs passed")],
)
def test_a_run_without_a_problem_is_said_to_be_one(results: list[Result], title: str) -> None:
    page = draw(results)
    assert page.text("h1")[-1] == title
    assert len(page.find("table", **{"aria-labelledby": "listing"})) == bool(results)


def test_the_listing_says_of_every_url_what_the_table_does() -> None:
    page = draw(RESULTS)
    assert page.text("td.status") == [
        "✓ 200",
        "✓ 200",
        "✗ 404 status",
        "✗ connect",
        "✗ invalid",
        "- skipped",
        "! 403 status",
    ]
    assert page.text("th.url") == [make_record(result)["url"] for result in RESULTS]
    assert page.text("tbody td.time") == ["81 ms", "1.2 s", "81 ms", "1.5 s", "81 ms"]
    assert page.text("tbody summary") == [
        "OK",
        "→ https://example.net/new (2 attempts)",
        "Not Found",
        "connection refused",
        "unsupported scheme 'ftp'",
        "excluded by 'com'",
        "Forbidden",
    ]


def test_the_evidence_stands_with_each_url() -> None:
    assert draw(RESULTS[1:2]).text("dl.evidence") == [
        "redirects",
        "301 https://example.org/old",
        "200 https://example.net/new",
        "address",
        "192.0.2.7",
        "certificate",
        "until 2027-01-31",
        "attempts",
        "2",
        "from",
        "urls.txt:2",
        "checked at",
        "2026-11-22 09:30:00.123 UTC",
    ]


def test_a_chain_that_broke_off_says_where_and_how() -> None:
    outcome = replace(FAILURE, url="https://example.net/new", hops=(Hop(301, "https://example.org/"),))
    assert draw([make_result(outcome)]).text("dl.evidence ol") == [
        "301 https://example.org/",
        "connect https://example.net/new",
    ]


def test_the_evidence_is_unfolded_with_verbose() -> None:
    assert ["open" in found for verbose in (False, True) for found in draw(passes(0), verbose=verbose).find("details")] == [
        False,
        True,
    ]


def test_a_url_is_a_link_that_tells_nobody_where_it_came_from() -> None:
    assert draw(passes(0)).find("a")[0] == {"href": "https://example.org/", "rel": "noreferrer noopener nofollow"}


@pytest.mark.parametrize("entry", ["javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "https://a b/"])
def test_what_is_not_http_is_text(entry: str) -> None:
    page = draw([make_result(target=make_target(entry))])
    assert page.text("th.url") == [entry]
    assert [link["href"].partition("/urlcheck")[0] for link in page.find("a")] == ["https://github.com"]


def test_a_link_leads_where_the_entry_does() -> None:
    url = "https://example.org/\"'<b>&amp;&copy=1"
    assert draw([make_result(replace(RESPONSE, url=url), make_target(url))]).find("a")[0]["href"] == url


def test_a_host_that_holds_a_secret_is_not_shown() -> None:
    results = [make_result(replace(RESPONSE, url="https://hunter2.example/")) for _ in range(20)]
    with hiding(Secrets({"Hunter2": "****"})):
        assert "hunter2" not in write(results)


def test_a_hostile_host_is_text() -> None:
    page = draw([make_result(replace(RESPONSE, url='https://<b title="">&/')), *passes(*range(20))])
    assert page.text("div.card table")[-4:-2] == ['<b title="">&', "81 ms"]


def test_of_one_host_it_is_not_said_that_it_is_the_slowest() -> None:
    assert "Slowest hosts" not in write(passes(*range(20)))


def test_the_histogram_ends_at_the_longest_answer() -> None:
    results = [make_result(replace(RESPONSE, elapsed=milliseconds / 1000)) for milliseconds in (*range(50, 69), 377)]
    assert draw(results).text("p.axis")[-1] == "377 ms"


def test_the_status_of_a_redirect_that_fails_is_among_the_status_codes() -> None:
    page = draw([make_result(replace(FAILURE, kind=FailureKind.REDIRECT, status=302))])
    assert page.text("td.status") == ["✗ 302 redirect"]
    assert page.text("div.card table") == ["redirect", "1", "302 Found", "1"]


def test_statuses_and_verdicts_are_counted() -> None:
    bars = draw([*RESULTS, *problems(7)]).text("div.card table")
    verdicts = ["ok", "2", "status", "3", "connect", "1", "invalid", "1", "skipped", "1"]
    assert bars == [*verdicts, "200 OK", "2", "403 Forbidden", "1", "404 Not Found", "2"]


def test_many_statuses_are_counted_together() -> None:
    results = [make_result(replace(NOT_FOUND, status=status)) for status in (*range(400, 412), 400)]
    assert draw(results).text("div.card table")[-2:] == ["others", "4"]


@pytest.mark.parametrize(("answers", "cards"), [(19, 2), (20, 3)])
def test_latencies_are_drawn_from_20_answers_on(answers: int, cards: int) -> None:
    page = draw(passes(*range(answers)))
    assert len(page.find("div", **{"class": "card"})) == cards


def test_the_histogram_has_every_answer_and_its_tail_another_colour() -> None:
    results = [make_result(replace(RESPONSE, elapsed=0.1 * 1.1**number)) for number in range(40)]
    page = draw(results)
    counts = [int(text.split()[0]) for text in page.text("svg.histogram rect")]
    assert sum(counts) == 40
    assert 1 <= len(page.find("rect", **{"class": "above"})) <= 3
    assert page.text("dl.quantiles")[::2] == ["p50", "p95", "p99"]


def test_notes_and_duplicates_are_said() -> None:
    summary = Summary()
    summary.notes, summary.duplicates = ["<b>not</b> read to its end"], 1
    page = draw(passes(0), summary)
    assert page.text("p.note") == ["<b>not</b> read to its end"]
    assert page.text("dl.totals")[-2:] == ["duplicate", "1"]


def test_the_page_says_when_it_was_made() -> None:
    [time] = draw(passes(0)).find("time")
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(time["datetime"]) < timedelta(minutes=1)


def test_problems_can_be_shown_alone_where_there_is_something_else() -> None:
    assert draw([*passes(0), *problems(1)]).text("fieldset label") == ["All 2", "1 problem"]
    assert draw(passes(0)).find("fieldset") == draw(problems(0)).find("fieldset") == []


def test_what_is_not_listed_is_counted() -> None:
    page = draw([*problems(*range(503)), *passes(503)])
    assert len(page.text("th.url")) == 500
    assert page.text("p.unlisted") == ["Not listed: 3 failed, 1 passed; -o jsonl holds all."]


def test_a_long_url_is_shortened_and_stands_whole_in_the_evidence() -> None:
    page = draw([make_result(replace(NOT_FOUND, url=LONG), make_target(LONG))])
    [shown] = page.text("th.url")
    assert len(shown) == 200
    assert shown.endswith("x/end")
    assert LONG in page.text("dl.evidence")


def test_a_detail_is_not_shortened() -> None:
    reason = "why not " * 36
    assert draw([make_result(replace(NOT_FOUND, reason=reason))]).text("tbody summary") == [reason.strip()]


def test_a_url_of_64_kib_does_not_fill_the_page() -> None:
    url = f"https://example.org/{'<' * 65_000}"
    hops = tuple(Hop(302, url) for _ in range(10))
    assert len(write([make_result(replace(NOT_FOUND, url=url, hops=hops), make_target(url))])) < 150_000


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    result = make_hostile(text)
    record, page = make_record(result), draw([result])
    evidence = page.text("dl.evidence")
    assert page.text("th.url") == [record["url"]]
    assert page.text("tbody summary") == [record["detail"].removeprefix("404 ").strip()]
    assert f"302 {record['url']}" in evidence
    assert f"{record['source']}:3" in evidence


@pytest.mark.parametrize(
    "results", [[], RESULTS, [make_hostile(text) for text in HOSTILE], passes(*range(30)), [make_result(FAILURE)]]
)
def test_there_is_nothing_in_the_page_that_runs_or_is_fetched(results: list[Result]) -> None:
    page = draw(results)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "src", "srcset", "action", "formaction"}
    assert all(link["href"].startswith(("https://example.", "https://github.com/")) for link in page.find("a"))


def test_the_policy_allows_the_style_and_nothing_else() -> None:
    page = draw(RESULTS)
    [style] = [text for where, text in page.texts if where.endswith("style")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [meta["content"] for meta in page.find("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_is_ascii_so_that_no_encoding_gets_in_its_way() -> None:
    assert write([make_hostile("שלום ✓ 例え")]).isascii()


async def test_the_command_writes_a_page(site: str, urlcheck: Urlcheck, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    await urlcheck(f"{site}/health", f"{site}/status/404", "-o", f"html={report}")
    page = Page(report.read_text("utf-8"))
    assert page.text("td.status") == ["✓ 200", "✗ 404 status"]
