"""The backend of another process: an engine at the other end of two pipes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

import msgspec

from urlcheck.backends import codec, messages
from urlcheck.backends.child import Child
from urlcheck.backends.frames import frame, read_frame
from urlcheck.backends.protocol import BackendLostError
from urlcheck.backends.silence import Silence
from urlcheck.engine.status import BackendReport, BackendStatus, HostQueue, OverloadHandler, Withdrawn
from urlcheck.http.url import Origin
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import CheckSettings, RunSettings

# a process that is silent for longer than this many seconds, and longer than an attempt may take, is stopped or hangs
HANG_SECONDS = 30.0
# a process sends this many signs of life in the time that it may be silent
PULSES = 10
# seconds that a process which has sent everything has to exit
_EXIT_SECONDS = 2.0


class ProcessBackend:
    """Another process. `checks` is the run's list of check settings, which may grow; `hang_seconds`: the longest silence."""

    def __init__(
        self,
        child: Child,
        pipes: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        settings: RunSettings,
        checks: Sequence[CheckSettings],
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        self._child = child
        self._reader, self._writer = pipes
        self._checks = checks
        self._sent_checks = 0
        self._unfinished: dict[int, Target] = {}
        self._limit = settings.concurrency
        self._in_flight = 0
        self._slowed, self._is_hungry = 0, True
        self._reply: asyncio.Future[messages.Answer | None] | None = None
        self.on_overload: OverloadHandler | None = None
        self._is_finishing = False
        self._has_ended = False
        self._is_over = False
        self._early: messages.FromBackend | None = None
        self._silence = Silence(hang_seconds, child.kill)
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
            self._send(messages.Checks([codec.pack_settings(check) for check in new]))
        self._unfinished.update((target.index, target) for target in targets)
        self._send(messages.Submit([codec.pack_target(target) for target in targets]))
        self._is_hungry = False  # until it says so again

    def set_limit(self, in_flight: int) -> None:
        # until it says how many there are under the new limit
        self._in_flight = max(self._in_flight, min(self._limit, len(self._unfinished)))
        self._limit = in_flight
        self._send(messages.Limit(in_flight))

    async def withdraw(self) -> Withdrawn:
        released = await self._ask(messages.Withdraw())
        origins = set(released.origins) if isinstance(released, messages.Released) else set[Origin]()
        return Withdrawn(self._release(released), origins)

    async def find_busiest(self) -> HostQueue | None:
        busiest = await self._ask(messages.FindBusiest())
        return HostQueue(busiest.origin, busiest.length) if isinstance(busiest, messages.Busiest) and busiest.origin else None

    def set_share(self, origin: Origin, share: int) -> None:
        self._send(messages.Share(origin, share))

    async def take_queue(self, origin: Origin) -> list[Target]:
        released = await self._ask(messages.TakeQueue(origin))
        return self._release(released)

    def pause(self, origin: Origin, seconds: float) -> None:
        self._send(messages.Pause(origin, seconds))

    def finish(self) -> None:
        self._is_finishing = True
        self._send(messages.Finish())

    def stop(self, reason: str) -> None:
        self._send(messages.Stop(reason))
        self.finish()

    def suspend(self) -> None:
        self._child.send_signal("SIGSTOP")

    def resume(self) -> None:
        self._child.send_signal("SIGCONT")

    async def until_ready(self) -> None:
        """Wait until the process can check targets. One that ends before is lost, as `results` says."""
        try:
            self._early = await self._read()
        except asyncio.CancelledError:
            self._child.discard()
            raise

    async def results(self) -> AsyncGenerator[Sequence[Result], None]:
        """The results, in batches. Raises `BackendLostError` when the process ends too early, or hangs."""
        self._silence.begin()
        try:
            while (message := await self._next()) is not None:
                if isinstance(message, messages.Results):
                    self._note(message.load)
                    yield [codec.unpack_result(packed, self._unfinished.pop(packed.index)) for packed in message.results]
                elif isinstance(message, messages.Alive):
                    self._note(message.load)
                    self._slowed, self._is_hungry = message.slowed, message.hungry
                    yield []
                elif isinstance(message, messages.Overloaded):
                    if self.on_overload:
                        self.on_overload(message.origin, message.seconds)
                elif self._reply and not self._reply.done():
                    self._reply.set_result(message)
        finally:
            self._silence.end()
            self._is_over = True
            if self._reply and not self._reply.done():
                self._reply.set_result(None)
        if self._unfinished or not self._is_finishing:
            unfinished = [*self._unfinished.values()]
            self._unfinished.clear()
            self._child.kill()  # it may have sent what cannot be read, and still send requests
            raise BackendLostError(unfinished)
        self._has_ended = True

    async def aclose(self) -> None:
        with suppress(OSError, RuntimeError):
            self._writer.close()
        if self._has_ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EXIT_SECONDS):
                    await self._child.wait()
                    return
        self._child.kill()
        await self._child.wait()

    async def _ask(self, question: messages.Question) -> messages.Answer | None:
        """The answer of the process, which is asked one question at a time; None where it is lost."""
        if self._is_over:
            return None
        self._reply = asyncio.get_running_loop().create_future()
        self._send(question)
        return await self._reply

    def _release(self, answer: messages.Answer | None) -> list[Target]:
        """The targets of an answer. Those of a process that was lost since then are gone."""
        indices = answer.indices if isinstance(answer, messages.Released) else ()
        return [target for index in indices if (target := self._unfinished.pop(index, None))]

    async def _next(self) -> messages.FromBackend | None:
        message, self._early = self._early, None
        return message or await self._read()

    async def _read(self) -> messages.FromBackend | None:
        with self._silence.listening():
            data = await read_frame(self._reader)
        try:
            return None if data is None else messages.decode_from_backend(data)
        except msgspec.DecodeError:  # it died in the middle of a message
            return None

    def _send(self, message: messages.Message) -> None:
        with suppress(OSError, RuntimeError):  # it died: `results` says so
            self._writer.write(frame(messages.encode(message)))

    def _note(self, load: messages.Load) -> None:
        if load.limit == self._limit:  # else it has not heard of the new limit
            self._in_flight = load.in_flight


async def open_process(
    settings: RunSettings,
    checks: Sequence[CheckSettings],
    hang_seconds: float | None = None,
    child: Child | None = None,
) -> ProcessBackend:
    """The backend of a process, or of `child`, which has been started. Raises `OSError`.

    `hang_seconds`: the silence after which it is replaced; by default as long as an attempt may take, and at least 30 s.
    """
    child = child or Child()
    try:
        pipes = await child.connect()
    except BaseException:
        child.discard()
        raise
    longest_attempt = max(check.timeout for check in checks)
    return ProcessBackend(child, pipes, settings, checks, hang_seconds or max(HANG_SECONDS, longest_attempt))
