"""`-o table`: the face of the program, a Rich table and a summary, drawn at the end of the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TextIO

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from urlcheck.model import Result
from urlcheck.reports.console import make_console
from urlcheck.reports.excerpt import list_lines
from urlcheck.reports.listing import Listing
from urlcheck.reports.record import Record
from urlcheck.reports.summary import Summary, count
from urlcheck.settings import OutputSettings
from urlcheck.verdict import Verdict

_MIN_URL, _MIN_DETAIL = 20, 16
_GAPS = 8  # two blanks between the columns, one at each side
_STATUS_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


class TableReporter:
    """Lists URLs in the order of the input, and sums the run up."""

    streams: ClassVar[bool] = False

    def __init__(self, stream: TextIO, settings: OutputSettings) -> None:
        self._console = make_console(stream, settings.color)
        self._settings = settings
        self._listing = Listing(settings.show)

    def add(self, result: Result) -> None:
        self._listing.add(result)

    def close(self, summary: Summary) -> None:
        records = self._listing.records()
        if records:
            self._console.print(self._draw(records))
        if self._listing.unlisted:
            self._console.print(
                f"  … and {count(self._listing.unlisted, 'problem')} not listed; -o jsonl or --show problems lists all.\n"
            )
        if not self._settings.quiet:
            self._print_summary(summary)

    def _draw(self, records: list[Record]) -> Table:
        whole = self._settings.verbose or not self._console.is_terminal
        excerpts = [list(list_lines(excerpt)) for excerpt in self._listing.excerpts()]
        url_width, detail_width = (None, None) if whole else self._share_width(records, excerpts)
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), header_style="bold", border_style="dim", pad_edge=False)
        table.add_column("STATUS", no_wrap=True)
        table.add_column(
            "URL",
            overflow="fold" if self._settings.verbose else "ellipsis",
            no_wrap=not self._settings.verbose,
            width=url_width,
        )
        table.add_column("TIME", justify="right", no_wrap=True)
        table.add_column("DETAIL", overflow="fold", no_wrap=not self._console.is_terminal, width=detail_width)
        for record, excerpt in zip(records, excerpts, strict=True):
            table.add_row(
                _draw_status(record),
                Text(shorten(record["url"], url_width)),
                Text(_format_elapsed(record["elapsed_ms"]), "dim"),
                self._draw_detail(record, excerpt),
            )
        return table

    def _share_width(self, records: list[Record], excerpts: list[list[str]]) -> tuple[int, int]:
        """The widths of URL and detail on a terminal: what they need if there is room, else a fair share."""
        url = max(_MIN_URL, *(cell_len(record["url"]) for record in records))
        detail = max(_MIN_DETAIL, *(cell_len(_describe(record)) for record in records))
        detail = max(detail, *(cell_len(line) for excerpt in excerpts for line in ["", *excerpt]))
        status = max(len("STATUS"), *(_draw_status(record).cell_len for record in records))
        time = max(len("TIME"), *(len(_format_elapsed(record["elapsed_ms"])) for record in records))
        room = self._console.width - status - time - _GAPS
        if url + detail <= room:
            return url, detail
        url = min(url, max(_MIN_URL, room - detail, room * 3 // 5))
        return url, max(_MIN_DETAIL, min(detail, room - url))

    def _draw_detail(self, record: Record, excerpt: list[str]) -> Text:
        text = Text(_describe(record), "dim" if record["verdict"] == Verdict.OK else "")
        if self._settings.verbose:
            for line in _list_evidence(record):
                text.append(f"\n{line}", "dim")
        for line in excerpt:
            text.append(f"\n{line}", "dim")
        return text

    def _print_summary(self, summary: Summary) -> None:
        parts = [
            Text(count(summary.total, "URL"), "bold"),
            Text(f"✓ {summary.passed:,} passed", "green" if summary.passed else "dim"),
            Text(f"✗ {summary.failed:,} failed", "bold red") if summary.failed else Text(),
            Text(count(summary.duplicates, "duplicate") if summary.duplicates else "", "dim"),
            Text(summary.describe_time(), "dim"),
        ]
        lines = [Text("   ").join(part for part in parts if part)]
        if verdicts := summary.describe_verdicts():
            lines.append(Text(verdicts, "dim"))
        lines += [Text(f"! {note}", "yellow") for note in summary.notes]
        for line in lines:
            self._console.print(Text("  ") + line, soft_wrap=True)


def shorten(url: str, width: int | None) -> str:
    """The URL, with its middle left out where it is wider: host and the end of the path say most."""
    if width is None or cell_len(url) <= width:
        return url
    tail = (width - 1) // 2
    return f"{set_cell_size(url, width - 1 - tail)}…{set_cell_size(url[::-1], tail)[::-1]}"


def _draw_status(record: Record) -> Text:
    verdict, status = record["verdict"], record["status"]
    if verdict == Verdict.SKIPPED:
        return Text("- skipped", "dim")
    style = _STATUS_STYLES.get((status or 0) // 100, "red")
    label = str(status) if status else verdict
    if verdict == Verdict.OK:
        return Text.assemble(("✓ ", "green"), (label, style))
    return Text.assemble(("! ", "yellow") if record["ok"] else ("✗ ", "red"), (label, f"bold {style}"))


def _describe(record: Record) -> str:
    detail = record["detail"].removeprefix(f"{record['status']} ")
    if record["verdict"] == Verdict.OK:
        if record["redirects"]:
            detail = f"→ {record['final_url']}"
        if record["attempts"] > 1:
            detail = f"{detail} (attempt {record['attempts']})"
    return detail


def _list_evidence(record: Record) -> Iterable[str]:
    for hop in record["redirects"]:
        yield f"{hop['status']} {hop['url']}"
    facts = [
        record["address"],
        record["cert_expires"] and f"certificate until {record['cert_expires'][:10]}",
        record["attempts"] > 1 and f"{record['attempts']} attempts",
        f"{record['source']}:{record['line']}" if record["line"] else record["source"],
    ]
    yield ", ".join(str(fact) for fact in facts if fact)


def _format_elapsed(milliseconds: float | None) -> str:
    if milliseconds is None:
        return ""
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"
