"""Limits the requests in flight to the concurrency asked for, and to the descriptors and memory of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from urlcheck.engine.job import Job
from urlcheck.engine.scheduler import Scheduler
from urlcheck.engine.status import HeldBack
from urlcheck.runtime.descriptors import Allowance, soft_limit

# retries of a job that is alone in flight and meets a shortage of this machine; seconds before each retry
_SHORTAGE_ATTEMPTS, _SHORTAGE_DELAY = 100, 0.1
# shortages within _SHORTAGE_DELAY are one event; after it, the limit is at least this part of what it was
_KEPT_PART = 0.75
# a run counts as held back if more than this part of its attempts ended while others waited at the limit
_HELD_PART = 0.1


class ConcurrencyLimit:
    """Sets the limit of a scheduler to the least of three numbers.

    They are `concurrency`, which is asked for; the sockets that the allowance has room for; and the requests that this machine
    could serve when it last ran short of something. `wake` is called when the limit has grown.
    """

    def __init__(self, scheduler: Scheduler, concurrency: int, allowance: Allowance, wake: Callable[[], None]) -> None:
        self._scheduler = scheduler
        self._allowance = allowance
        self._wake = wake
        self.concurrency = concurrency
        self._enough: int | None = None  # None: no shortage is known
        self._in_event: int | None = None  # the limit while a shortage lasts, so that no other job fails at once
        self._growth = 1
        self._since_change = 0
        self._attempts = self._held = 0
        self._held_to: HeldBack | None = None
        self._apply()

    def set(self, concurrency: int) -> None:
        """Have `concurrency` requests in flight from now on, or fewer if this machine cannot serve as many."""
        self.concurrency = concurrency
        self._apply()

    def tighten(self, job: Job) -> bool:
        """Lower the limit after this job met a shortage, and put the job back.

        Returns False if the job was alone in flight each time, and has used up its attempts.
        """
        self._since_change, self._growth = 0, 1
        others = self._scheduler.in_flight - 1
        if self._in_event is None:
            self._allowance.measure()
            self._in_event = self._scheduler.limit
            least = max(1, int(self._scheduler.limit * _KEPT_PART))
            asyncio.get_running_loop().call_later(_SHORTAGE_DELAY, self._end_event, least)
        self._in_event = min(self._in_event, max(1, others))
        self._apply()
        if not others:
            job.shortages += 1
        if job.shortages > _SHORTAGE_ATTEMPTS:
            return False
        self._scheduler.retry(job, _SHORTAGE_DELAY)
        return True

    def relax(self) -> None:
        """Note an attempt that met no shortage.

        After each round, which is as many attempts as may be in flight, the limit grows: by 1, then by 2, 4, 8 and so on.
        """
        self._attempts += 1
        if self._enough is None and self._scheduler.limit >= self.concurrency <= self._allowance.limit:
            return
        self._watch()
        self._since_change += 1
        if self._since_change >= self._scheduler.limit:
            self._since_change = 0
            self._allowance.measure()
            if self._enough is not None:
                self._enough += self._growth
                self._growth *= 2
                if self._enough >= self.concurrency:
                    self._enough = None
        self._apply()

    @property
    def held_back(self) -> HeldBack | None:
        """How far descriptors held the run back, if they did so for more than a moment."""
        return self._held_to if self._held > self._attempts * _HELD_PART else None

    def _end_event(self, least: int) -> None:
        self._enough = max(least, self._in_event or 0)
        self._in_event = None
        self._apply()

    def _watch(self) -> None:
        """Count the attempts that end while another job waits only for descriptors."""
        room = self._allowance.limit
        is_at_limit = self._scheduler.in_flight + 1 >= self._scheduler.limit and self._scheduler.has_ready()
        if is_at_limit and room < self.concurrency:
            self._held += 1
            self._held_to = HeldBack(room, soft_limit() or room)

    def _apply(self) -> None:
        before = self._scheduler.limit
        known = [limit for limit in (self._allowance.limit, self._enough, self._in_event) if limit is not None]
        self._scheduler.limit = min(self.concurrency, max(1, min(known)))
        if self._scheduler.limit > before:
            self._wake()
