"""The state of one target over several checks: pure logic, told each result and whether this machine's network answers."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.watch.network import Network, is_silent
from urlcheck.watch.view import State

# the target was reached, but not as wished
DEGRADED = frozenset({Verdict.SLOW, Verdict.CERT, Verdict.RATE_LIMITED, Verdict.BLOCKED})
# states that last until the opposite is confirmed
SETTLED = frozenset({State.UP, State.DEGRADED, State.DOWN})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Failures in a row before a target is down, and passes in a row before it is up again."""

    confirm: int = 2
    recover: int = 1


class Health:
    """Counts the passes and failures in a row of one target.

    `state` is what is shown; `settled` is the last state that was confirmed, UNKNOWN before the first. `failures`: results in
    a row that did not pass. The verdicts of `DEGRADED` count among them, but only the others make a target down. `is_held`:
    enough failures in a row, but nothing else has answered since they began, so this machine's network may be the reason.
    """

    __slots__ = ("_answers_before", "_hard_failures", "failures", "is_held", "passes", "settled", "state")

    def __init__(self) -> None:
        self.state = State.UNKNOWN
        self.settled = State.UNKNOWN
        self.failures = self.passes = self._hard_failures = 0
        self.is_held = False
        self._answers_before = 0

    def update(self, result: Result, thresholds: Thresholds, network: Network) -> None:
        """Take a result that the network was told before."""
        self.is_held = False
        if result.ok:
            self._pass(thresholds)
            return
        self.passes = 0
        if network.is_suspected and is_silent(result):
            self.doubt()
            return
        if not self.failures:
            self._answers_before = network.answers
        self.failures += 1
        self._hard_failures = 0 if result.verdict in DEGRADED else self._hard_failures + 1
        if self._hard_failures >= thresholds.confirm:
            self._fail(network, is_silent=is_silent(result))
        elif not self._hard_failures and (self.failures >= thresholds.confirm or self.settled is State.DOWN):
            self._settle(State.DEGRADED)
        else:
            self.state = State.DOWN if self.settled is State.DOWN else State.SUSPECT

    def release(self) -> None:
        """Set the state to down, because another target has answered."""
        self.is_held = False
        self._settle(State.DOWN)

    def doubt(self) -> None:
        """Set the state to unknown, and drop the failures, because this machine's network is suspected."""
        self.failures = self._hard_failures = 0
        self.is_held = False
        self.state = State.UNKNOWN

    def _pass(self, thresholds: Thresholds) -> None:
        self.failures = self._hard_failures = 0
        self.passes += 1
        if self.settled in (State.DOWN, State.DEGRADED) and self.passes < thresholds.recover:
            self.state = self.settled
        else:
            self._settle(State.UP)

    def _fail(self, network: Network, *, is_silent: bool) -> None:
        is_new = self.settled is not State.DOWN
        if is_silent and is_new and network.can_be_suspected and network.answers == self._answers_before:
            self.is_held = True
            self.state = State.SUSPECT
        else:
            self._settle(State.DOWN)

    def _settle(self, state: State) -> None:
        self.settled = self.state = state
