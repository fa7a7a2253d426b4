"""From facts to a verdict: whether what happened is good enough, and the sentence that says why not. Does no I/O."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from urlcheck.http.retry_after import TEMPORARY_STATUSES, parse_retry_after
from urlcheck.model.attempts import format_attempts
from urlcheck.model.outcome import Failure, FailureKind, Outcome, Response
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.policy.overload import Overload
from urlcheck.policy.statuses import format_statuses
from urlcheck.policy.walls import find_wall
from urlcheck.settings.scopes import CheckSettings
from urlcheck.text.durations import format_duration

if TYPE_CHECKING:
    from urlcheck.policy.expectations import Expectation, ExpectedRegex

_VERDICTS = {kind: Verdict(kind.value) for kind in FailureKind}
_BEFORE_THE_REQUEST = frozenset({FailureKind.DNS, FailureKind.TLS})
# the statuses with which a server rejects requests for its load, and for how many seconds it may reject all of them: a 429
# means a limit, often one by the minute; a 503 comes as often from a server that is out of order
_GIVE_UP_AFTER = {429: 60.0, 503: 15.0}

_PUNCTUATION = ",;\"'"
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}

# bytes at the beginning of a body that an excerpt shows, at most
_EXCERPT_BYTES = 2 * 1024

# the words of nginx, Go and Apache in their 400 to a request without TLS, on a port that requires it
_TLS_WORDS = re.compile(rb"HTTP request (was sent to HTTPS port|to an HTTPS server)|plain HTTP to an SSL-enabled server port")
_TLS_PORTS = (":443", ":8443")


class Policy:
    """Judges outcomes by the settings of a check. Raises `SettingsError` for an expectation that cannot be used.

    `waits`: a target that does not pass is checked until it does.
    """

    def __init__(self, settings: CheckSettings, *, waits: bool = False) -> None:
        self._accepted = frozenset(settings.accepted)
        # some bot walls answer with a 2xx, which passes only where the user names it
        self._accepts_walls = settings.accept is not None
        self._is_repeatable = settings.is_repeatable
        self._lets_pass = {verdict for verdict in Verdict if settings.lets_pass(verdict)}
        self._expectations: list[Expectation] = []
        self._searches: list[ExpectedRegex] = []
        if settings.expects_body or settings.expect_headers:
            self._expect(settings)
        self._keeps_body = settings.keep_body
        self._is_waiting = waits
        self._max_time = settings.max_time
        self._min_cert_time = None if settings.min_cert_days is None else timedelta(days=settings.min_cert_days)

    def _expect(self, settings: CheckSettings) -> None:
        from urlcheck.policy.expectations import ExpectedRegex, list_expectations  # noqa: PLC0415 - many a run expects nothing

        self._expectations = list(list_expectations(settings))
        self._searches = [each for each in self._expectations if isinstance(each, ExpectedRegex)]

    def judge(self, outcome: Outcome) -> tuple[Verdict, str]:
        """The verdict on an outcome, and its detail."""
        if isinstance(outcome, Failure):
            return _VERDICTS[outcome.kind], outcome.message
        return self._judge_status(outcome) or self._find_unmet(outcome) or (Verdict.OK, describe_status(outcome))

    def _judge_status(self, response: Response) -> tuple[Verdict, str] | None:
        """The verdict on a status that is not accepted."""
        wall = find_wall(response)
        if response.status in self._accepted and (self._accepts_walls or not wall):
            return None
        detail = describe_status(response)
        if wall:
            return Verdict.BLOCKED, f"{detail}: {wall}"
        if response.status == 429:
            return Verdict.RATE_LIMITED, detail
        if hint := _find_missing_tls(response):
            detail += f": {hint}"
        if response.status < 400:  # its own words do not say that it is a failure
            detail += f"; accepted: {format_statuses(self._accepted)}"
        return Verdict.STATUS, detail

    def _find_unmet(self, response: Response) -> tuple[Verdict, str] | None:
        """The first expectation that an accepted answer does not meet."""
        for expectation in self._expectations:
            if unmet := expectation.describe_unmet(response):
                return Verdict.CONTENT, unmet
        if self._max_time is not None and response.elapsed > self._max_time:
            return Verdict.SLOW, f"took {format_duration(response.elapsed)}, more than {format_duration(self._max_time)}"
        if self._min_cert_time is not None and response.cert_expires:
            left = response.cert_expires - datetime.now(UTC)
            if left < self._min_cert_time:
                return Verdict.CERT, f"certificate expires on {response.cert_expires:%Y-%m-%d}, in {max(left.days, 0)} days"
        return None

    def takes_long(self, outcome: Outcome) -> bool:
        """Whether judging may take more than some milliseconds, and is better done aside."""
        if isinstance(outcome, Failure) or not outcome.body:
            return False
        return any(search.takes_long(outcome) for search in self._searches)

    def passes(self, outcome: Outcome) -> bool:
        """Whether the outcome is `ok` as it stands."""
        return self.judge(outcome)[0] is Verdict.OK

    def may_pass_later(self, outcome: Outcome) -> bool:
        """Whether another attempt is worth its while, and does no harm.

        A request that is not idempotent is repeated only if the server refused at once to serve it now.
        """
        if isinstance(outcome, Failure):
            return outcome.transient
        if not self._is_repeatable and (outcome.hops or outcome.status not in _GIVE_UP_AFTER):
            return False
        refusal = self._judge_status(outcome) if outcome.status in TEMPORARY_STATUSES else None
        return refusal is not None and refusal[0] is not Verdict.BLOCKED

    def may_be_asked_again(self, outcome: Outcome) -> bool:
        """Whether another attempt does no harm, even if it is of no use."""
        if self._is_repeatable or self.may_pass_later(outcome):
            return True
        return isinstance(outcome, Failure) and outcome.kind in _BEFORE_THE_REQUEST and not outcome.hops

    def find_overload(self, outcome: Outcome) -> Overload | None:
        """The overload that the outcome reports; None where the load of the host is not the reason for its answer.

        That is so, without a Retry-After, for an accepted status, a bot wall's, and the 503 of a service that is waited for.
        """
        if isinstance(outcome, Failure) or outcome.status not in _GIVE_UP_AFTER:
            return None
        retry_after = parse_retry_after(outcome.headers.get("Retry-After")) or 0.0
        if not retry_after:
            refusal = self._judge_status(outcome)
            if refusal is None or refusal[0] is Verdict.BLOCKED or (self._is_waiting and outcome.status == 503):
                return None
        return Overload(retry_after, _GIVE_UP_AFTER[outcome.status])

    def conclude(self, target: Target, outcome: Outcome, attempts: int) -> Result:
        """The result of a target that was requested. From the second attempt on its detail says how many were made."""
        verdict, detail = self.judge(outcome)
        if verdict is not Verdict.OK and (odd := find_odd_end(target.url)):
            detail += f"; does '{odd}' at the end belong to the URL?"
        detail += format_attempts(attempts)
        if isinstance(outcome, Failure) or outcome.body is None:
            return self._result(target, outcome, verdict, detail, attempts)
        excerpt = _excerpt(outcome) if self._keeps_body else None
        result = self._result(target, replace(outcome, body=None, is_whole=True), verdict, detail, attempts)
        return replace(result, excerpt=excerpt) if excerpt and not result.ok else result

    def _result(self, target: Target, outcome: Outcome, verdict: Verdict, detail: str, attempts: int) -> Result:
        return Result(target, outcome, verdict, detail, verdict in self._lets_pass, attempts, datetime.now(UTC))


def find_odd_end(entry: str) -> str | None:
    """The last character of an entry if it may come from the text around a URL: punctuation, a quote, a bracket not opened."""
    end = entry[-1:]
    if end in _BRACKETS:
        return end if entry.count(end) > entry.count(_BRACKETS[end]) else None
    return end if end and end in _PUNCTUATION else None


def describe_status(response: Response) -> str:
    """`404 Not Found`, with the server's own reason phrase where it gave one."""
    status = response.status
    standing = "" if 100 <= status <= 599 else "(not a standard status)"
    return " ".join(part for part in (f"{status:03}", response.reason or _standard_reason(status), standing) if part)


def _excerpt(response: Response) -> str:
    body = response.body or b""
    from urlcheck.http.charsets import decode  # noqa: PLC0415 - few bodies are shown

    text = decode(body[:_EXCERPT_BYTES], response.headers.get("Content-Type"))
    is_cut = len(body) > _EXCERPT_BYTES or not response.is_whole
    return (text.rpartition("\n")[0] or text) if is_cut else text  # half a line may be half a secret, which looks like none


def _standard_reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _find_missing_tls(response: Response) -> str | None:
    """A hint where a 400 to an http URL says, or its port or form suggests, that the server requires TLS."""
    if response.status != 400 or not response.url.startswith("http:"):
        return None
    said = response.reason.encode("utf-8", "replace") + (response.body or b"")[:_EXCERPT_BYTES]
    if _TLS_WORDS.search(said):
        return "the server speaks TLS: an https URL may be meant"
    # Go's server answers so with a 400 that has no headers
    is_likely = not response.headers or response.url.split("/", 3)[2].endswith(_TLS_PORTS)
    return "an https URL may be meant" if is_likely else None
