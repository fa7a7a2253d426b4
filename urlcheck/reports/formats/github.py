"""`-o github`: annotations of GitHub Actions, as each problem is found.

The syntax is that of workflow commands, `::error file=…,line=…,title=…::message`, and the escaping that of the runner
(actions/runner, ActionCommand.cs).
"""

from __future__ import annotations

from typing import ClassVar, TextIO

from urlcheck.model.change import Change
from urlcheck.model.record import list_file, make_record, title
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.runtime.streams import write_utf8
from urlcheck.settings.output import OutputSettings
from urlcheck.text.safe import escape

_FAILURES = frozenset({Change.NEW, Change.STILL})
_MESSAGE_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = _MESSAGE_ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


class GithubReporter:
    """Streams the problems alone, at the file and line where they stand, and says at the end how many of how many.

    With a state file, a failure that does not fail the run, as it is still there or young, is a warning.
    GitHub shows ten errors a step, however many there are: the notice at the end is what tells.
    """

    streams: ClassVar[bool] = True

    def __init__(self, stream: TextIO, settings: OutputSettings) -> None:
        self._stream = write_utf8(stream)
        self._quiet = settings.quiet

    def add(self, result: Result) -> None:
        if result.ok and result.change not in _FAILURES:
            return
        record = make_record(result)
        place = {}
        if file := list_file(result.target):
            place = {"file": escape(file), "line": str(record["line"])}
        change = f" ({result.change})" if result.change else ""
        command = "warning" if result.ok else "error"
        text = f"{title(record)} {record['detail']}"
        self._write(command, text, **place, title=f"urlcheck: {record['verdict']}{change}")

    def close(self, summary: Summary) -> None:
        if not self._quiet:
            self._write("notice", "\n".join([summary.describe(), *summary.notes, *summary.remarks]), title="urlcheck")

    def _write(self, command: str, message: str, **properties: str) -> None:
        pairs = ",".join(f"{name}={text.translate(_PROPERTY_ESCAPES)}" for name, text in properties.items())
        self._stream.write(f"::{command} {pairs}::{message.translate(_MESSAGE_ESCAPES)}\n")
