"""Which target next: queues by host, limits, pauses and retries. Pure logic under a clock that is passed in.

A window of jobs read ahead is sorted into queues by host, so that a worker always finds a host that may be asked, and a host
that is slow, paused or at its limit holds up no other. Every operation costs O(1), or O(log n) where something must wait.
"""

from __future__ import annotations

import heapq
import itertools
import sys
from collections import deque
from collections.abc import Callable

from urlcheck.http.url import Origin, Url
from urlcheck.model.nouns import Outcome, Target


class Host:
    """The jobs of one origin, and what stands in their way."""

    __slots__ = ("in_flight", "is_listed", "not_before", "origin", "queue")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.queue: deque[Job] = deque()
        self.in_flight = 0
        self.not_before = 0.0
        self.is_listed = False  # among the hosts that may be asked, or those that wait for their time


class Job:
    """A target on its way: how often it was asked, and what came of it last."""

    __slots__ = ("attempts", "host", "outcome", "shortages", "target", "url")

    host: Host

    def __init__(self, target: Target, url: Url) -> None:
        self.target = target
        self.url = url
        self.attempts = 0
        self.shortages = 0
        self.outcome: Outcome | None = None

    def has_successor(self) -> bool:
        """Whether more jobs of the same host are queued."""
        return bool(self.host.queue)


class Scheduler:
    """Hands out jobs, host by host in turn, none before its time.

    `clock`: seconds, monotonic; `per_host`: jobs of one host in flight, at most; `rate`: jobs of one host a second, at most;
    `limit`: jobs in flight, at most, which may be changed at any time. `retries_first`: a job that comes back goes before the
    others of its host, which has most to give then where it limits its rate; where jobs come back without end it must not.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        per_host: int,
        rate: float | None = None,
        limit: int = sys.maxsize,
        *,
        retries_first: bool = True,
    ) -> None:
        self.limit = limit
        self._clock = clock
        self._per_host = per_host
        self._retries_first = retries_first
        self._interval = 1 / rate if rate else 0.0
        self._hosts: dict[Origin, Host] = {}
        self._ready: deque[Host] = deque()
        self._resting: list[tuple[float, int, Host]] = []
        self._expiring: list[tuple[float, int, Host]] = []
        self._retries: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._in_flight: dict[Job, None] = {}
        self._queued = 0
        self.size = 0  # of the URLs of jobs that are not in flight, in characters

    @property
    def waiting(self) -> int:
        """Jobs that are not in flight."""
        return self._queued + len(self._retries)

    @property
    def retrying(self) -> int:
        """Jobs that wait for the time of their next attempt."""
        return len(self._retries)

    @property
    def in_flight(self) -> int:
        """Jobs handed out, and neither done nor given back."""
        return len(self._in_flight)

    @property
    def is_idle(self) -> bool:
        """Nothing is waiting and nothing is in flight."""
        return not (self._queued or self._retries or self._in_flight)

    @property
    def paused(self) -> int:
        """Hosts that are asked nothing for longer than their rate demands."""
        soon = self._clock() + self._interval
        return sum(time > soon for time, _, _ in (*self._resting, *self._expiring))

    def add(self, job: Job, *, goes_first: bool = False) -> None:
        """Take a job in, behind the others of its host or before them."""
        origin = job.url.origin
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = Host(origin)
        job.host = host
        if goes_first:
            host.queue.appendleft(job)
        else:
            host.queue.append(job)
        self._queued += 1
        self.size += len(job.target.url)
        self._list(host)

    def next(self) -> Job | None:
        """A job that may be asked now, in flight until `done` or `retry`; None if there is none at the moment."""
        if self._resting or self._retries or self._expiring:
            self._wake(self._clock())
        while self._ready and len(self._in_flight) < self.limit:
            host = self._ready.popleft()
            host.is_listed = False
            if host.not_before and host.not_before > self._clock():  # it was paused while it stood here
                self._list(host)
                continue
            job = host.queue.popleft()
            self._queued -= 1
            self.size -= len(job.target.url)
            self._in_flight[job] = None
            host.in_flight += 1
            if self._interval:
                host.not_before = self._clock() + self._interval
            self._list(host)
            return job
        return None

    def has_ready(self) -> bool:
        """Whether `next` would find a job without time going by."""
        return bool(self._ready) and len(self._in_flight) < self.limit

    @property
    def is_hungry(self) -> bool:
        """Whether more could be in flight, but no host may be asked."""
        return not self._ready and len(self._in_flight) < self.limit

    def next_time(self) -> float | None:
        """When something that waits for its time may be asked; None if nothing does."""
        times = [heap[0][0] for heap in (self._retries, self._resting) if heap]
        return min(times, default=None)

    def done(self, job: Job) -> None:
        """The job is finished."""
        del self._in_flight[job]
        host = job.host
        host.in_flight -= 1
        if host.queue:
            self._list(host)
        elif not host.in_flight:
            self._forget(host)

    def retry(self, job: Job, delay: float) -> None:
        """The job comes back, not before so many seconds from now."""
        self.done(job)
        self.size += len(job.target.url)
        heapq.heappush(self._retries, (self._clock() + delay, next(self._order), job))

    def pause(self, job: Job, seconds: float) -> None:
        """Ask the job's host nothing for so many seconds from now."""
        job.host.not_before = max(job.host.not_before, self._clock() + seconds)

    def release(self) -> tuple[list[Job], set[Origin]]:
        """The jobs of all hosts of which nothing must be remembered, which are let go of, and the hosts that stay."""
        awaited = {job.url.origin for _, _, job in self._retries}
        released: list[Job] = []
        for host in [*self._hosts.values()]:
            if not (host.in_flight or host.not_before or host.origin in awaited):
                released.extend(host.queue)
                host.queue.clear()
                del self._hosts[host.origin]
        self._ready = deque(host for host in self._ready if host.queue)
        self._queued -= len(released)
        self.size -= sum(len(job.target.url) for job in released)
        return released, {*self._hosts, *awaited}

    def drain(self) -> list[Job]:
        """Everything that is not finished; the scheduler is empty afterwards."""
        jobs = [*self._in_flight, *(job for _, _, job in self._retries)]
        for host in self._hosts.values():
            jobs.extend(host.queue)
        for container in (self._in_flight, self._retries, self._hosts, self._ready, self._resting, self._expiring):
            container.clear()
        self._queued = self.size = 0
        return jobs

    def _list(self, host: Host) -> None:
        """Put a host where it belongs, if there is something to ask it, and it has a place free."""
        if host.is_listed or not host.queue or host.in_flight >= self._per_host:
            return
        host.is_listed = True
        if host.not_before and host.not_before > self._clock():
            heapq.heappush(self._resting, (host.not_before, next(self._order), host))
        else:
            self._ready.append(host)

    def _forget(self, host: Host) -> None:
        """Let go of a host without work, but not of a pause that more work would have to respect."""
        if host.not_before and host.not_before > self._clock():
            heapq.heappush(self._expiring, (host.not_before, next(self._order), host))
        else:
            del self._hosts[host.origin]

    def _wake(self, now: float) -> None:
        due = []
        while self._retries and self._retries[0][0] <= now:
            job = heapq.heappop(self._retries)[2]
            self.size -= len(job.target.url)
            due.append(job)
        for job in reversed(due) if self._retries_first else due:
            self.add(job, goes_first=self._retries_first)
        while self._resting and self._resting[0][0] <= now:
            host = heapq.heappop(self._resting)[2]
            host.is_listed = False
            self._list(host)
        while self._expiring and self._expiring[0][0] <= now:
            host = heapq.heappop(self._expiring)[2]
            if self._hosts.get(host.origin) is host and not host.queue and not host.in_flight:
                self._forget(host)
