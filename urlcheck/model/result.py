"""A result: facts and judgement together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from urlcheck.model.change import Change
from urlcheck.model.outcome import Outcome
from urlcheck.model.record import Record, make_record
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """The facts about one target, and the judgement. `outcome` is None, and `attempts` 0, where no request was finished.

    `ok`: this result lets the run pass. `checked_at`: when the verdict was reached, in UTC. `excerpt`: the beginning of the
    body, as the server wrote it, where the settings ask for it and the result does not pass. `detail` ends with the number of
    attempts from the second on. `worker`: the address of the worker of a cluster that asked; None without a cluster, and where
    no worker had the target.

    `cached`: the outcome is one of an earlier run, which passed. `change`: how the verdict compares with the one before, None
    where both passed or there is nothing to compare.
    """

    target: Target
    outcome: Outcome | None
    verdict: Verdict
    detail: str
    ok: bool
    attempts: int
    checked_at: datetime
    excerpt: str | None = None
    worker: str | None = None
    cached: bool = False
    change: Change | None = None

    def to_dict(self) -> Record:
        """The keys and values of a JSON line: plain values, secrets of URLs masked, every text safe to print."""
        return make_record(self)


def settle(target: Target, verdict: Verdict, detail: str, *, ok: bool) -> Result:
    """The result of a target that is not requested."""
    return Result(target, None, verdict, detail, ok, 0, datetime.now(UTC))
