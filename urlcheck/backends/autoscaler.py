"""Decides when more backends are opened and given work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from urlcheck.backends.protocol import Backend, Scaled


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When further backends are opened without being asked for: once more than `long_list` targets wait.

    `look_seconds` lie between two looks.
    """

    long_list: int = 1_000
    look_seconds: float = 0.05


class Autoscaler:
    """A `Scaler` of processes: opens up to `count` backends with `open_backend`, at once if they were asked for.

    Else it opens them for a long list. They are given work when they are open.
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
        if self._is_asked:
            return
        while scaled.unfinished <= self._thresholds.long_list:  # noqa: ASYNC110 - an event would cost at every target
            await asyncio.sleep(self._thresholds.look_seconds)
        await self._open()
        await scaled.share_out(self.opened)

    async def _open(self) -> None:
        """As many as are wanted, or as this machine bears."""
        await asyncio.gather(*(self._open_one() for _ in range(self._count)))

    async def _open_one(self) -> None:
        try:
            self.opened.append(await self._open_backend())
        except (OSError, RuntimeError):  # a process, or a thread that waits for it
            return
