"""Chooses the next target: queues by host, limits, pauses and retries. Pure logic under a clock that is passed in.

A window of jobs read ahead is sorted into queues by host, so that a worker always finds a host that may be asked, and a host
that is slow, paused or at its limit holds up no other. Every operation costs O(1), or O(log n) where something must wait.
"""

from __future__ import annotations

import heapq
import itertools
import sys
from collections import deque
from collections.abc import Callable

from urlcheck.engine.job import Host, Job
from urlcheck.engine.pacing import LONGEST_INTERVAL, Pace
from urlcheck.engine.status import HostQueue
from urlcheck.http.url import Origin
from urlcheck.policy.overload import Overload

# seconds for which the pace of a host without work is kept: jobs may come back, or the list may name it again
_PACE_KEPT = 10.0


class Scheduler:
    """Hands out jobs, host by host in turn, none before its time.

    `clock`: seconds, monotonic; `per_host`: jobs of one host in flight, at most; `rate`: jobs of one host a second, at most;
    `limit`: jobs in flight, at most, which may be changed at any time. `retries_first`: a job that comes back goes before the
    others of its host; False where jobs come back without end. A job of a host that has a pace comes back behind the
    others: they tell whether the host or the job is the reason. `longest_interval`: seconds between two jobs of such a host,
    at most.
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
        self.longest_interval = LONGEST_INTERVAL
        self._clock = clock
        self._per_host = per_host
        self._retries_first = retries_first
        self._interval = 1 / rate if rate else 0.0
        self._hosts: dict[Origin, Host] = {}
        self._shares: dict[Origin, int] = {}  # hosts with several homes
        self._paced: dict[Origin, Host] = {}  # those that have a pace
        self._ready: deque[Host] = deque()
        self._resting: list[tuple[float, int, Host]] = []
        self._expiring: list[tuple[float, int, Host]] = []
        self._retries: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._in_flight: dict[Job, None] = {}
        self._queued = 0

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
        """Whether no job is waiting or in flight."""
        return not (self._queued or self._retries or self._in_flight)

    @property
    def slowed(self) -> int:
        """Hosts with work that are asked less often than they could be: for a pause that they asked for, or for their pace."""
        soon = self._clock() + self._interval
        paced = [*self._paced.values()]  # the thread that draws asks
        return sum(host.not_before > soon or host.has_slow_work() for host in paced)

    def add(self, job: Job, *, goes_first: bool = False) -> None:
        """Take a job in, behind the others of its host or before them."""
        origin = job.url.origin
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = Host(origin, self._share_of(origin))
        job.host = host
        if goes_first and host.pace is None:
            host.queue.appendleft(job)
        else:
            host.queue.append(job)
        self._queued += 1
        self._list(host)

    def next(self) -> Job | None:
        """A job that may be asked now, in flight until `done` or `retry`; None if there is none at the moment."""
        if self._resting or self._retries or self._expiring:
            self._wake(self._clock())
        while self._ready and len(self._in_flight) < self.limit:
            host = self._ready.popleft()
            host.is_listed = False
            is_paused = host.not_before and host.not_before > self._clock()
            if is_paused or host.in_flight >= host.share:  # since it was listed
                self._list(host)
                continue
            job = host.queue.popleft()
            self._queued -= 1
            self._in_flight[job] = None
            host.in_flight += 1
            if host.pace:
                job.episode = host.pace.episode
                host.not_before = self._clock() + max(host.pace.interval, self._interval)
            elif self._interval:
                host.not_before = self._clock() + self._interval
            self._list(host)
            return job
        return None

    def has_ready(self) -> bool:
        """Whether `next` would find a job at this moment."""
        return bool(self._ready) and len(self._in_flight) < self.limit

    @property
    def is_hungry(self) -> bool:
        """Whether more could be in flight, but no host may be asked."""
        return not self._ready and len(self._in_flight) < self.limit

    def next_time(self) -> float | None:
        """The earliest time at which a waiting job or host may be asked; None if none waits."""
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
        """Put a job back. Its next attempt begins `delay` seconds from now at the earliest."""
        self.done(job)
        heapq.heappush(self._retries, (self._clock() + delay, next(self._order), job))

    def reject(self, job: Job, overload: Overload) -> None:
        """The host has rejected a job in flight for its load: it is paused, and asked more slowly. For the rest see `Pace`."""
        host, now = job.host, self._clock()
        if host.pace is None:
            host.pace = Pace(
                now, self._share_of(host.origin), has_passed=host.has_passed, longest_interval=self.longest_interval
            )
            self._paced[host.origin] = host
        pause = host.pace.reject(job, overload, now, host.in_flight)
        host.share = host.pace.share
        host.not_before = max(host.not_before, now + pause)

    def accept(self, job: Job) -> None:
        """The host has answered a job in flight without regard to its load."""
        host = job.host
        if host.pace is None:
            host.has_passed = True
        else:
            host.pace.accept(job, self._clock())
            host.share = host.pace.share
            self._list(host)  # its share may have grown

    def set_share(self, origin: Origin, share: int) -> None:
        """Have at most `share` jobs of this host in flight from now on: other backends check it as well."""
        self._shares[origin] = share
        if host := self._hosts.get(origin):
            if host.pace:
                host.pace.limit(share)
            host.share = host.pace.share if host.pace else share
            self._list(host)

    def is_shared(self, origin: Origin) -> bool:
        """Whether `set_share` was called for this host."""
        return origin in self._shares

    def exceeds_share(self, origin: Origin) -> bool:
        """Whether more jobs of this host are in flight than its share, which has shrunk."""
        host = self._hosts.get(origin)
        return host is not None and host.in_flight > self._share_of(origin)

    def has_jobs(self, origin: Origin) -> bool:
        """Whether jobs of this host are queued, in flight, or wait for the time of their next attempt."""
        host = self._hosts.get(origin)
        is_active = host is not None and bool(host.queue or host.in_flight)
        return is_active or any(job.url.origin == origin for _, _, job in self._retries)

    def pause(self, origin: Origin, seconds: float) -> None:
        """The host has demanded a pause of another backend."""
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = Host(origin, self._share_of(origin))
        host.not_before = max(host.not_before, self._clock() + seconds)
        if not (host.queue or host.in_flight):
            self._forget(host)

    def find_busiest(self) -> HostQueue | None:
        """The host with the most jobs queued, of those that have no pace and no pause."""
        free = (host for host in self._hosts.values() if host.pace is None and not host.not_before)
        host = max(free, key=lambda host: len(host.queue), default=None)
        return HostQueue(host.origin, len(host.queue)) if host else None

    def take_queue(self, origin: Origin) -> list[Job]:
        """Release the jobs of a host that are queued, but not those in flight or with a time for their next attempt."""
        host = self._hosts.get(origin)
        if host is None:
            return []
        taken = [*host.queue]
        host.queue.clear()
        self._queued -= len(taken)
        if host in self._ready:
            self._ready.remove(host)
            host.is_listed = False
        if not host.in_flight:
            self._forget(host)
        return taken

    def release(self) -> tuple[list[Job], set[Origin]]:
        """Release the hosts without state that must be kept. Returns their jobs, and the origins that stay."""
        awaited = {job.url.origin for _, _, job in self._retries}
        released: list[Job] = []
        for host in [*self._hosts.values()]:
            if not (host.in_flight or host.not_before or host.origin in awaited):
                released.extend(host.queue)
                host.queue.clear()
                del self._hosts[host.origin]
        self._ready = deque(host for host in self._ready if host.queue)
        self._queued -= len(released)
        return released, {*self._hosts, *awaited}

    def drain(self) -> list[Job]:
        """Everything that is not finished; the scheduler is empty afterwards."""
        jobs = [*self._in_flight, *(job for _, _, job in self._retries)]
        for host in self._hosts.values():
            jobs.extend(host.queue)
        for hosts in (self._hosts, self._paced, self._ready, self._resting, self._expiring):
            hosts.clear()
        self._in_flight.clear()
        self._retries.clear()
        self._queued = 0
        return jobs

    def _share_of(self, origin: Origin) -> int:
        return self._shares.get(origin, self._per_host) if self._shares else self._per_host

    def _list(self, host: Host) -> None:
        """List a host that has queued jobs and a free place: as ready, or as waiting for its time."""
        if host.is_listed or not host.queue or host.in_flight >= host.share:
            return
        host.is_listed = True
        if host.not_before and host.not_before > self._clock():
            heapq.heappush(self._resting, (host.not_before, next(self._order), host))
        else:
            self._ready.append(host)

    def _forget(self, host: Host) -> None:
        """Forget a host without work, unless it has a pause or a pace that later jobs must respect."""
        if host.is_expiring or host.is_listed:  # it is looked at again when it leaves the heap
            return
        until = host.not_before + _PACE_KEPT if host.pace else host.not_before
        if until and until > self._clock():
            host.is_expiring = True
            heapq.heappush(self._expiring, (until, next(self._order), host))
        else:
            del self._hosts[host.origin]
            self._paced.pop(host.origin, None)

    def _wake(self, now: float) -> None:
        due = []
        while self._retries and self._retries[0][0] <= now:
            job = heapq.heappop(self._retries)[2]
            due.append(job)
        for job in reversed(due) if self._retries_first else due:
            self.add(job, goes_first=self._retries_first)
        while self._resting and self._resting[0][0] <= now:
            host = heapq.heappop(self._resting)[2]
            host.is_listed = False
            if host.queue or host.in_flight:
                self._list(host)
            else:  # its queue was taken
                self._forget(host)
        while self._expiring and self._expiring[0][0] <= now:
            host = heapq.heappop(self._expiring)[2]
            host.is_expiring = False
            if not host.queue and not host.in_flight:
                self._forget(host)
