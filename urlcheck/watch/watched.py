"""One target under watch: its state, its last result, and bounded series of the past."""

from __future__ import annotations

import math
from array import array
from collections import Counter, deque
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from urlcheck.http.headers import Headers
from urlcheck.model.outcome import Response
from urlcheck.model.record import make_record, shown_url
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.text.safe import clean
from urlcheck.watch.health import Health
from urlcheck.watch.view import Change, State

# the most latencies of checks, and the most changes of state, that are kept of each target
LATENCIES, CHANGES = 60, 20
_NO_HEADERS = Headers()
_ID_BYTES = 6


class Watched:
    """A target under watch. Its memory is bounded: 10,000 targets take some 20 MB.

    `settled` is the result of an entry that is no URL, which no request changes. `notified` is the state that was last told by
    a notification, `told_days` the last threshold of its certificate that was. `windows` are its maintenance windows.
    """

    __slots__ = (
        "cert_expires",
        "changes",
        "checks",
        "health",
        "id",
        "latencies",
        "name",
        "notified",
        "result",
        "settled",
        "since",
        "state_changes",
        "target",
        "told_days",
        "url",
        "windows",
    )

    def __init__(self, target_id: str, target: Target, since: datetime) -> None:
        self.id = target_id
        self.health = Health()
        self.since = since
        self.result: Result | None = None
        self.settled: Result | None = None
        self.checks: Counter[str] = Counter()
        self.state_changes = 0
        self.latencies = array("f")
        self.changes: deque[Change] = deque(maxlen=CHANGES)
        self.notified = State.UNKNOWN
        self.windows: frozenset[int] = frozenset()
        self.cert_expires: datetime | None = None
        self.told_days: int | None = None
        self.retarget(target)

    def retarget(self, target: Target) -> None:
        """The list was read anew: the same target may have another name or other settings."""
        self.target = target
        self.url = shown_url(target)
        self.name = clean(target.name) if target.name else None

    @property
    def state(self) -> State:
        return self.health.state

    def record(self, result: Result) -> None:
        """Take a result into the series."""
        outcome = result.outcome
        if isinstance(outcome, Response):  # headers may be long, and nothing reads them any more
            result = replace(result, outcome=replace(outcome, headers=_NO_HEADERS))
        self.result = result
        self.checks[result.verdict.value] += 1
        self.latencies.append(outcome.elapsed * 1000 if isinstance(outcome, Response) else math.nan)
        if len(self.latencies) > LATENCIES:
            del self.latencies[0]
        if outcome and outcome.cert_expires:
            self.cert_expires = outcome.cert_expires

    def change(self, before: State, at: datetime) -> Change:
        """Record a change of the state. Returns the change, which is kept."""
        self.since = at
        self.state_changes += 1
        record = make_record(self.result) if self.result else None
        change = Change(at, before, self.state, record["verdict"] if record else "", record["detail"] if record else "")
        self.changes.appendleft(change)
        return change

    def list_titles(self) -> list[str]:
        """The texts in which a maintenance window looks for its expression: the URL as written and whole, and the name."""
        target = self.target
        return [target.url, str(target.request) if target.request else "", target.name or ""]

    def list_latencies(self) -> list[float | None]:
        """Milliseconds, oldest first; None for a check without an answer."""
        return [None if math.isnan(value) else round(value, 1) for value in self.latencies]


def make_id(target: Target) -> str:
    """Twelve hexadecimal digits that stay the same over restarts. They are made of the URL without its secrets."""
    return blake2b(shown_url(target).encode("utf-8", "surrogatepass"), digest_size=_ID_BYTES).hexdigest()
