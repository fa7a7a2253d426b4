"""Hands the targets to the readers of the WebSocket: first all, then those that changed, four times a second at most.

All readers get the same messages, each built once. Long ones are sent in parts, so that a reader that does not read costs no
more than a part. A reader that does not keep up is sent away with the code 1013 (try again later); it may come back, and
starts with a new snapshot.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from urlcheck.watch.server.board import Board, Entry, join_bodies

# seconds for which changes are collected into one message
PERIOD = 0.25
# messages that may wait for a reader: 16 s of changes without a break
LONGEST_QUEUE = 64
# targets in a part of a message: about 70 KB, of which the connection of each reader may have one to write
PART = 100
# seconds that readers have to agree to the end
FAREWELL = 1.0
# codes with which a WebSocket is closed (RFC 6455, 7.4.1, and its registry at IANA)
GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013

Parts = Sequence[bytes]


class Reader:
    """One reader's queue. `ending` gets the code to close with once the reader is too slow, or the server ends."""

    def __init__(self) -> None:
        self.ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue: asyncio.Queue[Parts] = asyncio.Queue(LONGEST_QUEUE)

    async def get(self) -> Parts:
        """The parts of the next message."""
        return await self._queue.get()

    def put(self, message: Parts) -> None:
        """Queue a message; if the queue is full, the reader has to go."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end(TRY_AGAIN_LATER)

    def end(self, code: int) -> None:
        """Say that the reader has to go, and why."""
        if not self.ending.done():
            self.ending.set_result(code)


class Feed:
    """Collects the changes while there are readers."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._readers: set[Reader] = set()
        self._changed: set[str] = set()
        self._is_wanted = asyncio.Event()
        self._has_left = asyncio.Event()
        self._publisher: asyncio.Task[None] | None = None
        self._sequence = 1
        self._snapshot: Parts | None = None  # readers that come together share one
        board.listen(self._collect)

    @asynccontextmanager
    async def join(self) -> AsyncIterator[Reader]:
        """A new reader, whose first message is a snapshot."""
        await self._board.refresh()
        reader = Reader()
        self._readers.add(reader)
        if self._publisher is None:
            self._publisher = asyncio.create_task(self._publish())
        reader.put(self._take_snapshot())
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            self._has_left.set()
            if not self._readers:
                self._rest()

    async def close(self) -> None:
        """Send all readers away, because the server ends, and give them a second to agree."""
        for reader in self._readers:
            reader.end(GOING_AWAY)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                while self._readers:
                    self._has_left.clear()
                    await self._has_left.wait()

    def _collect(self, target_id: str) -> None:
        if self._readers:
            self._changed.add(target_id)
            self._is_wanted.set()

    async def _publish(self) -> None:
        while True:
            await self._is_wanted.wait()
            await asyncio.sleep(PERIOD)
            self._is_wanted.clear()
            changed, self._changed = self._changed, set()
            await self._board.refresh()
            entries = [entry for target_id in changed if (entry := self._board.find(target_id))]
            removed = changed.difference(entry.id for entry in entries)
            # readers that joined before have a snapshot with the last number; this message completes it
            self._snapshot = None
            self._sequence += 1
            message = self._write("changes", entries, removed)
            for reader in self._readers:
                reader.put(message)

    def _take_snapshot(self) -> Parts:
        if self._snapshot is None:
            self._snapshot = self._write("snapshot", self._board.list_entries())
        return self._snapshot

    def _write(self, kind: str, entries: Sequence[Entry], removed: Iterable[str] = ()) -> Parts:
        """The message; all parts but the last one say that there is `more`, and have its number."""
        summary = json.dumps(self._board.summarise())
        head = f'{{"type": "{kind}", "seq": {self._sequence}, "summary": {summary}, "removed": {json.dumps([*removed])}'
        starts = range(0, len(entries) or 1, PART)
        parts = [join_bodies(entries[start : start + PART]) for start in starts]
        ends = [*["true"] * (len(parts) - 1), "false"]
        return [f'{head}, "more": {more}, "targets": {part}}}'.encode() for part, more in zip(parts, ends, strict=True)]

    def _rest(self) -> None:
        assert self._publisher is not None
        self._publisher.cancel()
        self._publisher = self._snapshot = None
        self._changed.clear()
        self._is_wanted.clear()
