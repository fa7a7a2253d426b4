"""`-o table`: the face of the program, a Rich table and a summary, drawn at the end of the run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, TextIO

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from urlcheck.model.result import Result
from urlcheck.reports.listing import Listing
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.cells import Cells, make_cells
from urlcheck.reports.terminal.charts import draw_summary
from urlcheck.reports.terminal.console import PlainConsole, make_console
from urlcheck.settings.settings import OutputSettings

_ROOM_FOR_BOTH = 46  # columns that a URL and a detail need to stand side by side, where one of them is long
_GAPS = 8  # two blanks between the columns, one at each side
_ASCII_BOX = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
# in a pipe nothing is cut, and a longer URL makes room for itself alone
_MOST_PADDING = 100
_LONGEST_RULE = 160


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
        console, listing, verbose = self._console, self._listing, self._settings.verbose
        rows = [make_cells(row.record, console, verbose=verbose, excerpt=row.excerpt) for row in listing.rows()]
        if rows and console.is_terminal:
            console.print(draw_table(rows, console, verbose=verbose))
        elif rows:
            for line in list_lines(rows, console):
                console.print(line, soft_wrap=True)
        if unlisted := listing.describe_unlisted():
            text = Text(console.spell(f"… and {unlisted} not listed; -o jsonl or --show problems lists all."))
            for line in text.wrap(console, console.width - 3):
                console.print(Text("  ") + line)
            console.print()
        if not self._settings.quiet:
            for line in draw_summary(summary, console):
                console.print(line, soft_wrap=True)


def draw_table(rows: list[Cells], console: PlainConsole, *, verbose: bool) -> Table:
    """For a terminal: no wider than it, a detail folded, and so a URL if verbose; else its middle is left out."""
    status, url, time, detail = _measure(rows)
    room = console.width - status - time - _GAPS
    table = Table(
        box=_ASCII_BOX if console.is_ascii else box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        header_style="bold",
        border_style="dim",
        pad_edge=False,
    )
    table.add_column("STATUS", no_wrap=True)
    if room < min(url + detail, _ROOM_FOR_BOTH):
        width = max(1, console.width - status - 4)
        table.add_column("URL, TIME, DETAIL", overflow="fold", width=width)
        for row in rows:
            shown = row if verbose else _shorten(row, console, width, width - len(row.time) - 2)
            below = Text("  ").join(filter(None, [Text(row.time, "dim"), shown.detail]))
            table.add_row(row.status, Text("\n").join([Text(shown.url), below]))
        return table
    width = url if url + detail <= room else min(url, max(room - detail, room * 3 // 5))
    detail_width = min(detail, room - width)
    table.add_column("URL", overflow="fold", width=width)
    table.add_column("TIME", justify="right", no_wrap=True)
    table.add_column("DETAIL", overflow="fold", width=detail_width)
    for row in rows:
        shown = row if verbose else _shorten(row, console, width, detail_width)
        table.add_row(row.status, Text(shown.url), Text(row.time, "dim"), shown.detail)
    return table


def _shorten(row: Cells, console: PlainConsole, url: int, detail: int) -> Cells:
    """A row with its URL cut to a width, and what is not to be acted on cut to a line."""
    cut = Text(console.shorten(row.detail.plain, detail), row.detail.style) if row.is_ok else row.detail
    return replace(row, url=console.shorten(row.url, url), detail=cut)


def list_lines(rows: list[Cells], console: PlainConsole) -> Iterator[Text]:
    """For a pipe or a file: the same columns, nothing cut or folded, no blank at the end of a line."""
    status, url, time, detail = _measure(rows, longest_url=_MOST_PADDING)
    before_detail = 1 + status + 2 + url + 2 + time + 2
    yield Text()
    yield Text(f" {'STATUS':{status}}  {'URL':{url}}  {'TIME':>{time}}  DETAIL", "bold")
    yield Text(" " + console.spell("─") * min(_LONGEST_RULE, before_detail + detail - 1), "dim")
    for row in rows:
        first, *others = row.detail.split("\n")
        line = Text.assemble(" ", row.status, " " * (status - row.status.cell_len), "  ", row.url)
        line.append(" " * (url - cell_len(row.url)) + "  ")
        line.append(f"{row.time:>{time}}  ", "dim")
        line.append_text(first)
        line.rstrip()
        yield line
        yield from (Text(" " * before_detail) + other for other in others)
    yield Text()


def _measure(rows: list[Cells], longest_url: float = math.inf) -> tuple[int, int, int, int]:
    """The widths that the columns ask for, without the URLs that are longer than that."""
    return (
        max(len("STATUS"), *(row.status.cell_len for row in rows)),
        max(len("URL"), *(width for row in rows if (width := cell_len(row.url)) <= longest_url), 0),
        max(len("TIME"), *(len(row.time) for row in rows)),
        max(len("DETAIL"), *(cell_len(line) for row in rows for line in row.detail.plain.split("\n"))),
    )
