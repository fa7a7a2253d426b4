"""The other end of a `ProcessBackend`: messages come in on standard input, and go out on standard output."""

from __future__ import annotations

import asyncio
import os

import msgspec

from urlcheck.backends import codec, messages
from urlcheck.backends.frames import frame, read_frame
from urlcheck.backends.local import open_local
from urlcheck.engine.engine import Engine
from urlcheck.runtime.event_loop import tune_gc
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import CheckSettings, RunSettings


class _Output(asyncio.streams.FlowControlMixin):
    """Standard output, whose reader is the process that started this one."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The results have no reader any more, so requests in flight need not be waited for."""
        os._exit(0)


class Worker:
    """Has an engine do what the messages say, and sends what it reaches."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._checks: list[CheckSettings] = []

    async def run(self) -> None:
        """Until the input is finished, or its writer is gone. Ends at once where that is another version of the program."""
        hello = await self._read()
        if not isinstance(hello, messages.Hello) or hello.version != VERSION:
            return
        settings = codec.unpack_settings(RunSettings, hello.run)
        # a task that fails ends the process: a backend that no longer listens must not go on showing signs of life
        async with open_local(settings, self._checks) as engine, asyncio.TaskGroup() as group:
            tune_gc()
            engine.on_overload = lambda origin, seconds: self._send(messages.Overloaded(origin, seconds))
            tasks = [
                group.create_task(self._listen(engine, group)),
                group.create_task(self._show_life(engine, hello.pulse_seconds)),
            ]
            async for batch in engine.results():
                self._send(codec.pack_results(batch, _measure(engine)) if batch else self._describe(engine))
                await self._writer.drain()
            for task in tasks:
                task.cancel()

    async def _listen(self, engine: Engine, group: asyncio.TaskGroup) -> None:
        while message := await self._read():
            if isinstance(message, messages.Question):
                group.create_task(self._answer(engine, message))  # it may wait for requests in flight
            else:
                self._obey(engine, message)
        engine.finish()

    def _obey(self, engine: Engine, order: messages.Order) -> None:
        match order:
            case messages.Submit():
                engine.submit([codec.unpack_target(packed) for packed in order.targets])
            case messages.Checks():
                self._checks += [codec.unpack_settings(CheckSettings, packed) for packed in order.checks]
            case messages.Limit():
                engine.set_limit(order.in_flight)
                self._send(self._describe(engine))
            case messages.Share():
                engine.set_share(order.origin, order.share)
            case messages.Pause():
                engine.pause(order.origin, order.seconds)
            case messages.Stop():
                engine.stop(order.reason)
            case messages.Finish():
                engine.finish()

    async def _answer(self, engine: Engine, question: messages.Question) -> None:
        match question:
            case messages.Withdraw():
                targets, origins = await engine.withdraw()
                self._send(messages.Released([target.index for target in targets], [*origins]))
            case messages.FindBusiest():
                busiest = await engine.find_busiest()
                self._send(messages.Busiest(*busiest) if busiest else messages.Busiest(None, 0))
            case messages.TakeQueue():
                targets = await engine.take_queue(question.origin)
                self._send(messages.Released([target.index for target in targets], []))

    async def _show_life(self, engine: Engine, seconds: float) -> None:
        """Again and again: the event loop runs, however long servers take to answer."""
        while True:
            if not self._writer.transport.get_write_buffer_size():  # else there is more to be read
                self._send(self._describe(engine))
            await asyncio.sleep(seconds)

    def _describe(self, engine: Engine) -> messages.Alive:
        return messages.Alive(engine.report.slowed, engine.status.hungry, _measure(engine))

    async def _read(self) -> messages.ToBackend | None:
        data = await read_frame(self._reader)
        try:
            return None if data is None else messages.decode_to_backend(data)
        except msgspec.DecodeError:
            return None

    def _send(self, message: messages.Message) -> None:
        self._writer.write(frame(messages.encode(message)))


def _measure(engine: Engine) -> messages.Load:
    status = engine.status
    return messages.Load(status.limit, status.in_flight)


async def work() -> int:
    """Check what comes in on standard input; an exit status."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb", buffering=0))
    transport, protocol = await loop.connect_write_pipe(_Output, os.fdopen(1, "wb", buffering=0))
    await Worker(reader, asyncio.StreamWriter(transport, protocol, None, loop)).run()
    return 0
