"""Decides when more backends are opened, and when they are given work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from urlcheck.backends.protocol import Backend, Scaled


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When further backends are opened without being asked for.

    They are opened once more than `long_list` targets wait, and given work once the first event loop has been busy for more
    than the part `busy` of each of `busy_looks` intervals of `look_seconds`. A loop that only waits needs no other.
    """

    long_list: int = 1_000
    busy: float = 0.85
    busy_looks: int = 2
    look_seconds: float = 0.1


class Autoscaler:
    """A `Scaler` of processes.

    Opens up to `count` further backends with `open_backend`: at once if they were asked for, else at the thresholds.
    """

    def __init__(
        self,
        open_backend: Callable[[], Awaitable[Backend]],
        count: int,
        *,
        is_asked: bool,
        thresholds: Thresholds | None = None,
    ) -> None:
        self.opened: list[Backend] = []
        self.remarks = ()
        self._open_backend = open_backend
        self._count = count
        self._is_asked = is_asked
        self._thresholds = thresholds or Thresholds()

    async def begin(self, scaled: Scaled) -> None:
        """Before the first target is read: open the backends that were asked for."""
        if self._is_asked:
            await self._open()
            await scaled.share_out(self.opened)

    async def watch(self, scaled: Scaled) -> None:
        """Runs until the other backends have work; backends that the user asked for have work from the beginning."""
        busy_looks = 0
        while not self._is_asked and busy_looks < self._thresholds.busy_looks:
            is_long = scaled.unfinished > self._thresholds.long_list
            if is_long and not self.opened:
                await self._open()
                if not self.opened:  # this machine bears none
                    return
            is_busy = await self._look() and scaled.unfinished > self._thresholds.long_list
            busy_looks = busy_looks + 1 if is_busy and self.opened else 0
        if not self._is_asked:
            await scaled.share_out(self.opened)

    async def _look(self) -> bool:
        wall, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(self._thresholds.look_seconds)
        return time.process_time() - cpu > self._thresholds.busy * (time.monotonic() - wall)

    async def _open(self) -> None:
        """As many as are wanted, or as this machine bears."""
        with suppress(OSError, RuntimeError):  # a process, or a thread that waits for it
            while len(self.opened) < self._count:
                self.opened.append(await self._open_backend())
