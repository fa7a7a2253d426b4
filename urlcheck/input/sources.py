"""What an engine reads its targets from, block by block, so that a slow or silent input holds up nothing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections import deque
from collections.abc import AsyncIterable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from urlcheck.input.targets import Collector
from urlcheck.model.errors import InputError
from urlcheck.model.nouns import Target
from urlcheck.runtime.threads import start_thread

_BLOCKS_AHEAD = 4


class Source(Protocol):
    """What an engine reads its targets from. `exhausted`: it was read to its end."""

    exhausted: bool

    async def next_block(self) -> Sequence[Target]:
        """The next targets in the order of the input, at least one; none at the end. Raises `InputError`."""
        ...

    def stop(self) -> None:
        """Read no further; what has been read already is still handed out."""
        ...


class ThreadedSource:
    """Hands over blocks that a thread reads, so that a slow or silent input holds up nothing."""

    def __init__(self, blocks: Iterable[list[Target]]) -> None:
        self.exhausted = False
        self._blocks = iter(blocks)
        self._read: deque[list[Target]] = deque()
        self._places = threading.Semaphore(_BLOCKS_AHEAD)
        self._arrival = asyncio.Event()
        self._ended = False
        self._error: InputError | None = None
        self._thread: threading.Thread | None = None

    async def next_block(self) -> Sequence[Target]:
        if self._thread is None:
            self._thread = start_thread(partial(self._read_ahead, asyncio.get_running_loop()), "input")
        while True:
            has_ended = self._ended  # asked first: what has ended has handed over all that it had
            if self._read:
                self._places.release()
                return self._read.popleft()
            if has_ended:
                if self._error:
                    raise self._error
                return []
            self._arrival.clear()
            await self._arrival.wait()

    def stop(self) -> None:
        self._ended = True
        self._places.release()
        self._arrival.set()

    def _read_ahead(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while not self._ended:
                self._places.acquire()  # before reading, so that what was read is handed over at once
                block = None if self._ended else next(self._blocks, None)
                if block is None:
                    self.exhausted = not self._ended
                    break
                if block:
                    self._read.append(block)
                    loop.call_soon_threadsafe(self._arrival.set)
                else:
                    self._places.release()
        except InputError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - whoever waits must be told
            self._error = InputError(f"cannot read the input: {error}")
        finally:
            self._ended = True
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._arrival.set)


class IterableSource:
    """The URLs of a program, from any iterable or asynchronous iterable of strings."""

    _BLOCK = 64

    def __init__(self, urls: Iterable[str] | AsyncIterable[str], collector: Collector) -> None:
        self.exhausted = False
        self._urls = aiter(urls) if isinstance(urls, AsyncIterable) else iter(urls)
        self._is_at_hand = isinstance(urls, Collection)
        self._collector = collector
        self._stopped = False

    async def next_block(self) -> Sequence[Target]:
        while not (self._stopped or self.exhausted):
            texts = await self._next_texts()
            self.exhausted = not texts
            targets = [target for text in texts if (target := self._collector.collect(text, "arguments"))]
            if targets:
                return targets
        return []

    async def _next_texts(self) -> list[str]:
        if isinstance(self._urls, Iterator):
            return list(itertools.islice(self._urls, self._BLOCK))
        try:
            return [await anext(self._urls)]
        except StopAsyncIteration:
            return []

    def stop(self) -> None:
        """What is in memory already counts as read."""
        self._stopped = not self._is_at_hand


class FedSource:
    """Targets that are handed over as they come. Whoever does so bounds how many are under way, so all are taken at once."""

    def __init__(self) -> None:
        self.exhausted = False
        self._blocks: deque[list[Target]] = deque()
        self._arrival = asyncio.Event()
        self._stopped = False

    async def next_block(self) -> Sequence[Target]:
        while not self._blocks:
            if self.exhausted or self._stopped:
                return []
            self._arrival.clear()
            await self._arrival.wait()
        return self._blocks.popleft()

    def stop(self) -> None:
        self._stopped = True
        self._arrival.set()

    def add(self, block: list[Target]) -> None:
        """Hand over some more."""
        self._blocks.append(block)
        self._arrival.set()

    def end(self) -> None:
        """There will be no more."""
        self.exhausted = True
        self._arrival.set()

    def take_back(self) -> list[Target]:
        """What was not asked for yet."""
        targets = [target for block in self._blocks for target in block]
        self._blocks.clear()
        return targets
