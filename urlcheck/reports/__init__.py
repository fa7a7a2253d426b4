"""Reports: one file a format, one line each in the registry; all speak `Result`, and none knows where results come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, TextIO

if TYPE_CHECKING:
    from urlcheck.model.result import Result
    from urlcheck.reports.summary import Summary
    from urlcheck.settings.output import OutputSettings


class Reporter(Protocol):
    """A format. It is given every result once, then the summary of the run.

    `streams`: results are written as they come, so a file may be read while the run lasts; else it is written at the end, and
    appears whole or not at all.
    """

    streams: ClassVar[bool]

    def __init__(self, stream: TextIO, settings: OutputSettings) -> None: ...

    def add(self, result: Result) -> None:
        """Take a result; a format that streams writes it at once."""
        ...

    def close(self, summary: Summary) -> None:
        """Write the rest. The caller, which opened the stream, closes it."""
        ...
