"""Counts the results of a whole run, in constant memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from urlcheck.model.change import Change
from urlcheck.model.outcome import Response
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.kinds import OWN_KINDS, Kind, find_kind
from urlcheck.reports.latency import Latencies
from urlcheck.text.durations import format_duration

# changes in the words of a summary
CHANGE_WORDS = {Change.NEW: "new", Change.STILL: "still failing", Change.FIXED: "fixed"}


class Summary:
    """Counts results as they pass by, each in one of `kinds`.

    `requested`: results with a finished attempt; `earlier`: how many of them the run had before it was interrupted, which
    rates leave out; `failures`: the verdicts that fail the run; `statuses`: those of final answers, and of redirects that lead
    to none; `latencies`: those of final answers; `recovered`: how many passed at a later attempt; `cached`: how many were not
    asked again; `changes`: how many are new, still failing or fixed; `notes`: warnings about the run, a sentence each;
    `remarks`: other sentences about it.
    """

    def __init__(self) -> None:
        self.kinds: Counter[Kind] = Counter()
        self.requested = 0
        self.verdicts: Counter[Verdict] = Counter()
        self.failures: Counter[Verdict] = Counter()
        self.statuses: Counter[int] = Counter()
        self.latencies = Latencies()
        self.recovered = 0
        self.cached = 0
        self.earlier = 0
        self.changes: Counter[Change] = Counter()
        self.duplicates = 0
        self.notes: list[str] = []
        self.remarks: list[str] = []
        self._started = time.monotonic()

    @property
    def total(self) -> int:
        """All results."""
        return self.kinds.total()

    @property
    def checked(self) -> int:
        """Results that are neither skipped nor unchecked."""
        return self.total - self.skipped - self.unchecked

    @property
    def problems(self) -> int:
        """Results that fail the run, the unchecked ones included."""
        return self.failures.total()

    @property
    def passed(self) -> int:
        return self.kinds[Kind.PASSED]

    @property
    def failed(self) -> int:
        return self.kinds[Kind.FAILED]

    @property
    def allowed(self) -> int:
        return self.kinds[Kind.ALLOWED]

    @property
    def skipped(self) -> int:
        return self.kinds[Kind.SKIPPED]

    @property
    def unchecked(self) -> int:
        return self.kinds[Kind.UNCHECKED]

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """URLs that were requested, a second."""
        return max(self.requested - self.earlier, 0) / max(self.elapsed, 1e-9)

    def add(self, results: Sequence[Result]) -> None:
        for result in results:
            self._count(result)

    def close(self, summary: Summary) -> None:
        """A summary has nothing to finish."""

    def _count(self, result: Result) -> None:
        verdict, outcome = result.verdict, result.outcome
        self.verdicts[verdict] += 1
        self.kinds[find_kind(verdict, lets_pass=result.ok)] += 1
        if not result.ok:
            self.failures[verdict] += 1
        if result.change:
            self.changes[result.change] += 1
        if outcome is None:
            return
        if result.cached:
            self.cached += 1
            return
        self.requested += 1
        if outcome.status is not None:
            self.statuses[outcome.status] += 1
        if isinstance(outcome, Response):
            self.latencies.add(outcome.elapsed, outcome.url.split("/", 3)[2])
            if verdict is Verdict.OK and result.attempts > 1:
                self.recovered += 1

    def describe(self) -> str:
        """The run in one line: `12 URLs: 9 passed, 2 failed (1 status, 1 dns), 1 skipped in 1.4 s, 7.9 URLs/s`.

        For a run that was cut short: `9 checked, all passed; 3 read and not checked in 1.4 s, 6.4 URLs/s`.
        """
        parts = [f"{self.describe_checked()}{', ' if self.has_unchecked_only else ': '}{self.describe_passed()}"]
        if self.failed:
            parts.append(f"{self.failed:,} failed ({self.describe_failures()})")
        if self.allowed:
            parts.append(f"{self.allowed:,} allowed ({self.describe_allowed()})")
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped")
        line = ", ".join(parts)
        if self.unchecked:
            line += f"; {self.describe_unchecked()}"
        if self.duplicates:
            line += f", {count(self.duplicates, 'duplicate')}"
        if changes := self.describe_changes():
            line += f"; {changes}"
        return f"{line} {self.describe_time()}"

    @property
    def has_unchecked_only(self) -> bool:
        """Whether everything that was checked passed, and something was not checked."""
        return self.unchecked > 0 and self.passed == self.checked > 0

    def describe_checked(self) -> str:
        """`12 URLs`; `9 checked` where others were not."""
        return f"{self.checked:,} checked" if self.unchecked else count(self.total, "URL")

    def describe_passed(self) -> str:
        """`9 passed`; `all passed` where the number stands before it."""
        return "all passed" if self.has_unchecked_only else f"{self.passed:,} passed"

    def describe_unchecked(self) -> str:
        """`3 read and not checked`."""
        return f"{self.unchecked:,} read and not checked"

    def describe_failures(self) -> str:
        """`2 status, 1 dns`: the number of times that each verdict failed the run, the most frequent first."""
        return _describe(self.failures)

    def describe_allowed(self) -> str:
        """The same for the verdicts that are allowed."""
        return _describe(self.verdicts - self.failures)

    def describe_changes(self) -> str:
        """`2 new, 1 still failing, 3 fixed, 40 cached`: compared with the last run; empty where there is nothing to say."""
        parts = [f"{self.changes[change]:,} {word}" for change, word in CHANGE_WORDS.items() if self.changes[change]]
        return ", ".join([*parts, *([f"{self.cached:,} cached"] if self.cached else [])])

    def describe_time(self) -> str:
        """`in 1.4 s, 8.6 URLs/s`; the time alone where nothing was requested."""
        return f"in {format_duration(self.elapsed)}" + (f", {self.describe_rate()}" if self.requested else "")

    def describe_rate(self) -> str:
        return format_rate(self.rate)


def format_rate(rate: float) -> str:
    """`4,838 URLs/s`, `8.6 URLs/s`."""
    return f"{rate:,.0f} URLs/s" if rate >= 10 else f"{rate:.1f} URLs/s"


def count(number: int, noun: str) -> str:
    """`1 URL`, `2 URLs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _describe(verdicts: Counter[Verdict]) -> str:
    return ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.most_common() if verdict not in OWN_KINDS)
