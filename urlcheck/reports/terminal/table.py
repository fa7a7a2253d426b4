"""`-o table`: the face of the program, a Rich table and a summary, drawn at the end of the run."""

from __future__ import annotations

from typing import ClassVar, TextIO

from rich.text import Text

from urlcheck.model.result import Result
from urlcheck.reports.listing import ROWS_OF_TERMINAL, Listing
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.cells import make_cells
from urlcheck.reports.terminal.charts import draw_summary
from urlcheck.reports.terminal.console import make_console
from urlcheck.reports.terminal.layout import draw_rows, list_lines
from urlcheck.settings.output import OutputSettings


class TableReporter:
    """Lists URLs, in the order of the input or the problems alone, and sums the run up."""

    streams: ClassVar[bool] = False

    def __init__(self, stream: TextIO, settings: OutputSettings) -> None:
        self._console = make_console(stream, settings.color)
        self._settings = settings
        self._listing = Listing(settings.show, ROWS_OF_TERMINAL, quiet=settings.quiet)

    def add(self, result: Result) -> None:
        self._listing.add(result)

    def close(self, summary: Summary) -> None:
        self._draw_listing()
        unlisted = self._listing.describe_unlisted()
        remarks = [f"not listed: {unlisted}; --show all lists the rest"] if unlisted else []
        if self._settings.quiet:
            for remark in remarks:
                self._console.print(Text(f"  {remark}", "dim"), soft_wrap=True)
            return
        for line in draw_summary(summary, self._console, remarks):
            self._console.print(line, soft_wrap=True)

    def _draw_listing(self) -> None:
        console, verbose = self._console, self._settings.verbose
        rows = [make_cells(row.record, console, verbose=verbose, excerpt=row.excerpt) for row in self._listing.rows()]
        if not rows:
            return
        console.print()
        for part in draw_rows(rows, console) if console.is_terminal else list_lines(rows, console):
            console.print(part, soft_wrap=isinstance(part, Text))
        console.print()
