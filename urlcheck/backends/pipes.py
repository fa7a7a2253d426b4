"""The standard streams of a worker's process as its channel."""

from __future__ import annotations

import asyncio
import os

from urlcheck.backends.frames import frame, read_frame
from urlcheck.backends.worker import Worker
from urlcheck.runtime.event_loop import tune_gc


class _Output(asyncio.streams.FlowControlMixin):
    """Standard output, whose reader is the process that started this one."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The results have no reader any more, so requests in flight need not be waited for."""
        os._exit(0)


class Pipes:
    """Messages come in on standard input, and go out on standard output."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def is_empty(self) -> bool:
        return not self._writer.transport.get_write_buffer_size()

    async def read(self) -> bytes | None:
        return await read_frame(self._reader)

    def write(self, message: bytes) -> None:
        self._writer.write(frame(message))

    async def drain(self) -> None:
        await self._writer.drain()


async def work() -> int:
    """Check the targets that come in on standard input. Returns an exit status."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb", buffering=0))
    transport, protocol = await loop.connect_write_pipe(_Output, os.fdopen(1, "wb", buffering=0))
    tune_gc()
    await Worker(Pipes(reader, asyncio.StreamWriter(transport, protocol, None, loop))).run()
    return 0
