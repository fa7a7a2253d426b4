"""Decides when more backends are opened and given work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from urlcheck.backends.protocol import Backend
from urlcheck.engine.status import BackendStatus


class Scaled(Protocol):
    """The coordinator, as far as it is scaled."""

    @property
    def first(self) -> BackendStatus: ...

    async def share_out(self, others: Sequence[Backend]) -> None:
        """Divide hosts and places among the first backend and these."""
        ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When further backends are opened without being asked for: once more than `long_list` targets wait.

    `look_seconds` lie between two looks.
    """

    long_list: int = 1_000
    look_seconds: float = 0.05


class Autoscaler:
    """Opens up to `count` further backends with `open_backend`: at once if they were asked for, else for a long list.

    They are given work when they are open.
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
        while scaled.first.unfinished <= self._thresholds.long_list:  # noqa: ASYNC110 - an event would cost at every target
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
