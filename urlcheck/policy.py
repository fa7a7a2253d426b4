"""From facts to a verdict: whether what happened is good enough, and the sentence that says why not. Does no I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from urlcheck.model import Failure, Outcome, Rejection, Response, Result, Target, Verdict
from urlcheck.settings import Settings

_PASSING = frozenset({Verdict.OK, Verdict.SKIPPED})


class Policy:
    """Judges outcomes by a run's settings."""

    def __init__(self, settings: Settings) -> None:
        self._accept = settings.accept
        self._passing = _PASSING | frozenset(settings.allow)

    def judge(self, outcome: Outcome) -> tuple[Verdict, str]:
        """The verdict on an outcome, and its detail."""
        if isinstance(outcome, Failure):
            return Verdict(outcome.kind.value), outcome.message
        detail = describe_status(outcome)
        if outcome.status in self._accept:
            return Verdict.OK, detail
        if outcome.status == HTTPStatus.TOO_MANY_REQUESTS:
            return Verdict.RATE_LIMITED, detail
        return Verdict.STATUS, detail

    def passes(self, outcome: Outcome) -> bool:
        """Whether the outcome is `ok` as it stands."""
        return self.judge(outcome)[0] is Verdict.OK

    def conclude(self, target: Target, outcome: Outcome, attempts: int) -> Result:
        """The result of a target that was requested."""
        verdict, detail = self.judge(outcome)
        return self._result(target, outcome, verdict, detail, attempts)

    def reject(self, target: Target, rejection: Rejection) -> Result:
        """The result of a target that is not requested."""
        return self._result(target, None, rejection.verdict, rejection.reason, 0)

    def give_up(self, target: Target, reason: str) -> Result:
        """The result of a target of which no attempt was finished."""
        return self._result(target, None, Verdict.UNCHECKED, reason, 0)

    def _result(self, target: Target, outcome: Outcome | None, verdict: Verdict, detail: str, attempts: int) -> Result:
        return Result(target, outcome, verdict, detail, verdict in self._passing, attempts, datetime.now(UTC))


def describe_status(response: Response) -> str:
    """`404 Not Found`, with the server's own reason phrase where it gave one."""
    return f"{response.status:03} {response.reason or _standard_reason(response.status)}".rstrip()


def _standard_reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
