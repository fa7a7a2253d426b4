"""A source that a thread reads, so that a slow or silent input holds up nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial

from urlcheck.input.target_builder import Item
from urlcheck.model.errors import InputError
from urlcheck.runtime.threads import start_thread

_BLOCKS_AHEAD = 4  # blocks of about 32 KiB of a list


class ThreadSource:
    """Hands over blocks that a thread reads from an iterable."""

    def __init__(self, blocks: Iterable[list[Item]]) -> None:
        self.exhausted = False
        self._blocks = iter(blocks)
        self._read: deque[list[Item]] = deque()
        self._places = threading.Semaphore(_BLOCKS_AHEAD)
        self._arrival = asyncio.Event()
        self._ended = False
        self._error: InputError | None = None
        self._thread: threading.Thread | None = None

    async def read(self) -> Sequence[Item]:
        if self._thread is None:
            self._thread = start_thread(partial(self._read_ahead, asyncio.get_running_loop()), "input")
        while True:
            has_ended = self._ended  # read before the deque: a thread that has ended has handed over everything
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
                self._places.acquire()  # before reading, so that a block is handed over as soon as it is read
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
        except Exception as error:  # noqa: BLE001 - the reader must be told, as it waits
            self._error = InputError(f"cannot read the input: {error}")
        finally:
            self._ended = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, so there is no reader
                loop.call_soon_threadsafe(self._arrival.set)
