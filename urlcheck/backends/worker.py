"""The work of another process: targets come in on standard input, results go out on standard output, until one ends."""

from __future__ import annotations

import asyncio
import os
import pickle

from urlcheck.backends.codec import Frames, frame, pack_result, unpack_target
from urlcheck.engine.engine import open_run
from urlcheck.input.sources import FedSource
from urlcheck.runtime.event_loop import spare_the_collector


async def work() -> int:
    """Check what comes in; the run ends when nothing more does, or when whoever started it is gone."""
    frames, writer = await _connect()
    settings, pulse_seconds = pickle.loads(await frames.read())  # noqa: S301 - from the process that started this one
    source = FedSource()
    async with open_run(source, settings) as checks:
        spare_the_collector()

        async def listen() -> None:
            while message := await frames.read():
                if isinstance(message, str):
                    checks.stop(message)
                elif isinstance(message, int):
                    checks.limit(message)
                else:
                    source.add([unpack_target(packed) for packed in message])
            source.end()

        tasks = [asyncio.ensure_future(listen()), asyncio.ensure_future(_show_life(writer, pulse_seconds))]
        async for batch in checks.batches():
            writer.write(frame([pack_result(result) for result in batch]))
            await writer.drain()
        for task in tasks:
            task.cancel()
    return 0


async def _show_life(writer: asyncio.StreamWriter, seconds: float) -> None:
    """A batch without results, again and again: the event loop runs, however long servers take to answer."""
    while True:
        if not writer.transport.get_write_buffer_size():  # else there is more to be read than this
            writer.write(frame([]))
        await asyncio.sleep(seconds)


class _Output(asyncio.streams.FlowControlMixin):
    """Standard output, whose reader is the process that started this one."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The results have no reader any more: what is in flight need not be waited for."""
        os._exit(0)


async def _connect() -> tuple[Frames, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(0, "rb", buffering=0))
    transport, protocol = await loop.connect_write_pipe(_Output, os.fdopen(1, "wb", buffering=0))
    return Frames(stream), asyncio.StreamWriter(transport, protocol, None, loop)
