"""The interface of a store, as far as a watch reads it: the past of each target, from earlier runs too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from urlcheck.watch.view import Change, DayUptime


class History(Protocol):
    """The past of targets, as a store has it. All methods return at once."""

    def uptime(self, target_id: str, seconds: float) -> float | None:
        """The share of passed checks in the last `seconds`, from 0 to 1, maintenance left out; None where no check counted."""
        ...

    def days(self, target_id: str) -> Sequence[DayUptime]:
        """The last 90 days, oldest first."""
        ...

    def events(self, target_id: str) -> Sequence[Change]:
        """The last changes of state, newest first, 20 at most."""
        ...
