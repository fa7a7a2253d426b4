"""What `--wait` asks of a run: what has not passed is checked again, after growing pauses, until it has or the time is up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from urlcheck.engine.scheduler import Job
from urlcheck.model.nouns import Result
from urlcheck.model.verdict import Verdict

# a pause is a part of the time waited already: what comes up after a while is seen within a tenth of that while
SHORTEST, LONGEST, PART = 0.25, 2.0, 0.1
# no more targets are read while so many wait
MOST_AWAITED = 50_000
# an attempt may take all the time there is; the run ends so much later, so that it is still known as the time-out that it was
GRACE = 0.1

# no attempt mends them
_FINAL = frozenset({Verdict.PRIVATE})


@dataclass(frozen=True, slots=True)
class _Awaited:
    since: float
    result: Result


class Patience:
    """Keeps what has not passed yet, with its last result. `clock`: seconds, monotonic; `seconds`: to wait, from now."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._end = clock() + seconds
        self._awaited: dict[Job, _Awaited] = {}

    @property
    def count(self) -> int:
        """Jobs that have been asked, and not passed."""
        return len(self._awaited)

    def results(self) -> Iterator[Result]:
        """The last result of every awaited job; who has waited longest comes first. May be asked from another thread."""
        return (awaited.result for awaited in list(self._awaited.values()))

    def give_up(self, job: Job) -> Result | None:
        """What came of the last attempt that was finished; the job is awaited no longer."""
        awaited = self._awaited.pop(job, None)
        return awaited.result if awaited else None

    def pause_before_next(self, job: Job, result: Result, *, is_final: bool = False) -> float | None:
        """Seconds until the job is worth another attempt; None where it is finished: it passed, or no attempt can mend it.

        `is_final`: there must be no other attempt.
        """
        if result.ok or is_final or result.verdict in _FINAL:
            self._awaited.pop(job, None)
            return None
        now = self._clock()
        awaited = self._awaited.get(job)
        since = awaited.since if awaited else now
        self._awaited[job] = _Awaited(since, result)
        pause = min(max((now - since) * PART, SHORTEST), LONGEST)
        return max(min(pause, self._end - now - SHORTEST), SHORTEST)  # the last attempt comes just before the end
