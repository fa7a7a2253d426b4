"""Decides when a job is checked again: after a failure that may pass, or, with `--wait`, until it passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from urlcheck.engine.check import Check
from urlcheck.engine.job import Job
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.policy.backoff import backoff

# a pause is this part of the time waited already, within two bounds in seconds: a service that comes up late is seen within a
# tenth of the time that it took
SHORTEST_PAUSE, LONGEST_PAUSE, PAUSE_PART = 0.25, 2.0, 0.1
# an attempt may take all the time there is; the run ends this many seconds later, so that it is still reported as a time-out
GRACE_SECONDS = 0.1

# no attempt changes these
_FINAL = frozenset({Verdict.PRIVATE})


class Repeat(Protocol):
    """Decides after each attempt whether there is another one."""

    @property
    def awaited(self) -> Sequence[Result]:
        """The last results of jobs that come back until they pass. May be called from another thread."""
        ...

    @property
    def count(self) -> int:
        """The number of jobs in `awaited`."""
        ...

    def delay(self, job: Job, result: Result) -> float | None:
        """Seconds until the next attempt; None: the result is final."""
        ...

    def last(self, job: Job) -> Result | None:
        """The last result of a job that gets no further attempt because the run ends; None if no attempt was finished."""
        ...

    def may_repeat(self, job: Job) -> bool:
        """Whether the job has another attempt if the one that is under way fails."""
        ...


class Retry:
    """Repeats a failure that may pass, as often as the settings of its target say, after a backoff."""

    awaited: Sequence[Result] = ()
    count = 0

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks

    def delay(self, job: Job, result: Result) -> float | None:
        check = self._checks[job.target.check]
        if result.outcome is None or not self.may_repeat(job) or not check.policy.may_pass_later(result.outcome):
            return None
        return backoff(max(1, job.counted))

    def last(self, job: Job) -> Result | None:
        return job.result

    def may_repeat(self, job: Job) -> bool:
        return job.counted <= self._checks[job.target.check].settings.retries


@dataclass(frozen=True, slots=True)
class _Awaited:
    since: float
    result: Result


class UntilPassed:
    """Repeats what does not pass until it does, or until the time is up.

    `clock` gives seconds, monotonic; `seconds` is the time to wait, from now.
    """

    def __init__(self, checks: Sequence[Check], clock: Callable[[], float], seconds: float) -> None:
        self._checks = checks
        self._clock = clock
        self._end = clock() + seconds
        self._awaited: dict[Job, _Awaited] = {}

    @property
    def awaited(self) -> Sequence[Result]:
        return [awaited.result for awaited in list(self._awaited.values())]

    @property
    def count(self) -> int:
        return len(self._awaited)

    def delay(self, job: Job, result: Result) -> float | None:
        policy = self._checks[job.target.check].policy
        if result.ok or result.outcome is None or result.verdict in _FINAL or not policy.may_be_asked_again(result.outcome):
            self._awaited.pop(job, None)
            return None
        now = self._clock()
        awaited = self._awaited.get(job)
        since = awaited.since if awaited else now
        self._awaited[job] = _Awaited(since, result)
        pause = min(max((now - since) * PAUSE_PART, SHORTEST_PAUSE), LONGEST_PAUSE)
        return max(min(pause, self._end - now - SHORTEST_PAUSE), SHORTEST_PAUSE)  # the last attempt comes just before the end

    def last(self, job: Job) -> Result | None:
        self._awaited.pop(job, None)
        return job.result

    def may_repeat(self, job: Job) -> bool:  # noqa: ARG002 - every job comes back
        return True


def make_repeat(checks: Sequence[Check], clock: Callable[[], float], wait: float | None) -> Repeat:
    """The repeats of a run."""
    return UntilPassed(checks, clock, wait) if wait else Retry(checks)
