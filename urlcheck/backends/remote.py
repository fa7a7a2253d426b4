"""A backend whose engine is elsewhere: in another process, or on another machine. A link carries messages to it and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec

from urlcheck.backends import codec, messages
from urlcheck.backends.link import Link
from urlcheck.backends.protocol import BackendLostError
from urlcheck.backends.silence import Silence
from urlcheck.engine.status import BackendReport, BackendStatus, HostQueue, OverloadHandler, Withdrawn
from urlcheck.http.url import Origin
from urlcheck.model.result import Result
from urlcheck.model.stop_reason import StopReason
from urlcheck.model.target import Target
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import CheckSettings, RunSettings

# another end that is silent for longer than this many seconds, and longer than an attempt may take, is stopped or hangs
HANG_SECONDS = 30.0
# the other end sends this many signs of life in the time that it may be silent
PULSES = 10


class RemoteBackend:
    """An engine at the other end of a link. `checks` is the run's list of check settings, which may grow.

    `hang_seconds`: the longest silence. `refusal` is the reason for which the other end refused to work, None if it did not;
    `has_ended`: it has no more results.
    """

    def __init__(
        self, link: Link, settings: RunSettings, checks: Sequence[CheckSettings], hang_seconds: float | None = None
    ) -> None:
        self.on_overload: OverloadHandler | None = None
        self.refusal: str | None = None
        self.has_ended = False
        hang_seconds = hang_seconds or max(HANG_SECONDS, *(check.timeout for check in checks))
        self._link = link
        self._checks = checks
        self._sent_checks = 0
        self._unfinished: dict[int, Target] = {}
        self._limit = settings.concurrency
        self._limit_orders = 0
        self._in_flight = 0
        self._slowed, self._is_hungry = 0, True
        self._asking = asyncio.Lock()
        self._reply: asyncio.Future[messages.Answer | None] | None = None
        self._early: messages.FromBackend | None = None
        self._is_finishing = False
        self._silence = Silence(hang_seconds, link.kill)
        self._send(messages.Hello(VERSION, codec.pack_settings(settings), hang_seconds / PULSES))

    @property
    def status(self) -> BackendStatus:
        unfinished = len(self._unfinished)
        return BackendStatus(
            limit=self._limit,
            in_flight=self._in_flight,
            unfinished=unfinished,
            hungry=self._is_hungry or unfinished <= self._limit,
        )

    @property
    def report(self) -> BackendReport:
        return BackendReport(self._slowed)

    def submit(self, targets: Sequence[Target]) -> None:
        if new := self._checks[self._sent_checks :]:
            self._sent_checks += len(new)
            self._send(codec.pack_checks(new, self._link.files))
        self._unfinished.update((target.index, target) for target in targets)
        self._send(messages.Submit([codec.pack_target(target) for target in targets]))
        self._is_hungry = False  # until it says so again

    def set_limit(self, in_flight: int) -> None:
        # until it says how many there are under the new limit
        self._in_flight = max(self._in_flight, min(self._limit, len(self._unfinished)))
        self._limit = in_flight
        self._limit_orders += 1
        self._send(messages.Limit(self._limit_orders, in_flight))

    async def withdraw(self) -> Withdrawn:
        return self._release(await self._ask(messages.Withdraw()))

    async def find_busiest(self) -> HostQueue | None:
        busiest = await self._ask(messages.FindBusiest())
        return HostQueue(busiest.origin, busiest.length) if isinstance(busiest, messages.Busiest) and busiest.origin else None

    def set_share(self, origin: Origin, share: int) -> None:
        self._send(messages.Share(origin, share))

    async def take_queue(self, origin: Origin) -> Withdrawn:
        return self._release(await self._ask(messages.TakeQueue(origin)))

    def pause(self, origin: Origin, seconds: float) -> None:
        self._send(messages.Pause(origin, seconds))

    def finish(self) -> None:
        self._is_finishing = True
        self._send(messages.Finish())

    def stop(self, reason: StopReason | str) -> None:
        self._send(messages.Stop(str(reason)))
        self.finish()

    def suspend(self) -> None:
        self._link.suspend()

    def resume(self) -> None:
        self._link.resume()

    async def until_ready(self) -> None:
        """Wait until the other end can check targets. If it ends before, it is lost, as `results` says."""
        try:
            self._early = await self._read()
        except asyncio.CancelledError:
            await self._link.aclose(has_ended=False)
            raise

    async def results(self) -> AsyncGenerator[Sequence[Result], None]:
        """The results, in batches. Raises `BackendLostError` when the other end ends too early, or hangs."""
        self._silence.begin()
        try:
            while (message := await self._next()) is not None:
                match message:
                    case messages.Results():
                        self._note(message.load)
                        yield [self._unpack(packed) for packed in message.results]
                    case messages.Alive():
                        self._note(message.load)
                        self._slowed, self._is_hungry = message.slowed, message.hungry
                        yield []
                    case messages.Overloaded():
                        if self.on_overload:
                            self.on_overload(message.origin, message.seconds)
                    case messages.Refused():
                        self.refusal = message.reason
                    case messages.Released() | messages.Busiest() if self._reply and not self._reply.done():
                        self._reply.set_result(message)
        finally:
            self._silence.end()
            self.has_ended = True
            if self._reply and not self._reply.done():
                self._reply.set_result(None)
        if self._unfinished or not self._is_finishing:
            unfinished = [*self._unfinished.values()]
            self._unfinished.clear()
            self._is_finishing = False
            self._link.kill()  # it may have sent unreadable bytes, and may still send requests
            raise BackendLostError(unfinished)

    async def aclose(self) -> None:
        await self._link.aclose(has_ended=self.has_ended and self._is_finishing)

    def _unpack(self, packed: messages.PackedResult) -> Result:
        return codec.unpack_result(packed, self._unfinished.pop(packed.index), self._link.worker)

    async def _ask(self, question: messages.Question) -> messages.Answer | None:
        """The answer of the other end, which is asked one question at a time; None where it is lost."""
        async with self._asking:
            if self.has_ended:
                return None
            self._reply = asyncio.get_running_loop().create_future()
            self._send(question)
            return await self._reply

    def _release(self, answer: messages.Answer | None) -> Withdrawn:
        """The targets and origins of an answer. Those of a backend that was lost since then are gone."""
        if not isinstance(answer, messages.Released):
            return Withdrawn([], set())
        targets = [target for index in answer.indices if (target := self._unfinished.pop(index, None))]
        return Withdrawn(targets, set(answer.origins))

    def _note(self, load: messages.Load) -> None:
        if load.order == self._limit_orders:  # else it has not heard of the new limit
            self._in_flight = load.in_flight

    async def _next(self) -> messages.FromBackend | None:
        message, self._early = self._early, None
        return message or await self._read()

    async def _read(self) -> messages.FromBackend | None:
        with self._silence.listening():
            data = await self._link.receive()
        try:
            return None if data is None else messages.decode_from_backend(data)
        except msgspec.DecodeError:  # it died in the middle of a message
            return None

    def _send(self, message: messages.Message) -> None:
        self._link.send(messages.encode(message))
