"""Selects the results that a report for people lists: a bounded number, in which problems have priority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from urlcheck.model.change import Change
from urlcheck.model.record import Record, hide_in_excerpt, make_record
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.kinds import Kind, find_kind

# up to this many results all are listed: a screen or two of a terminal; more on a page, where a reader can hide passed ones
ROWS_OF_TERMINAL, ROWS_OF_PAGE = 50, 500
_CHANGES = frozenset({Change.NEW, Change.FIXED})
# problems that a longer run lists, at most
MOST_PROBLEMS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of a result that a listing keeps."""

    index: int
    passed: bool
    kind: Kind
    record: Record
    excerpt: str | None


class Listing:
    """Every result up to `rows` of them; past that the problems alone, `MOST_PROBLEMS` at most, and none that is unchecked.

    `show`: `all`, `problems` or `changes` (what is new or fixed) lists these, however many there are. `quiet`: even a short
    listing omits passed ones. `unlisted` counts the results that are left out: an interrupted run has thousands of unchecked
    results, which say nothing.
    """

    def __init__(self, show: str | None, rows: int = ROWS_OF_PAGE, *, quiet: bool = False) -> None:
        self.unlisted: Counter[Kind] = Counter()
        self._show = show
        self._limit = rows
        self._quiet = quiet
        self._seen = 0
        self._rows: list[Row] = []

    def add(self, result: Result) -> None:
        self._seen += 1
        if self._show is None and self._seen == self._limit + 1:
            self._shorten()
        kind = find_kind(result.verdict, lets_pass=result.ok)
        if self._takes(result):
            self._rows.append(Row(result.target.index, result.ok, kind, make_record(result), hide_in_excerpt(result)))
        else:
            self.unlisted[kind] += 1

    def rows(self) -> list[Row]:
        """The rows that are listed: a short run in the order of the input, a long one with its problems last."""
        is_short = self._seen <= self._limit
        return sorted(self._rows, key=lambda row: (not (is_short or row.passed), row.index))

    def records(self) -> list[Record]:
        """The records of the listed results, in the order of the input."""
        return [row.record for row in sorted(self._rows, key=lambda row: row.index)]

    def describe_unlisted(self) -> str:
        """`2 failed, 9,744 not checked, 466 passed`; empty where every result that was asked for is listed."""
        left_out = Counter() if self._show else self.unlisted
        if self._quiet:
            left_out = Counter({kind: left_out[kind] for kind in (Kind.FAILED, Kind.UNCHECKED)})
        return describe_kinds(left_out)

    def _takes(self, result: Result) -> bool:
        if self._show == "changes":
            return result.change in _CHANGES
        if self._show == "all" or (self._show == "problems" and not result.ok):
            return True
        if result.ok:
            return self._show is None and not self._quiet and self._seen <= self._limit
        return self._seen <= self._limit or (result.verdict is not Verdict.UNCHECKED and len(self._rows) < MOST_PROBLEMS)

    def _shorten(self) -> None:
        """Drop the rows that a long listing does not hold."""
        kept = [row for row in self._rows if row.kind is Kind.FAILED]
        self.unlisted += Counter(row.kind for row in self._rows if row.kind is not Kind.FAILED)
        self._rows = kept


_IN_ORDER: Sequence[Kind] = (Kind.FAILED, Kind.UNCHECKED, Kind.ALLOWED, Kind.PASSED, Kind.SKIPPED)


def describe_kinds(kinds: Counter[Kind]) -> str:
    """`2 failed, 466 passed`: the number of each kind that there is, the most important first."""
    return ", ".join(f"{kinds[kind]:,} {kind}" for kind in _IN_ORDER if kinds[kind])
