"""Lays out rows: in columns on a terminal, below each other on a narrow one, and unfolded in a pipe."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from urlcheck.reports.terminal.cells import Cells
from urlcheck.reports.terminal.console import PlainConsole

_ROOM_FOR_BOTH = 46  # columns that a URL and a detail need to stand side by side, where one of them is long
_GAPS = 7  # two blanks between the columns, one at the left
_ASCII_BOX = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
# in a pipe nothing is cut, and a longer URL makes room for itself alone
_MOST_PADDING = 100
_LONGEST_RULE = 160


_URL = "://"  # is in a text that holds one


@dataclass(frozen=True, slots=True)
class Widths:
    """The columns of the table, in cells."""

    status: int
    url: int
    time: int
    detail: int


def draw_rows(rows: Sequence[Cells], console: PlainConsole) -> Iterator[Table | Text]:
    """For a terminal: details are folded, and a URL that must be whole has a line of its own where its column is too narrow.

    So has a long detail that holds a URL. Such a line is left to the terminal to break: nothing stands in between when it is
    copied.
    """
    widths = _fit(rows, console.width)
    if widths is None:
        yield from _draw_narrow(rows, console)
        return
    indent = widths.status + 3
    table = _make_table(widths, console, has_head=True)
    for row in rows:
        time, detail = Text(row.time, "dim"), _shorten_detail(row, console, widths.detail)
        below = row.evidence
        if detail.cell_len > widths.detail and _URL in detail.plain:
            detail, below = Text(), (detail, *below)
        if row.is_whole and row.url.cell_len > widths.url:
            yield table
            yield _start(row, widths.status) + row.url
            table = _make_table(widths, console)
            table.add_row(Text(), Text(), time, detail)
        else:
            table.add_row(row.status, _shorten_url(row, console, widths.url), time, detail)
        if below:
            yield table
            yield from _draw_below(below, console, indent)
            table = _make_table(widths, console)
    if table.row_count:
        yield table


def list_lines(rows: Sequence[Cells], console: PlainConsole) -> Iterator[Text]:
    """For a pipe or a file: the same columns, nothing cut or folded, no blank at the end of a line."""
    widths = _measure(rows, longest_url=_MOST_PADDING)
    before_detail = widths.status + widths.url + widths.time + _GAPS
    yield Text(f" {'STATUS':{widths.status}}  {'URL':{widths.url}}  {'TIME':>{widths.time}}  DETAIL", "bold")
    yield Text(" " + console.spell("─") * min(_LONGEST_RULE, before_detail + widths.detail - 1), "dim")
    for row in rows:
        line = _start(row, widths.status) + row.url
        line.append(" " * (widths.url - row.url.cell_len) + "  ")
        line.append(f"{row.time:>{widths.time}}  ", "dim").append_text(row.detail)
        line.rstrip()
        yield line
        yield from (Text(" " * (widths.status + 3)) + evidence for evidence in row.evidence)


def _fit(rows: Sequence[Cells], width: int) -> Widths | None:
    """Columns that are together no wider than the terminal; None where it is too narrow for them."""
    wanted = _measure(rows)
    room = width - wanted.status - wanted.time - _GAPS
    if room < min(wanted.url + wanted.detail, _ROOM_FOR_BOTH):
        return None
    most = wanted.url if wanted.url + wanted.detail <= room else max(room - wanted.detail, room * 3 // 5)
    # a longer URL that has a line of its own needs no room in the column
    url = max(len("URL"), *(min(row.url.cell_len, most) for row in rows if row.url.cell_len <= most or not row.is_whole), 0)
    return Widths(wanted.status, url, wanted.time, min(wanted.detail, room - url))


def _measure(rows: Sequence[Cells], longest_url: float = math.inf) -> Widths:
    """The widths that the columns ask for, without the URLs that are longer than that."""
    return Widths(
        max(len("STATUS"), *(row.status.cell_len for row in rows)),
        max(len("URL"), *(width for row in rows if (width := row.url.cell_len) <= longest_url), 0),
        max(len("TIME"), *(len(row.time) for row in rows)),
        max(len("DETAIL"), *(cell_len(row.detail.plain) for row in rows)),
    )


def _make_table(widths: Widths, console: PlainConsole, *, has_head: bool = False) -> Table:
    table = Table(
        box=_ASCII_BOX if console.is_ascii else box.SIMPLE_HEAD,
        show_edge=False,
        show_header=has_head,
        padding=(0, 0, 0, 1),
        header_style="bold",
        border_style="dim",
    )
    table.add_column("STATUS", no_wrap=True, width=widths.status)
    table.add_column("URL", overflow="fold", width=widths.url)
    table.add_column("TIME", justify="right", no_wrap=True, width=widths.time)
    table.add_column("DETAIL", overflow="fold", width=widths.detail)
    return table


def _draw_narrow(rows: Sequence[Cells], console: PlainConsole) -> Iterator[Text]:
    """Each row in lines of its own: outcome and URL, then time and detail."""
    status = _measure(rows).status
    indent = status + 3
    room = max(1, console.width - indent)
    yield Text(f" {'STATUS':{status}}  URL, TIME, DETAIL", "bold", no_wrap=True, overflow="crop")
    yield Text(console.spell("─") * console.width, "dim")
    for row in rows:
        yield _start(row, status) + (row.url if row.is_whole else _shorten_url(row, console, room))
        detail = _shorten_detail(row, console, room - len(row.time) - 2)
        yield from _wrap(Text("  ").join(filter(None, [Text(row.time, "dim"), detail])), console, indent)
        yield from _draw_below(row.evidence, console, indent)


def _draw_below(lines: Sequence[Text], console: PlainConsole, indent: int) -> Iterator[Text]:
    for line in lines:
        if _URL in line.plain:  # it is left whole
            yield Text(" " * indent) + line
        else:
            yield from _wrap(line, console, indent)


def _wrap(text: Text, console: PlainConsole, indent: int) -> Iterator[Text]:
    for line in text.wrap(console, max(1, console.width - indent)):
        line.rstrip()
        yield Text(" " * indent) + line


def _start(row: Cells, width: int) -> Text:
    """The beginning of a line: the outcome, and the blanks up to the URL."""
    return Text.assemble(" ", row.status, " " * (width - row.status.cell_len + 2))


def _shorten_url(row: Cells, console: PlainConsole, width: int) -> Text:
    return Text(console.shorten(row.url.plain, width), row.url.style)


def _shorten_detail(row: Cells, console: PlainConsole, width: int) -> Text:
    """The detail, cut to a line where nothing in it has to be acted on."""
    return Text(console.shorten(row.detail.plain, width), row.detail.style) if row.is_ok else row.detail
