"""A source for programs: URLs from any iterable or asynchronous iterable."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterable, Collection, Iterable, Iterator, Sequence

from urlcheck.input.target_builder import Item, TargetBuilder

_BLOCK = 64  # entries that are taken at a time


class IterableSource:
    """Entries of a program. An iterator is advanced in the event loop, so it must not block."""

    def __init__(self, urls: Iterable[str] | AsyncIterable[str], builder: TargetBuilder) -> None:
        self.exhausted = False
        self._urls = aiter(urls) if isinstance(urls, AsyncIterable) else iter(urls)
        self._is_in_memory = isinstance(urls, Collection)
        self._builder = builder
        self._stopped = False

    async def read(self) -> Sequence[Item]:
        while not (self._stopped or self.exhausted):
            texts = await self._read_texts()
            self.exhausted = not texts
            items = [item for text in texts if (item := self._builder.build(text, "arguments"))]
            if items:
                return items
        return []

    async def _read_texts(self) -> list[str]:
        if isinstance(self._urls, Iterator):
            return list(itertools.islice(self._urls, _BLOCK))
        try:
            return [await anext(self._urls)]
        except StopAsyncIteration:
            return []

    def stop(self) -> None:
        """Read no further. A collection counts as read, as it is in memory."""
        self._stopped = not self._is_in_memory
