"""The progress bar: on standard error, on a terminal only, drawn by a timer so that no URL pays for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from urlcheck.reports.console import make_console
from urlcheck.reports.summary import Summary

_FRAMES_A_SECOND = 10


class ProgressView:
    """Draws a summary in the making; `total` is None where the source's length is not known."""

    def __init__(self, summary: Summary, total: int | None) -> None:
        self._summary = summary
        self._total = total
        self._spinner = Spinner("dots", style="cyan")

    def __rich__(self) -> Table:
        summary = self._summary
        grid = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [self._spinner, Text(self._describe_count(), "bold")]
        if self._total:
            cells.insert(1, ProgressBar(self._total, summary.total, width=28))
        if summary.failed:
            cells.append(Text(f"✗ {summary.failed:,} failed", "red"))
        cells.append(Text(summary.describe_rate(), "dim"))
        grid.add_row(*cells)
        return grid

    def _describe_count(self) -> str:
        return f"{self._summary.total:,} of {self._total:,}" if self._total else f"{self._summary.total:,} checked"


@contextmanager
def show_progress(stream: TextIO, color: str, summary: Summary, total: int | None) -> Iterator[Live]:
    """A bar that is gone when the context ends, however it ends."""
    live = Live(
        get_renderable=ProgressView(summary, total).__rich__,
        console=make_console(stream, color),
        refresh_per_second=_FRAMES_A_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live:
        yield live
