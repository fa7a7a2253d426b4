"""Lets workers wait until the scheduler has a job that may be asked."""

from __future__ import annotations

import asyncio
from collections import deque

from urlcheck.engine.job import Job
from urlcheck.engine.scheduler import Scheduler


class Dispatcher:
    """Wakes one idle worker when there is a job for it; that one wakes the next, if there is another job."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._loop = asyncio.get_running_loop()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.Handle | None = None
        self._alarm = 0.0
        self._is_closed = False

    async def next(self) -> Job | None:
        """The next job, when there is one; None when there will be no more."""
        while True:
            if job := self._scheduler.next():
                if self._idle:
                    self._look_after_the_idle()
                return job
            if self._is_closed and self._scheduler.is_idle:
                self.wake()
                return None
            self._set_timer()
            place = self._loop.create_future()
            self._idle.append(place)
            await place

    def wake(self) -> None:
        """Let an idle worker look again."""
        while self._idle:
            place = self._idle.popleft()
            if not place.done():  # or it was cancelled
                place.set_result(None)
                return

    def close(self) -> None:
        """No more jobs will be added."""
        self._is_closed = True
        self.wake()

    def _look_after_the_idle(self) -> None:
        if self._scheduler.has_ready():
            self.wake()
        else:
            self._set_timer()

    def _set_timer(self) -> None:
        time = self._scheduler.next_time()
        if time is None:
            return
        if self._timer is not None:
            if self._alarm <= time:
                return
            self._timer.cancel()
        self._alarm = time  # uvloop's handle has no when() once its time has come
        self._timer = self._loop.call_at(time, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self.wake()
