"""Reuses what passed lately: the stored facts are judged by today's settings, and what they cannot answer is asked again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from urlcheck.model.outcome import Response
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.policy.policy import Policy
from urlcheck.settings.scopes import CheckSettings
from urlcheck.store.connection import fetch_together
from urlcheck.store.database import Database
from urlcheck.store.facts import Facts, make_outcome, read_known, reuse, unpack
from urlcheck.store.identity import Asked, Requests

# the age limit of each fact is this part longer or shorter, so that those of one run do not all fall due in one
_JITTER = 0.1
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# a multiplier that spreads numbers which are close to each other (Knuth, 6.4)
_SPREAD, _BITS = 0x9E3779B97F4A7C15, 64

_LOOKUP = """
FROM (
    SELECT target.id AS id, checked_at, facts FROM target JOIN result ON result.number = target.result
    WHERE target.id IN (SELECT value FROM json_each(?)) AND target.verdict = 'ok'
)
"""


class Reuse:
    """Looks up targets, a block at a time. `asked` has the numbers of each check's request; `max_age` is in seconds."""

    def __init__(self, database: Database, checks: Sequence[CheckSettings], asked: Requests, max_age: float) -> None:
        self._database = database
        self._checks = checks
        self._asked = asked
        self._max_age = max_age
        self._judges: list[Policy] = []

    def find(self, targets: Sequence[Target], now: int) -> dict[int, Result]:
        """The results that need no request, by the index of the target. Raises `StateError`."""
        wanted = json.dumps([target.identity for target in targets])
        with self._database.guarding("read"):
            rows = read_known(fetch_together(self._database.reader, "id, checked_at, facts", _LOOKUP, wanted))
            known = {identity: (checked_at, unpack(text)) for identity, checked_at, text in rows}
            return self._select(targets, known, now) if known else {}

    def _select(self, targets: Sequence[Target], known: dict[int, tuple[int, Facts]], now: int) -> dict[int, Result]:
        found: dict[int, Result] = {}
        for target in targets:
            if fact := known.get(target.identity):
                checked_at, facts = fact
                if is_fresh(target.identity, checked_at, now, self._max_age) and (
                    result := self._judge(target, facts, checked_at, now)
                ):
                    found[target.index] = result
        return found

    def _judge(self, target: Target, facts: Facts, checked_at: int, now: int) -> Result | None:
        """The result by today's settings; None where the facts cannot tell, or would not pass."""
        settings, asked = self._checks[target.check], self._asked.find(target.check)
        assert target.request is not None
        outcome = make_outcome(str(target.request), Verdict.OK, facts)
        if not isinstance(outcome, Response) or not can_answer(outcome, facts, settings, asked):
            return None
        if not settings.insecure and outcome.cert_expires and outcome.cert_expires.timestamp() * 1000 <= now:
            return None
        result = self._find_judge(target.check).conclude(target, outcome, facts.attempts)
        return reuse(target, result, facts, checked_at) if result.verdict is Verdict.OK else None

    def _find_judge(self, check: int) -> Policy:
        """The policy without the expectations of content, which are known to be met."""
        while len(self._judges) <= check:
            settings = self._checks[len(self._judges)]
            bare = replace(settings, expect_headers=(), expect_text=(), expect_regex=(), expect_json=(), keep_body=False)
            self._judges.append(Policy(bare))
        return self._judges[check]


def can_answer(outcome: Response, facts: Facts, settings: CheckSettings, asked: Asked) -> bool:
    """Whether the same request would be made today, and everything that it would be judged by is known."""
    if facts.asked != asked.request or (asked.expectations and facts.met != asked.expectations):
        return False
    if (facts.insecure and not settings.insecure) or (settings.block_private and not facts.block_private):
        return False
    if facts.is_wall:  # the header that tells is not stored
        return False
    if outcome.elapsed > settings.timeout or len(outcome.hops) > settings.max_redirects:
        return False
    # a client that does not follow redirects gets a different answer
    if outcome.status in _REDIRECTS and settings.max_redirects:
        return False
    is_https = outcome.url.startswith("https:")
    return not (settings.min_cert_days is not None and is_https and outcome.cert_expires is None)


def is_fresh(identity: int, checked_at: int, now: int, max_age: float) -> bool:
    """Whether a fact is younger than its age limit. One from the future tells nothing: a clock was set back."""
    part = ((identity ^ checked_at) * _SPREAD % (1 << _BITS)) / (1 << _BITS)
    return 0 <= now - checked_at <= max_age * 1000 * (1 - _JITTER + 2 * _JITTER * part)
