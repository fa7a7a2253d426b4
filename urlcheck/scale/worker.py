"""The process of a worker: targets come in on standard input, results go out on standard output, until one of them ends."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys

from urlcheck.engine import open_run
from urlcheck.loop import run, spare_the_collector
from urlcheck.scale.wire import Frames, frame, pack_result, unpack_target
from urlcheck.sources import FedSource
from urlcheck.threads import ENDING


async def work() -> int:
    """Check what comes in; the run ends when nothing more does, or when whoever started it is gone."""
    frames, writer = await _connect()
    settings = pickle.loads(await frames.read())  # noqa: S301 - from the process that started this one
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

        listener = asyncio.ensure_future(listen())
        async for batch in checks.batches():
            writer.write(frame([pack_result(result) for result in batch]))
            await writer.drain()
        listener.cancel()
    return 0


async def _connect() -> tuple[Frames, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(0, "rb", buffering=0))
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(1, "wb", buffering=0))
    return Frames(stream), asyncio.StreamWriter(transport, protocol, None, loop)


def main() -> None:
    """The signals of the terminal are for the first process, which says what is to be done."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    try:
        status = run(work())
    except ConnectionError:  # nobody wants the results any more
        status = 0
    sys.exit(status)


if __name__ == "__main__":
    main()
