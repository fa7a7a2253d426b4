"""Shows the targets that `--wait` is waiting for, in the place of the progress bar."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from urlcheck.model.record import make_record, title
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.console import PlainConsole
from urlcheck.reports.terminal.display import Display
from urlcheck.reports.waiting import Waiting, describe_awaited, list_first
from urlcheck.text.durations import format_duration

_MOST_ROWS = 10
_ATTEMPTS_WIDTH = len("attempt 1000")
_OTHER_LINES = 3  # the line of counts, the one that says how many more there are, the cursor's


class Awaiting(Display):
    """Draws counts, the time left, and the first of the list that are awaited, as many as the terminal has room for."""

    def __init__(self, console: PlainConsole, summary: Summary, run: Waiting, seconds: float) -> None:
        self._summary = summary
        self._run = run
        self._time_up = time.monotonic() + seconds
        super().__init__(console)

    def draw(self) -> Group:
        rows = max(1, min(_MOST_ROWS, self._console.height - _OTHER_LINES))
        results = list_first(self._run.awaited, rows)
        parts: list[RenderableType] = [self._draw_counts()]
        if results:
            parts.append(self._draw_rows(results))
            if (more := self._run.unfinished - len(results)) > 0:
                parts.append(Text(self._console.spell(f"  … and {more:,} more"), "dim"))
        return Group(*parts)

    def _draw_counts(self) -> Table:
        left = math.ceil(max(0.0, self._time_up - time.monotonic()))
        cells: list[RenderableType] = [
            Text(next(self._spinner), "cyan"),
            Text(f"waiting for {self._run.unfinished:,}", "bold"),
        ]
        if self._summary.passed:
            cells.append(Text(self._console.spell(f"✓ {self._summary.passed:,} passed"), "green"))
        if self._summary.failed:
            cells.append(Text(self._console.spell(f"✗ {self._summary.failed:,} failed"), "red"))
        cells.append(Text(f"{format_duration(left)} left" if left else "the time is up", "dim"))
        grid = Table.grid(padding=(0, 1))
        grid.add_row(*cells)
        return grid

    def _draw_rows(self, results: Iterable[Result]) -> Table:
        share = (self._console.width - _ATTEMPTS_WIDTH) // 2 - 2
        grid = Table.grid(padding=(0, 2, 0, 0))
        for width in (share, share, None):
            grid.add_column(no_wrap=True, overflow="ellipsis", max_width=width)
        for result in results:
            record = make_record(result)
            detail = describe_awaited(record)
            grid.add_row(Text(f"  {title(record)}"), Text(detail, "yellow"), Text(f"attempt {record['attempts']}", "dim"))
        return grid
