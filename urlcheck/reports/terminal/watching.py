"""The live table of a watch, on the alternate screen: problems first, with the last checks of each target."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from typing import TextIO

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from urlcheck.reports.terminal.console import PlainConsole, make_console
from urlcheck.reports.terminal.display import Display
from urlcheck.reports.watching import WatchFrame, WatchRow, draw_sparkline, format_span
from urlcheck.reports.wording import format_elapsed

# the control sequence that Rich sends for it
_LEAVE = b"\x1b[?1049l"
# seconds for which a terminal that takes nothing is waited for, where the program must end at once
_STALL_SECONDS = 0.1
_STYLES = {"up": "green", "degraded": "yellow", "suspect": "yellow", "down": "bold red", "unknown": "dim"}
_MARKS = {"up": "✓", "degraded": "!", "suspect": "!", "down": "✗", "unknown": "-"}
# lines above and below the rows: headline, counts, a blank, the head of the table, a blank, what is hidden
_OTHER_LINES = 6
# columns of everything but target, detail and sparkline; and what these get of a wide terminal
_FIXED, _NARROW, _WIDE = 34, 90, 130


class WatchTable(Display):
    """Draws the latest frame that it is given, whenever there is a new one; in it, up to `most_lines` lines."""

    most_lines = 5

    def __init__(self, console: PlainConsole) -> None:
        self.frame: WatchFrame | None = None
        self._drawn: WatchFrame | None = None
        self._is_suspended = False
        super().__init__(console, screen=True)

    def count_rows(self, lines: int) -> int:
        """The rows that the terminal has room for below this number of lines."""
        return max(1, self._console.height - _OTHER_LINES - lines - bool(lines))

    def tick(self, frame: int) -> None:
        if self.frame is not self._drawn and not self._is_suspended:
            self._drawn = self.frame
            super().tick(frame)

    def suspend(self) -> None:
        """Leave the alternate screen: the program is about to be stopped by its terminal."""
        self._is_suspended = True
        self._console.set_alt_screen(False)

    def leave_at_once(self) -> None:
        """Leave the alternate screen from a signal's handler, unless the terminal stalls."""
        descriptor = self._console.file.fileno()
        if select.select([], [descriptor], [], _STALL_SECONDS)[1]:
            os.write(descriptor, _LEAVE)

    def resume(self) -> None:
        """The program goes on."""
        self._console.set_alt_screen(True)
        self._drawn = None
        self._is_suspended = False

    def draw(self) -> RenderableType:
        if self.frame is None:
            return Text()
        return Group(*self._draw_parts(self.frame))

    def _draw_parts(self, frame: WatchFrame) -> Iterator[RenderableType]:
        yield self._draw_line(f" {_MARKS[frame.state]} {frame.headline}", _STYLES[frame.state])
        coming = "" if frame.next_check is None else f"   next check in {format_span(frame.next_check)}"
        counts = self._console.shorten(f" {frame.counts}{coming}   q ends", self._console.width)  # how to end it stays
        yield self._draw_line(counts, "dim")
        if frame.lines:
            yield Text()
            for line in frame.lines:
                yield self._draw_line(f" {line}", "dim")
        yield Text()
        yield self._draw_rows(frame)
        if frame.hidden:
            yield self._draw_line(f" … and {frame.hidden:,} more", "dim")

    def _draw_line(self, text: str, style: str) -> Text:
        return Text(self._console.cut(text, self._console.width), style, no_wrap=True)

    def _draw_rows(self, frame: WatchFrame) -> Table:
        width = self._console.width
        checks = 10 if width < _NARROW else 20 if width < _WIDE else 40
        room = max(16, width - _FIXED - checks)
        target = room * 3 // 5 if width < _WIDE else room // 2
        widths = target, room - target, checks
        table = Table(box=None, show_edge=False, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
        table.add_column(" STATE", no_wrap=True, width=11)
        table.add_column("TARGET", no_wrap=True, width=target)
        table.add_column("LAST", no_wrap=True, width=room - target)
        table.add_column("TIME", no_wrap=True, width=7, justify="right")
        table.add_column("CHECKS", no_wrap=True, width=checks)
        table.add_column("SINCE", no_wrap=True, width=5, justify="right")
        table.add_column("NEXT", no_wrap=True, width=4, justify="right")
        for row in frame.rows:
            table.add_row(*self._draw_cells(row, *widths))
        return table

    def _draw_cells(self, row: WatchRow, target: int, detail: int, checks: int) -> Iterator[Text]:
        spell = self._console.spell
        is_up = row.state == "up"
        style = "dim" if row.in_maintenance else _STYLES[row.state]
        yield Text("maintenance" if row.in_maintenance and not is_up else spell(f" {_MARKS[row.state]} {row.state}"), style)
        yield Text(self._console.shorten(row.title, target))
        yield Text(self._console.cut(row.detail, detail), "dim" if is_up else "")
        yield Text(format_elapsed(row.latencies[-1]) if row.latencies and row.latencies[-1] is not None else "", "dim")
        yield Text(spell(draw_sparkline(row.latencies, checks)), "green" if is_up else style)
        yield Text(format_span(row.since), "dim")
        yield Text(spell("…") if row.next_check is None else format_span(row.next_check), "dim")


def open_table(stream: TextIO, color: str) -> WatchTable | None:
    """A table on this terminal; None where that cannot go back on its line."""
    console = make_console(stream, color)
    return None if console.is_dumb_terminal else WatchTable(console)
