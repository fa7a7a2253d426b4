"""What a whole run came to: counts, in constant memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from urlcheck.model.outcome import Response
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.latency import Latencies
from urlcheck.text.durations import format_duration


class Summary:
    """Counts results as they pass by.

    `failures` are the verdicts that fail the run; `statuses` and `latencies` those of final answers; `recovered`: how many
    passed at a later attempt; `notes`: what else must be said of the run, a sentence each.
    """

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.verdicts: Counter[Verdict] = Counter()
        self.failures: Counter[Verdict] = Counter()
        self.statuses: Counter[int] = Counter()
        self.latencies = Latencies()
        self.recovered = 0
        self.duplicates = 0
        self.notes: list[str] = []
        self._started = time.monotonic()

    @property
    def total(self) -> int:
        return self.passed + self.failed

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """URLs a second."""
        return self.total / max(self.elapsed, 1e-9)

    def add(self, results: Sequence[Result]) -> None:
        for result in results:
            self._count(result)

    def close(self, summary: Summary) -> None:
        """A summary has nothing to finish."""

    def _count(self, result: Result) -> None:
        self.verdicts[result.verdict] += 1
        outcome = result.outcome
        if isinstance(outcome, Response):
            self.statuses[outcome.status] += 1
            self.latencies.add(outcome.elapsed, outcome.url.split("/", 3)[2])
            if result.ok and result.attempts > 1:
                self.recovered += 1
        if result.ok:
            self.passed += 1
        else:
            self.failed += 1
            self.failures[result.verdict] += 1

    def describe(self) -> str:
        """The run in one line: `12 URLs: 9 passed, 3 failed (2 status, 1 dns) in 1.4 s, 8.6 URLs/s`."""
        parts = [f"{self.passed:,} passed"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if verdicts := self.describe_verdicts():
            parts[-1] += f" ({verdicts})"
        if self.duplicates:
            parts.append(count(self.duplicates, "duplicate"))
        return f"{count(self.total, 'URL')}: {', '.join(parts)} {self.describe_time()}"

    def describe_verdicts(self) -> str:
        """`2 status, 1 dns`: how often each verdict but `ok` was reached, the most frequent first."""
        others = [f"{number:,} {verdict}" for verdict, number in self.verdicts.most_common() if verdict is not Verdict.OK]
        return ", ".join(others)

    def describe_time(self) -> str:
        """`in 1.4 s, 8.6 URLs/s`."""
        return f"in {format_duration(self.elapsed)}, {self.describe_rate()}"

    def describe_rate(self) -> str:
        return format_rate(self.rate)


def format_rate(rate: float) -> str:
    """`4,838 URLs/s`, `8.6 URLs/s`."""
    return f"{rate:,.0f} URLs/s" if rate >= 10 else f"{rate:.1f} URLs/s"


def count(number: int, noun: str) -> str:
    """`1 URL`, `2 URLs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
