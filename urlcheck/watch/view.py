"""The state of a watch, in the form in which the live table and the status server read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from urlcheck.model.result import Result


class State(StrEnum):
    """How a target is, over several checks. The order is from worst to best."""

    DOWN = "down"
    SUSPECT = "suspect"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a target's state. `verdict` and `detail` are of the result that made it: masked, and safe to print."""

    at: datetime
    before: State
    after: State
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class DayUptime:
    """The share of passed checks of one day (UTC), from 0 to 1; None where no check counted."""

    day: str
    share: float | None
    in_maintenance: bool = False


@dataclass(frozen=True, slots=True)
class TargetView:
    """One target as it is now.

    `id`: a short text that is safe in a URL path and stays the same over restarts. `name` and `url` are masked, and safe to
    print. `result`: the last check, None before the first. `latencies`: milliseconds of the last 60 checks, oldest first, None
    for a check without an answer. `changes`: the last 20, newest first. `days`: the last 90, oldest first, empty without a
    store. Shares are from 0 to 1. `cert_expires`: of the last certificate that was seen, also once it has expired.
    """

    id: str
    name: str | None
    url: str
    result: Result | None
    state: State
    since: datetime
    next_check: datetime | None
    uptime_24h: float | None
    uptime_30d: float | None
    in_maintenance: bool
    checks: dict[str, int]
    state_changes: int
    latencies: Sequence[float | None]
    changes: Sequence[Change]
    days: Sequence[DayUptime] = ()
    cert_expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoundView:
    """The rounds, which ask every target once each.

    `started`: the latest one. `finished` and `seconds`: the latest one that has ended, None before. `skipped`: rounds in which
    the check of some target was not finished when it was due again, so far. `interval`: in seconds.
    """

    started: datetime
    finished: datetime | None
    seconds: float | None
    skipped: int
    interval: float


class WatchView(Protocol):
    """The state of a watch. All methods are called in the event loop of the watch, and return at once."""

    @property
    def round(self) -> RoundView: ...

    @property
    def counts(self) -> Mapping[State, int]:
        """The number of targets in each state, states without targets included."""
        ...

    def find_since(self, state: State) -> datetime | None:
        """Since when some target has been in a state without a break; None where none is."""
        ...

    def list_ids(self) -> Sequence[str]:
        """The targets, in the order of the input."""
        ...

    def find(self, target_id: str) -> TargetView | None:
        """One target. The view is built when it is asked for, so 10,000 targets cost nothing without a reader."""
        ...

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call the listener with the id of each target that was checked, changed, added or removed.

        Returns a function that ends the subscription.
        """
        ...
