"""A backend whose engine is elsewhere: in another process, or on another machine. A link carries messages to it and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from urlcheck.backends import codec, messages
from urlcheck.backends.protocol import BackendLostError
from urlcheck.backends.silence import Silence
from urlcheck.engine.status import BackendReport, BackendStatus, Withdrawn
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.settings.files import FileReader
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import CheckSettings, RunSettings

# another end that is silent for longer than this many seconds, and longer than an attempt may take, is stopped or hangs
HANG_SECONDS = 30.0
# the other end sends this many signs of life in the time that it may be silent
PULSES = 10


class Link(Protocol):
    """A connection to the other end, which carries whole messages in their order.

    `worker` names the other end in results, and is None where that is this machine. `files` reads the files that must be sent,
    and is None where the other end finds them by their names.
    """

    @property
    def worker(self) -> str | None: ...

    @property
    def files(self) -> FileReader | None: ...

    def send(self, message: bytes) -> None:
        """Send a message soon. A message to an end that is gone is dropped: `receive` reports it."""
        ...

    async def receive(self) -> bytes | None:
        """The next message; None once the other end is gone."""
        ...

    def suspend(self) -> None:
        """The program is about to be stopped by its terminal."""
        ...

    def resume(self) -> None:
        """The program goes on."""
        ...

    def kill(self) -> None:
        """End the other end at once: `receive` returns None soon."""
        ...

    async def aclose(self, *, has_ended: bool) -> None:
        """Free everything; `has_ended`: the other end has sent all and ends by itself."""
        ...


class RemoteBackend:
    """An engine at the other end of a link. `checks` is the run's list of check settings, which may grow.

    `hang_seconds`: the longest silence. `refusal` is the reason for which the other end refused to work, None if it did not;
    `has_ended`: it has no more results.
    """

    def __init__(
        self, link: Link, settings: RunSettings, checks: Sequence[CheckSettings], hang_seconds: float | None = None
    ) -> None:
        self.refusal: str | None = None
        self.has_ended = False
        hang_seconds = hang_seconds or max(HANG_SECONDS, *(check.timeout for check in checks))
        self._link = link
        self._checks = checks
        self._sent_checks = 0
        self._unfinished: dict[int, Target] = {}
        self._limit = settings.concurrency
        self._alive = messages.Alive(slowed=0, hungry=True)
        self._withdrawn: asyncio.Future[messages.Released] | None = None
        self._is_finishing = False
        self._silence = Silence(hang_seconds, link.kill)
        self._send(messages.Hello(VERSION, codec.pack_settings(settings), hang_seconds / PULSES))

    @property
    def status(self) -> BackendStatus:
        unfinished = len(self._unfinished)
        return BackendStatus(
            limit=self._limit,
            unfinished=unfinished,
            hungry=self._alive.hungry or unfinished <= self._limit,
        )

    @property
    def report(self) -> BackendReport:
        return BackendReport(self._alive.slowed)

    def submit(self, targets: Sequence[Target]) -> None:
        if new := self._checks[self._sent_checks :]:
            self._sent_checks += len(new)
            self._send(codec.pack_checks(new, self._link.files))
        self._unfinished.update((target.index, target) for target in targets)
        self._send(messages.Submit([codec.pack_target(target) for target in targets]))
        self._alive = messages.Alive(self._alive.slowed, hungry=False)  # until it says so again

    def set_limit(self, in_flight: int) -> None:
        self._limit = in_flight
        self._send(messages.Limit(in_flight))

    async def withdraw(self) -> Withdrawn:
        self._withdrawn = asyncio.get_running_loop().create_future()
        self._send(messages.Withdraw())
        released = await self._withdrawn
        return Withdrawn([self._unfinished.pop(index) for index in released.indices], set(released.origins))

    def finish(self) -> None:
        self._is_finishing = True
        self._send(messages.Finish())

    def stop(self, reason: str) -> None:
        self._send(messages.Stop(reason))
        self.finish()

    def suspend(self) -> None:
        self._link.suspend()

    def resume(self) -> None:
        self._link.resume()

    async def results(self) -> AsyncGenerator[Sequence[Result], None]:
        """The results, in batches. Raises `BackendLostError` when the other end ends too early, or hangs."""
        self._silence.begin()
        try:
            while (message := await self._read()) is not None:
                match message:
                    case messages.Results():
                        yield [self._unpack(packed) for packed in message.results]
                    case messages.Alive():
                        self._alive = message
                        yield []
                    case messages.Refused():
                        self.refusal = message.reason
                    case messages.Released() if self._withdrawn and not self._withdrawn.done():
                        self._withdrawn.set_result(message)
        finally:
            self._silence.end()
            self.has_ended = True
            if self._withdrawn and not self._withdrawn.done():
                self._withdrawn.set_result(messages.Released([], []))
        if self._unfinished or not self._is_finishing:
            unfinished = [*self._unfinished.values()]
            self._unfinished.clear()
            self._is_finishing = False
            self._link.kill()  # it may have sent what cannot be read, and still send requests
            raise BackendLostError(unfinished)

    async def aclose(self) -> None:
        await self._link.aclose(has_ended=self.has_ended and self._is_finishing)

    def _unpack(self, packed: messages.PackedResult) -> Result:
        return codec.unpack_result(packed, self._unfinished.pop(packed.index), self._link.worker)

    async def _read(self) -> messages.FromBackend | None:
        with self._silence.listening():
            data = await self._link.receive()
        try:
            return None if data is None else messages.decode_from_backend(data)
        except msgspec.DecodeError:  # it died in the middle of a message
            return None

    def _send(self, message: messages.Message) -> None:
        self._link.send(messages.encode(message))
