"""Jobs, which are targets that are being checked, and the hosts that they wait for."""

from __future__ import annotations

from collections import deque

from urlcheck.engine.pacing import Pace
from urlcheck.http.url import Origin
from urlcheck.model.result import Result
from urlcheck.model.target import Target


class Host:
    """The jobs of one origin, and the limits and pauses that hold them back."""

    __slots__ = ("has_passed", "in_flight", "is_expiring", "is_listed", "not_before", "origin", "pace", "queue", "share")

    def __init__(self, origin: Origin, share: int) -> None:
        self.origin = origin
        self.share = share  # jobs in flight, at most
        self.pace: Pace | None = None  # once it has rejected a job for its load
        self.has_passed = False  # it has answered a job without rejecting it
        self.queue: deque[Job] = deque()
        self.in_flight = 0
        self.not_before = 0.0
        self.is_listed = False  # among the hosts that may be asked, or those that wait for their time
        self.is_expiring = False  # among the hosts without work that are remembered

    def has_slow_work(self) -> bool:
        """Whether it has jobs, and a pace that holds them back."""
        return bool(self.pace and self.pace.is_slow and (self.queue or self.in_flight))


class Job:
    """A target that is being checked: the number of its attempts, and the result of the last one."""

    __slots__ = ("attempts", "episode", "forgiven", "host", "result", "shortages", "target", "url")

    host: Host

    def __init__(self, target: Target) -> None:
        assert target.request is not None
        self.target = target
        self.url = target.request
        self.attempts = 0
        self.forgiven = 0
        self.episode = 0
        self.shortages = 0
        self.result: Result | None = None

    @property
    def counted(self) -> int:
        """The attempts that count against its retries; `attempts` are all of them."""
        return self.attempts - self.forgiven

    def has_successor(self) -> bool:
        """Whether more jobs of the same host are queued."""
        return bool(self.host.queue)
