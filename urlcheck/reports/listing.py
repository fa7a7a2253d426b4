"""Which results a report that is read by people lists: a bounded number, the problems first of all."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.model.record import Record, hide_in_excerpt, make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import count

ROWS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of a result."""

    index: int
    passed: bool
    record: Record
    excerpt: str | None


class Listing:
    """Every result up to `ROWS` of them; past that the problems alone, as many at most, and not what is unchecked.

    `show`: `all` or `problems` lists these, however many there are. `unlisted`: how many problems found no place, the
    unchecked among them, of which an interrupted run has thousands that say nothing.
    """

    def __init__(self, show: str | None) -> None:
        self.unlisted = 0
        self._unchecked = 0
        self._show = show
        self._only_problems = show == "problems"
        self._rows: list[Row] = []

    def add(self, result: Result) -> None:
        if self._show is None and len(self._rows) == ROWS:
            self._keep_problems()
        if result.ok and self._only_problems:
            return
        is_unchecked = result.verdict is Verdict.UNCHECKED
        if self._show is None and self._only_problems and (is_unchecked or len(self._rows) == ROWS):
            self.unlisted += 1
            self._unchecked += is_unchecked
            return
        self._rows.append(Row(result.target.index, result.ok, make_record(result), hide_in_excerpt(result)))

    def rows(self) -> list[Row]:
        """What is listed, in the order of the input."""
        return sorted(self._rows, key=lambda row: row.index)

    def records(self) -> list[Record]:
        """The records of that."""
        return [row.record for row in self.rows()]

    def describe_unlisted(self) -> str:
        """`2 problems and 9,744 unchecked URLs`; nothing where all found a place."""
        problems = self.unlisted - self._unchecked
        parts = [
            count(problems, "problem") if problems else "",
            count(self._unchecked, "unchecked URL") if self._unchecked else "",
        ]
        return " and ".join(filter(None, parts))

    def _keep_problems(self) -> None:
        if self._only_problems:
            return
        self._only_problems = True
        problems = [row for row in self._rows if not row.passed]
        self._rows = [row for row in problems if row.record["verdict"] != Verdict.UNCHECKED]
        self.unlisted = self._unchecked = len(problems) - len(self._rows)
