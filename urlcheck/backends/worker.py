"""The other end of a `RemoteBackend`: an engine that does what the messages say, over any channel that carries them."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from urlcheck.backends import codec, messages
from urlcheck.backends.local import open_local
from urlcheck.engine.engine import Engine
from urlcheck.model.errors import SettingsError
from urlcheck.settings.checks import GrowingChecks
from urlcheck.settings.files import placing, relocate
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import CheckSettings, RunSettings


class Channel(Protocol):
    """The worker's end of a link."""

    @property
    def is_empty(self) -> bool:
        """Whether everything that was written has been taken."""
        ...

    async def read(self) -> bytes | None:
        """The next message; None at the end."""
        ...

    def write(self, message: bytes) -> None:
        """Send a message soon."""
        ...

    async def drain(self) -> None:
        """Wait until there is room for another message."""
        ...


class Worker:
    """Has an engine follow the messages, and sends its results."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._checks = GrowingChecks()
        self._limit_order = 0

    async def run(self) -> None:
        """Run until the input is finished or its writer is gone. Ends at once if the writer has another version."""
        hello = await self._read()
        if not isinstance(hello, messages.Hello) or hello.version != VERSION:
            return
        try:
            await self._work(codec.unpack_settings(RunSettings, hello.run), hello.pulse_seconds)
        except* SettingsError as errors:  # this machine differs from the sender's: a proxy in the environment, say
            self._send(messages.Refused(str(errors.exceptions[0])))

    async def _work(self, settings: RunSettings, pulse_seconds: float) -> None:
        # a task that fails ends the worker: a backend that no longer listens must not go on showing signs of life
        async with open_local(settings, self._checks) as engine, asyncio.TaskGroup() as group:
            engine.on_overload = lambda origin, seconds: self._send(messages.Overloaded(origin, seconds))
            tasks = [
                group.create_task(self._listen(engine, group)),
                group.create_task(self._show_life(engine, pulse_seconds)),
            ]
            async for batch in engine.results():
                self._send(codec.pack_results(batch, self._measure(engine)) if batch else self._describe(engine))
                await self._channel.drain()
            for task in tasks:
                task.cancel()

    async def _listen(self, engine: Engine, group: asyncio.TaskGroup) -> None:
        while message := await self._read():
            if isinstance(message, messages.Question):
                group.create_task(self._answer(engine, message))  # it may wait for requests in flight
            else:
                self._handle_order(engine, message)
        engine.finish()

    def _handle_order(self, engine: Engine, order: messages.Order) -> None:
        match order:
            case messages.Submit():
                engine.submit([codec.unpack_target(packed) for packed in order.targets])
            case messages.Checks():
                self._add(order)
            case messages.Limit():
                engine.set_limit(order.in_flight)
                self._limit_order = order.number
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
                targets, origins = await engine.take_queue(question.origin)
                self._send(messages.Released([target.index for target in targets], [*origins]))

    def _add(self, message: messages.Checks) -> None:
        """Open further checks. The files that were sent exist only meanwhile."""
        with placing(codec.unpack_contents(message)) as paths:
            for packed in message.checks:
                self._checks.append(relocate(codec.unpack_settings(CheckSettings, packed), paths))
            self._checks.on_growth()

    async def _show_life(self, engine: Engine, seconds: float) -> None:
        """Send a sign of life at every interval."""
        while True:
            if self._channel.is_empty:  # otherwise the messages that wait are the sign
                self._send(self._describe(engine))
            await asyncio.sleep(seconds)

    def _measure(self, engine: Engine) -> messages.Load:
        return messages.Load(self._limit_order, engine.status.in_flight)

    def _describe(self, engine: Engine) -> messages.Alive:
        return messages.Alive(engine.report.slowed, engine.status.hungry, self._measure(engine))

    async def _read(self) -> messages.ToBackend | None:
        data = await self._channel.read()
        try:
            return None if data is None else messages.decode_to_backend(data)
        except msgspec.DecodeError:
            return None

    def _send(self, message: messages.Message) -> None:
        self._channel.write(messages.encode(message))
