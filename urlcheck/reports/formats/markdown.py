"""`-o markdown`: a summary for the page of a CI job, in GitHub's Markdown, which GitLab's pages understand too.

https://github.github.com/gfm/; GitHub takes 1 MiB for a step, and does not show a longer text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, TextIO

from urlcheck.model.record import Record, title
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.kinds import find_kind
from urlcheck.reports.listing import Listing, describe_kinds
from urlcheck.reports.summary import Summary, count
from urlcheck.reports.wording import (
    BESIDE,
    ENOUGH,
    abridge,
    count_verdicts,
    describe,
    describe_unlisted,
    find_link,
    format_elapsed,
    format_latency,
    locate,
    mark,
    mark_run,
    name_outcome,
    word_title,
)
from urlcheck.runtime.streams import write_utf8
from urlcheck.settings.output import OutputSettings
from urlcheck.text.safe import escape

# bytes of all tables; the rest to 1 MiB is for what stands around them, and for what the same step writes besides
_TABLES = 1_000_000
_URL, _DETAIL, _WHERE = 300, 300, 200  # characters of a cell

# words in which nothing can be a link, a mention, an emoji or a mark; else a text is shown as code
_WORDS = re.compile(r"(?:(?!www\.)[A-Za-z0-9 .,;'()-]|:(?= ))*", re.IGNORECASE)
_BACKTICKS = re.compile(r"`+")
_NOT_IN_A_LINK = re.compile(r"[^A-Za-z0-9/:.?=%#+,;~@-]")

_PROBLEMS = "| status | URL | detail | where |\n| :-- | :-- | :-- | :-- |\n"
_PASSED = "| status | URL | time | detail |\n| :-- | :-- | --: | :-- |\n"


class MarkdownReporter:
    """The problems in a table, what passed in another one that is folded, and the figures; never more than 1 MiB."""

    streams: ClassVar[bool] = False

    def __init__(self, stream: TextIO, settings: OutputSettings) -> None:
        self._stream = write_utf8(stream)
        self._listing = Listing(settings.show)

    def add(self, result: Result) -> None:
        self._listing.add(result)

    def close(self, summary: Summary) -> None:
        records = self._listing.records()
        problems = [record for record in records if not record["ok"]]
        passed = [record for record in records if record["ok"]]
        problem_rows, room = _take(map(_draw_problem, problems), _TABLES)
        passed_rows, _ = _take(map(_draw_passed, passed), room)
        listed = problems[: len(problem_rows)] + passed[: len(passed_rows)]
        parts = [
            _draw_heading(summary),
            _draw_counts(summary),
            *(f"> [!WARNING]\n> {show_text(escape(note), _DETAIL)}\n" for note in summary.notes),
            _PROBLEMS + "".join(problem_rows) if problem_rows else "",
            _fold(_name_others(passed[: len(passed_rows)]), _PASSED + "".join(passed_rows)) if passed_rows else "",
            _draw_latencies(summary),
            f"{unlisted}\n" if (unlisted := describe_unlisted(summary, listed)) else "",
        ]
        self._stream.write("\n".join(filter(None, parts)))


def show_code(text: str) -> str:
    """The text as code, where nothing is obeyed; safe in the cell of a table."""
    runs = {len(run) for run in _BACKTICKS.findall(text)}
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    padding = " " if text[:1] in "` " or text[-1:] in "` " else ""
    # a row is split at its bars before its code is read, and a bar with a backslash is part of a cell
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", r"\|")


def show_text(text: str, length: int) -> str:
    """The text, abridged to `length` characters: as it is if it consists of plain words, else as code."""
    text = abridge(text, length)
    return text if _WORDS.fullmatch(text) else show_code(text)


def show_link(record: Record) -> str:
    """The URL as it was written, as code; a link if it may be followed."""
    shown = show_code(abridge(title(record), _URL))
    link = find_link(record)
    if link is None or len(link) > _URL:
        return shown
    return f"[{shown}]({_NOT_IN_A_LINK.sub(lambda found: f'&#{ord(found[0])};', link)})"


def _draw_heading(summary: Summary) -> str:
    sign = {"✓": "✅ ", "✗": "❌ ", "!": "⚠️ "}[mark_run(summary)] if summary.total else ""
    return f"## {sign}urlcheck: {word_title(summary)}\n"


def _name_others(records: Iterable[Record]) -> str:
    """`9 passed, 2 skipped`."""
    return describe_kinds(Counter(find_kind(Verdict(record["verdict"]), lets_pass=record["ok"]) for record in records))


def _draw_counts(summary: Summary) -> str:
    others = [f"{summary.kinds[kind]:,} {kind}" for kind in BESIDE if summary.kinds[kind]]
    parts = [
        f"**{', '.join([f'{summary.passed:,} passed', f'{summary.failed:,} failed', *others])}**",
        ", ".join(f"{number:,} {verdict}" for verdict, number in count_verdicts(summary)),
        summary.describe_changes(),
        f"{summary.recovered:,} recovered at a later attempt" if summary.recovered else "",
        count(summary.duplicates, "duplicate") if summary.duplicates else "",
        summary.describe_time(),
        *(show_text(escape(remark), _DETAIL) for remark in summary.remarks),
    ]
    return " · ".join(filter(None, parts)) + "\n"


def _draw_problem(record: Record) -> str:
    return _draw_row(_draw_status(record), show_link(record), _draw_detail(record), show_text(locate(record), _WHERE))


def _draw_passed(record: Record) -> str:
    elapsed = format_elapsed(record["elapsed_ms"])
    return _draw_row(_draw_status(record), show_link(record), elapsed, _draw_detail(record))


def _draw_status(record: Record) -> str:
    return f"{mark(record)} {name_outcome(record)}"


def _draw_detail(record: Record) -> str:
    return show_text(describe(record), _DETAIL)


def _draw_row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _draw_latencies(summary: Summary) -> str:
    latencies = summary.latencies
    if latencies.count < ENOUGH:
        return ""
    quantiles = [f"p{percent} {format_latency(latencies.quantile(percent / 100))}" for percent in (50, 95, 99)]
    return f"Latency of {count(latencies.count, 'answer')}: {', '.join(quantiles)}.\n"


def _fold(title: str, content: str) -> str:
    # the blank lines end the HTML, so that what stands between them is read as Markdown
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n</details>\n"


def _take(rows: Iterable[str], room: int) -> tuple[list[str], int]:
    """The rows up to the first that does not fit into `room` bytes, and the room that is left: 0 if one did not fit."""
    taken: list[str] = []
    for row in rows:
        room -= len(row.encode())
        if room < 0:
            return taken, 0
        taken.append(row)
    return taken, room
