"""Words the targets that `--wait` is waiting for, and logs them in lines, where there is no terminal to draw on."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from urlcheck.model.attempts import format_attempts
from urlcheck.model.record import Record, make_record, title
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary, count
from urlcheck.text.durations import format_duration

# seconds between two lines: a job that waits for minutes is seen to be alive, and its log stays short
INTERVAL = 15.0
_NAMED = 3


class Waiting(Protocol):
    """A run that waits: the last results of what has not passed, and how many targets in all have no final result."""

    @property
    def awaited(self) -> Iterable[Result]: ...

    @property
    def unfinished(self) -> int: ...


class WaitingLog:
    """Says on each interval where a run that waits stands, in a line; a sink of the run's results.

    `seconds` is the time to wait; `say` prints a line.
    """

    def __init__(
        self, run: Waiting, summary: Summary, seconds: float, say: Callable[[str], None], interval: float = INTERVAL
    ) -> None:
        self._run = run
        self._summary = summary
        self._seconds = seconds
        self._say = say
        self._interval = interval
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Say something after each interval from now on; to be called in an event loop."""
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._tick)

    def add(self, results: Sequence[Result]) -> None:
        """The lines come by the clock."""

    def close(self, summary: Summary) -> None:  # noqa: ARG002 - what is said comes from it already
        self.stop()

    def stop(self) -> None:
        """Say nothing more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def describe(self) -> str:
        """`waiting for 2 URLs, 1 passed, 45 s left: http://localhost:8080/ connection refused (12 attempts)`."""
        summary, run = self._summary, self._run
        counts = [f"waiting for {count(run.unfinished, 'URL')}"]
        counts += (f"{number:,} {kind}" for kind, number in summary.kinds.items())
        left = math.ceil(max(0.0, self._seconds - summary.elapsed))
        counts.append(f"{format_duration(left)} left" if left else "the time is up")
        named = [make_record(result) for result in list_first(run.awaited, _NAMED)]
        shown = [f"{title(record)} {describe_awaited(record)}{format_attempts(record['attempts'])}" for record in named]
        if shown and (more := run.unfinished - len(shown)) > 0:
            shown.append(f"{more:,} more")
        return f"{', '.join(counts)}{': ' if shown else ''}{'; '.join(shown)}"

    def _tick(self) -> None:
        self._say(f"urlcheck: {self.describe()}")
        self.start()


@contextmanager
def saying(log: WaitingLog) -> Iterator[WaitingLog]:
    """A context in which the log says something on each interval."""
    log.start()
    try:
        yield log
    finally:
        log.stop()


def list_first(awaited: Iterable[Result], number: int) -> list[Result]:
    """The `number` results whose targets come first in the input, in its order."""
    return heapq.nsmallest(number, awaited, key=lambda result: result.target.index)


def describe_awaited(record: Record) -> str:
    """The last verdict, without the number of attempts, which stands beside it."""
    detail = record["detail"].removesuffix(format_attempts(record["attempts"]))
    return detail if record["status"] else f"{record['verdict']}: {detail}"
