"""Reports: one file a format, one line each in the registry; all speak `Result`, and none knows where results come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TextIO

from urlcheck.model import Result
from urlcheck.reports.summary import Summary
from urlcheck.settings import OutputSettings


class Reporter(Protocol):
    """A format. It is given every result once, then the summary of the run."""

    def add(self, result: Result) -> None:
        """Take a result; a streaming format writes it at once."""
        ...

    def close(self, summary: Summary) -> None:
        """Write what is left. The stream is closed by who opened it."""
        ...


def _jsonl(stream: TextIO, _: OutputSettings) -> Reporter:
    from urlcheck.reports.jsonl import JsonlReporter  # noqa: PLC0415 - a format is loaded when it is asked for

    return JsonlReporter(stream)


def _table(stream: TextIO, settings: OutputSettings) -> Reporter:
    from urlcheck.reports.table import TableReporter  # noqa: PLC0415

    return TableReporter(stream, settings)


REGISTRY: dict[str, Callable[[TextIO, OutputSettings], Reporter]] = {
    "table": _table,
    "jsonl": _jsonl,
}
