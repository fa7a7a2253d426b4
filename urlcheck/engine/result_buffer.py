"""Results that wait to be taken, and the consumer that waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from urlcheck.model.result import Result

_MOST_TEXT = 16 * 1024 * 1024  # characters of URLs


class ResultBuffer:
    """Collects results, and hands over all that there are at once, so that the cost of a batch is paid less often."""

    def __init__(self) -> None:
        self._results: list[Result] = []
        self._size = 0
        self._arrival = asyncio.Event()
        self._room = asyncio.Event()
        self._is_touched = False

    def is_over(self, count: int) -> bool:
        """Whether more than `count` results wait, or very long ones."""
        return len(self._results) > count or self._size > _MOST_TEXT

    def add(self, result: Result) -> None:
        self._results.append(result)
        self._size += len(result.target.url)
        self._arrival.set()

    def extend(self, results: Sequence[Result]) -> None:
        if results:
            self._results += results
            self._size += sum(len(result.target.url) for result in results)
            self._arrival.set()

    def touch(self) -> None:
        """Hand over an empty batch if there are no results: it tells the consumer to look at something else."""
        self._is_touched = True
        self._arrival.set()

    def make_room(self) -> None:
        """Wake those that wait for room, in the buffer or in anything else that is bounded."""
        self._room.set()

    async def wait_for_room(self) -> None:
        """Wait until results are taken, or `make_room` is called."""
        self._room.clear()
        await self._room.wait()

    async def batches(self, work: asyncio.Future[Any]) -> AsyncGenerator[list[Result], None]:
        """The results, until the work is done and none is left."""
        work.add_done_callback(lambda _: self._arrival.set())
        while not work.done() or self._results:
            self._arrival.clear()
            if self._results or self._is_touched:
                self._is_touched = False
                batch, self._results, self._size = self._results, [], 0
                self._room.set()
                yield batch
            else:
                await self._arrival.wait()
