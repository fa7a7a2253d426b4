"""Tells when another process has been silent for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# seconds that a process has to load its modules on a busy machine
_START_SECONDS = 30.0
_LOOK_SECONDS = 0.1


class Silence:
    """Measures for how long a process has sent nothing, and calls `act` once that is too long.

    Time in which this process does not listen is not counted: it is busy, or stopped itself.
    """

    def __init__(self, most: float, act: Callable[[], None]) -> None:
        self._most = most
        self._act = act
        self._seconds = 0.0
        self._bound = max(most, _START_SECONDS)
        self._is_listening = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def end(self) -> None:
        assert self._timer
        self._timer.cancel()

    def listening(self) -> Silence:
        return self

    def __enter__(self) -> None:
        self._is_listening = True

    def __exit__(self, *_: object) -> None:
        self._is_listening = False
        self._seconds = 0.0
        self._bound = self._most  # it has started

    def _look(self) -> None:
        if self._is_listening:
            self._seconds += _LOOK_SECONDS
            if self._seconds > self._bound:
                self._act()
                return
        self.begin()
