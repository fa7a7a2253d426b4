"""The actor: Dask makes one in a worker process for each run, and calls its coroutines on the worker's event loop."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from contextlib import suppress

from urlcheck.backends.frames import frame, split
from urlcheck.backends.worker import Worker
from urlcheck.runtime.event_loop import tuning_gc

# bytes of results that wait to be fetched before the engine waits too
_MOST_WAITING = 1 << 20
# seconds for which results are gathered in a block: each block costs a millisecond of processor time, however short it is
_GATHER_SECONDS = 0.05


class _Mailbox:
    """The channel of a `Worker`: messages come in and go out in blocks. It belongs to one event loop from `begin` on."""

    def __init__(self) -> None:
        self._incoming: deque[bytes] = deque()
        self._outgoing: list[bytes] = []
        self._size = 0
        self._arrival = asyncio.Event()
        self._departure = asyncio.Event()
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Have a worker listen, on the running event loop."""
        if not self._task:
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(lambda _: self._departure.set())

    async def _run(self) -> None:
        with tuning_gc():
            await Worker(self).run()

    def end(self) -> None:
        """Abandon what is in flight; called from any thread."""
        if self._task and not self._task.done():
            with suppress(RuntimeError):  # the loop is closed
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def put(self, block: bytes) -> None:
        self._incoming += split(block)
        self._arrival.set()

    async def take(self) -> bytes:
        """Wait for messages, and take them all; empty once the worker has ended and everything was taken."""
        while not self._outgoing and self._task and not self._task.done():
            self._departure.clear()
            await self._departure.wait()
            await asyncio.sleep(_GATHER_SECONDS)
        block, self._outgoing, self._size = b"".join(self._outgoing), [], 0
        self._room.set()
        return block

    # the worker's side

    @property
    def is_empty(self) -> bool:
        return not self._outgoing

    async def read(self) -> bytes | None:
        while not self._incoming:
            self._arrival.clear()
            await self._arrival.wait()
        return self._incoming.popleft()

    def write(self, message: bytes) -> None:
        self._outgoing.append(frame(message))
        self._size += len(message)
        self._departure.set()

    async def drain(self) -> None:
        while self._size > _MOST_WAITING:
            self._room.clear()
            await self._room.wait()


class EngineActor:
    """An engine for one run. It ends when Dask drops the actor, because the run has released it or its program is gone."""

    def __init__(self) -> None:
        self._mailbox = _Mailbox()
        weakref.finalize(self, self._mailbox.end).atexit = False

    async def send(self, block: bytes) -> None:
        """Take in a block of messages."""
        self._mailbox.begin()
        self._mailbox.put(bytes(block))

    async def receive(self) -> bytes:
        """Wait for a block of messages; it is empty at the end."""
        self._mailbox.begin()
        return await self._mailbox.take()
