"""The past of each target of a watch, from earlier ones too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from urlcheck.model.result import Result
from urlcheck.watch.observer import Observer
from urlcheck.watch.view import DayUptime
from urlcheck.watch.watched import Watched


class History(Observer, Protocol):
    """The past of targets, as a store has it. All methods are called in the event loop, and return at once."""

    def recall(self, added: Sequence[Watched]) -> None:
        """Give targets that are new the state and the changes that they had."""
        ...

    def add(self, watched: Watched, result: Result, *, in_maintenance: bool) -> None:
        """A target was checked."""
        ...

    def uptime(self, target_id: str, seconds: float) -> float | None:
        """The share of passed checks in the last `seconds`, from 0 to 1, maintenance left out; None where no check counted."""
        ...

    def days(self, target_id: str) -> Sequence[DayUptime]:
        """The last 90 days, oldest first."""
        ...
