"""`-o csv`: the fields of the JSON lines, a row a URL, as each result is reached."""

from __future__ import annotations

import csv
from typing import ClassVar, TextIO

from urlcheck.model.record import Record, Redirect, make_record
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings

# characters that a spreadsheet takes for the start of a formula, in full width too (OWASP, CSV injection)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# GitHub Actions takes it for a command at the start of a line, and a row starts with a URL
_COMMAND_START = "::"


class CsvReporter:
    """Streams results below a header row (RFC 4180, but lines end in LF): true and false, nothing where there is none.

    Redirects are `STATUS URL` pairs, joined by blanks; a text that a spreadsheet or a CI job would run begins with an
    apostrophe.
    """

    streams: ClassVar[bool] = True

    def __init__(self, stream: TextIO, _: OutputSettings) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._has_header = False
        self._columns = [*Record.__annotations__]

    def add(self, result: Result) -> None:
        record: dict[str, object] = {**make_record(result)}
        if not self._has_header:  # a run with a state file has two columns more; a target's name has none
            self._columns += [key for key in ("change", "cached") if key in record]
        self._write_header()
        self._writer.writerow(_make_cell(record[key]) for key in self._columns)

    def close(self, summary: Summary) -> None:  # noqa: ARG002 - there is no place for it
        """Write the header row also of a table without rows."""
        self._write_header()

    def _write_header(self) -> None:
        if not self._has_header:
            self._has_header = True
            self._writer.writerow(self._columns)


def _make_cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(map(_join_redirect, value))
    if isinstance(value, str) and value.startswith((*_FORMULA_STARTS, _COMMAND_START)):
        return f"'{value}"
    return value


def _join_redirect(redirect: Redirect) -> str:
    return f"{redirect['status']} {redirect['url']}"
