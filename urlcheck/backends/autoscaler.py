"""Decides when more backends are opened and given work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from urlcheck.backends.protocol import Backend, Scaled


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When backends are opened that the user did not ask for: once more than `long_list` targets are unfinished.

    `look_seconds`: the time between two looks.
    """

    long_list: int = 1_000
    look_seconds: float = 0.05


class Autoscaler:
    """A `Scaler` of processes: opens up to `count` backends with `open_backend`, at once if the user asked for them.

    Otherwise it opens them for a long list. They get work once they are open.
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
        """Open the backends that the user asked for, before the first target is read."""
        if self._is_asked:
            await self._open()
            await scaled.share_out(self.opened)

    async def watch(self, scaled: Scaled) -> None:
        """Runs until the other backends have work; backends that the user asked for have work from the beginning."""
        if self._is_asked:
            return
        while scaled.unfinished <= self._thresholds.long_list:  # noqa: ASYNC110 - an event would cost at every target
            await asyncio.sleep(self._thresholds.look_seconds)
        await self._open()
        await scaled.share_out(self.opened)

    async def _open(self) -> None:
        """Open `count` backends; one that cannot be started is left out."""
        await asyncio.gather(*(self._open_one() for _ in range(self._count)))

    async def _open_one(self) -> None:
        try:
            self.opened.append(await self._open_backend())
        except (OSError, RuntimeError):  # the process, or the thread that waits for it, cannot be started
            return
