"""Maintenance windows: times in which targets are checked without notifications, and which their uptime leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from urlcheck.settings.patterns import Pattern
from urlcheck.watch.cron import Cron

# the longest window that may repeat; `from` and `until` give a longer one
LONGEST_REPEATED = timedelta(days=31)


class Times(Protocol):
    """When a window is open. `now` has a time zone."""

    def is_open(self, now: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Once:
    """One window, from its first moment to its last. Both have a time zone."""

    start: datetime
    end: datetime

    def is_open(self, now: datetime) -> bool:
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Repeated:
    """Windows that begin at the times of a cron expression, in the local time of the machine."""

    cron: Cron
    duration: timedelta

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone().replace(tzinfo=None)
        last = self.cron.find_last(local, self.duration)
        return last is not None and local - last < self.duration


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window of the targets whose URL or name the pattern finds; of all targets without one."""

    times: Times
    pattern: Pattern | None = None

    def concerns(self, *texts: str) -> bool:
        """Whether it is for a target with this URL and name."""
        return self.pattern is None or any(self.pattern.is_in(text) for text in texts)


class Calendar:
    """Says which windows are open. It looks once a second at most, however many targets ask."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        self._second: datetime | None = None
        self._open: frozenset[int] = frozenset()

    def find_windows(self, *texts: str) -> frozenset[int]:
        """The numbers of the windows that are for a target with this URL and name."""
        return frozenset(number for number, window in enumerate(self._windows) if window.concerns(*texts))

    def is_open(self, numbers: frozenset[int], now: datetime) -> bool:
        """Whether one of these windows is open."""
        return bool(numbers) and not self.list_open(now).isdisjoint(numbers)

    def list_open(self, now: datetime) -> frozenset[int]:
        """The numbers of the windows that are open."""
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second = second
            self._open = frozenset(number for number, window in enumerate(self._windows) if window.times.is_open(now))
        return self._open
