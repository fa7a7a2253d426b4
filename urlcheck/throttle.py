"""How much may be in flight: what is asked for, less what this machine turned out to be short of."""

from __future__ import annotations

from urlcheck.scheduler import Job, Scheduler

# a request that is alone asks so often, and after so many seconds, for what this machine is short of
_SHORTAGE_ATTEMPTS, _SHORTAGE_DELAY = 100, 0.1
# so many attempts without a shortage, and it is tried whether there is enough for one request more
_RECOVERY = 100


class Throttle:
    """Sets the limit of a scheduler."""

    def __init__(self, scheduler: Scheduler, concurrency: int) -> None:
        self._scheduler = scheduler
        self._concurrency = concurrency
        self._since_shortage = 0

    def limit(self, concurrency: int) -> None:
        """Have so many requests in flight from now on; less what a shortage took."""
        self._scheduler.limit = max(1, self._scheduler.limit + concurrency - self._concurrency)
        self._concurrency = concurrency

    def tighten(self, job: Job) -> bool:
        """There was not enough for this job: have no more in flight than there was enough for, and this job again.

        False where it has been patient for long enough, alone.
        """
        self._since_shortage = 0
        others = self._scheduler.in_flight - 1
        if others:
            self._scheduler.limit = min(self._scheduler.limit, others)
        else:
            job.shortages += 1
        if job.shortages > _SHORTAGE_ATTEMPTS:
            return False
        self._scheduler.retry(job, _SHORTAGE_DELAY)
        return True

    def relax(self) -> bool:
        """There was enough; whether, after a while of that, one request more may be in flight again."""
        if self._scheduler.limit >= self._concurrency:
            return False
        self._since_shortage += 1
        if self._since_shortage < _RECOVERY:
            return False
        self._since_shortage = 0
        self._scheduler.limit += 1
        return True
