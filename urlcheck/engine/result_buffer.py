"""Results that wait to be taken, and who waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from urlcheck.model.nouns import Result

_MOST_TEXT = 16 * 1024 * 1024  # characters of URLs


class Outbox:
    """Collects results, and hands over as many at once as there are: what a batch costs is paid less often."""

    def __init__(self) -> None:
        self._results: list[Result] = []
        self._size = 0
        self._arrival = asyncio.Event()
        self._room = asyncio.Event()

    def is_over(self, count: int) -> bool:
        """Whether more results wait than that, or very long ones."""
        return len(self._results) > count or self._size > _MOST_TEXT

    def add(self, result: Result) -> None:
        self._results.append(result)
        self._size += len(result.target.url)
        self._arrival.set()

    def extend(self, results: Sequence[Result]) -> None:
        for result in results:
            self.add(result)

    def make_room(self) -> None:
        """Let whoever waits for room look again, for results or for anything else that is bounded."""
        self._room.set()

    async def wait_for_room(self) -> None:
        """Until results are taken, or somebody says that there is room."""
        self._room.clear()
        await self._room.wait()

    async def batches(self, work: asyncio.Future[Any]) -> AsyncGenerator[list[Result], None]:
        """The results, until the work is done and nothing is left."""
        work.add_done_callback(lambda _: self._arrival.set())
        while not work.done() or self._results:
            self._arrival.clear()
            if self._results:
                batch, self._results, self._size = self._results, [], 0
                self._room.set()
                yield batch
            elif not work.done():
                await self._arrival.wait()
