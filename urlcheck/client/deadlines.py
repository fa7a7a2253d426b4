"""Time limits of one length, with one timer for all of them: `asyncio.timeout` makes and cancels a timer for each."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """Gives each block of code at most `seconds` to finish: `with deadlines.limit(): …`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Deadline, float] = {}  # in the order in which they end
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> Deadline:
        """A limit for the current task, which begins when its block is entered."""
        return Deadline(self)

    def add(self, deadline: Deadline) -> None:
        """Let a deadline begin."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        self._running[deadline] = end
        if self._timer is None:
            self._timer = loop.call_at(end, self._expire)

    def remove(self, deadline: Deadline) -> None:
        """A deadline is met. The timer stays: the next one will need it."""
        self._running.pop(deadline, None)

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        for deadline, end in [*self._running.items()]:
            if end > now:
                self._timer = loop.call_at(end, self._expire)
                return
            del self._running[deadline]
            deadline.expire()


class Deadline:
    """One limit. Its block is cancelled when the time is up, and raises `TimeoutError`, as that of `asyncio.timeout` does."""

    __slots__ = ("_cancelling", "_deadlines", "_is_over", "_task")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines.add(self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._deadlines.remove(self)
        # if somebody else cancels the task too, it stays cancelled
        if self._is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """The time is up."""
        self._is_over = True
        self._task.cancel()
