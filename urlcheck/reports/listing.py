"""Which results a report that is read by people lists: a bounded number, the problems first of all."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.model import Result
from urlcheck.reports.record import Record, make_record

ROWS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of a result."""

    index: int
    passed: bool
    record: Record
    excerpt: str | None


class Listing:
    """Every result up to `ROWS` of them; past that the problems alone, as many at most.

    `show`: `all` or `problems` lists these, however many there are. `unlisted`: how many problems found no place.
    """

    def __init__(self, show: str | None) -> None:
        self.unlisted = 0
        self._show = show
        self._only_problems = show == "problems"
        self._rows: list[Row] = []

    def add(self, result: Result) -> None:
        if result.ok and self._only_problems:
            return
        if len(self._rows) == ROWS and self._show is None:
            if not self._only_problems:
                self._only_problems = True
                self._rows = [row for row in self._rows if not row.passed]
                self.add(result)
            else:
                self.unlisted += 1
            return
        self._rows.append(Row(result.target.index, result.ok, make_record(result), result.excerpt))

    def records(self) -> list[Record]:
        """The records of what is listed, in the order of the input."""
        self._rows.sort(key=lambda row: row.index)
        return [row.record for row in self._rows]

    def excerpts(self) -> list[str | None]:
        """How the bodies of these begin, as the servers wrote them, in the same order."""
        self._rows.sort(key=lambda row: row.index)
        return [row.excerpt for row in self._rows]
