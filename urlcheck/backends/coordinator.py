"""The coordinator: targets from a source to backends, results from backends to the consumer.

One backend in this event loop is the common case; others may join and take part of the hosts, and may be lost. A host has one
home at a time, or several that divide its share, so the promises about hosts hold. A backend that is lost has its unfinished
targets checked by another; while there is none, targets are held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from itertools import chain

from urlcheck.backends.backend_pool import BackendPool
from urlcheck.backends.bounds import Bounds, set_alarm
from urlcheck.backends.protocol import Backend, BackendLostError, Scaler
from urlcheck.engine.result_buffer import ResultBuffer
from urlcheck.engine.status import HeldBack
from urlcheck.input.source import Source
from urlcheck.model.result import Result, settle
from urlcheck.model.stop_reason import StopReason
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.runtime.shortages import name_shortage
from urlcheck.settings.scopes import CheckSettings, RunSettings

# the reason for a target whose request may have been sent by a backend that was lost
NOT_REPEATED = "its process died or did not answer; a request that may have been sent is not sent again"
# ... and for one whose backend was lost again and again: the target may be the cause
LOST_TOO_OFTEN = "every process that had it died or did not answer"
_MOST_LOSSES = 10


class Coordinator:
    """One run: every target that is read comes out once, as a `Result`, in order of completion.

    `first` is the backend of this event loop; without one, all targets are for the backends that the scaler opens.
    `interruption` is the reason why the run was stopped, None while it was not; `lost` counts the targets that were checked by
    another backend because theirs had ended. Memory is bounded by the window and the results that wait to be taken.
    """

    def __init__(
        self,
        source: Source,
        first: Backend | None,
        settings: RunSettings,
        checks: Sequence[CheckSettings],
        scaler: Scaler | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.interruption: StopReason | str | None = None
        self.lost = 0
        self._source = source
        self._pool = BackendPool(first, settings)
        self._settings = settings
        self._checks = checks
        self._scaler = scaler
        self._bounds = bounds or Bounds()
        self._buffer = ResultBuffer()
        self._receivers: list[asyncio.Task[None]] = []
        self._losses: dict[int, int] = {}
        self._balancing: asyncio.Task[None] | None = None
        self._text = 0
        self._is_done = False
        self._error: Exception | None = None
        self._dismissal: asyncio.TimerHandle | None = None
        self._closing: list[asyncio.Task[None]] = []

    @property
    def slowed(self) -> int:
        """Hosts that are asked less than they could be, because they limit their rate."""
        return sum(backend.report.slowed for backend in self._backends)

    @property
    def held_back(self) -> HeldBack | None:
        """How far file descriptors held the backend of this process back; each process has a limit of its own."""
        return next(filter(None, (backend.report.held_back for backend in self._backends)), None)

    @property
    def remarks(self) -> Sequence[str]:
        """Sentences for the user about the backends."""
        return self._scaler.remarks if self._scaler else ()

    @property
    def unfinished(self) -> int:
        """Targets that were read and have no result yet."""
        return self._pool.unfinished

    @property
    def is_cut_short(self) -> bool:
        """Whether the run was stopped before its end, so that a URL that failed might have passed at a later attempt."""
        return self.interruption not in (None, StopReason.PAST_WAIT)

    @property
    def awaited(self) -> Iterator[Result]:
        """The last results of targets that will be checked again, with `wait`."""
        return chain.from_iterable(backend.report.awaited for backend in self._backends)

    async def results(self) -> AsyncGenerator[Result, None]:
        """Check every target: the results one by one. Raises as `batches` does."""
        async with aclosing(self.batches()) as batches:
            async for batch in batches:
                for result in batch:
                    yield result

    async def batches(self) -> AsyncGenerator[list[Result], None]:
        """Check every target: the results, as many at once as there are. Raises what the source raises, after the results."""
        loop = asyncio.get_running_loop()
        for backend in self._backends:
            self._receive_from(backend)
        alarm = set_alarm(self._settings, self.stop)
        work = loop.create_task(self._work())
        scaling = loop.create_task(self._scale(self._scaler)) if self._scaler else None
        try:
            async for batch in self._buffer.batches(work):
                yield batch
            await work
            if self._error:
                raise self._error
        finally:
            for timer in (alarm, self._dismissal):
                if timer:
                    timer.cancel()
            tasks = [*filter(None, [work, scaling, self._balancing]), *self._receivers]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*self._closing, *(backend.aclose() for backend in {*self._backends, *self._opened}))

    def stop(self, reason: StopReason | str = StopReason.INTERRUPTED) -> None:
        """Read no further and abandon what is in flight. Targets without a verdict become `unchecked`, for this reason."""
        self.interruption = self.interruption or reason
        self._source.stop()
        for backend in self._backends:
            backend.stop(self.interruption)
        self._settle(self._pool.release(), self.interruption)
        self._buffer.make_room()
        if not self._dismissal:
            self._dismissal = asyncio.get_running_loop().call_later(self._bounds.farewell_seconds, self._dismiss)

    def suspend(self) -> None:
        """This process is about to be stopped by its terminal: stop the others."""
        for backend in self._opened:
            backend.suspend()

    def resume(self) -> None:
        """This process goes on."""
        for backend in self._opened:
            backend.resume()

    async def share_out(self, joining: Sequence[Backend]) -> None:
        """Divide hosts and places in flight among the present backends and these."""
        if not joining or self.interruption or self._is_done:
            return
        for backend in joining:
            self._receive_from(backend)
        self._submit(await self._pool.join(joining))
        self._pool.allot()
        self._buffer.make_room()
        if not self._balancing:
            self._balancing = asyncio.get_running_loop().create_task(self._balance())

    # reading

    async def _work(self) -> None:
        if self._scaler:
            await self._scaler.begin(self)
        try:
            await self._read()
        except Exception as error:  # noqa: BLE001 - a program's own iterable may raise anything: raised after the results
            self._error = error
        while not self._has_crashed and (self.unfinished or self._pool.is_moving):
            await self._buffer.wait_for_room()
        self._is_done = True
        for backend in self._backends:
            backend.finish()
        ends = await asyncio.gather(*self._receivers, return_exceptions=self.interruption is not None)
        for crash in ends:
            if crash:
                raise crash

    async def _read(self) -> None:
        """Keep the backends' windows filled."""
        while block := await self._source.read():
            targets = [item for item in block if isinstance(item, Target)]
            if len(targets) < len(block):
                self._buffer.extend([item for item in block if isinstance(item, Result)])
            self._text += sum(len(target.url) for target in targets)
            self._submit(targets)
            while not self.interruption and self._is_far_ahead():
                await self._buffer.wait_for_room()

    def _is_far_ahead(self) -> bool:
        """Whether the busiest backend has plenty of targets; more than that while another lacks hosts that may be asked."""
        bounds, statuses = self._bounds, [backend.status for backend in self._backends]
        if not self._pool.takes_targets or self._text > bounds.text or self._buffer.is_over(bounds.window):
            return True
        window = max(bounds.window, 8 * self._settings.concurrency)
        windows = bounds.further if any(status.hungry for status in statuses) else 1
        awaited = bounds.awaited if self._settings.wait else 0
        return max(status.unfinished for status in statuses) > window * windows + awaited

    def _submit(self, targets: Sequence[Target]) -> None:
        if self.interruption:
            self._settle(targets, self.interruption)
        else:
            self._pool.submit(targets)

    # results

    def _receive_from(self, backend: Backend) -> None:
        self._receivers.append(asyncio.get_running_loop().create_task(self._receive(backend)))
        self._receivers[-1].add_done_callback(lambda _: self._buffer.make_room())

    async def _receive(self, backend: Backend) -> None:
        """Results of a backend; and when it is lost, its unfinished targets go to another."""
        try:
            async for batch in backend.results():
                self._finish(batch)
                while self._buffer.is_over(self._bounds.window):
                    await self._buffer.wait_for_room()
        except BackendLostError as loss:
            self._replace(backend, loss.unfinished)
        except Exception as error:  # all that is left, also of other processes, is unchecked for this reason
            self.stop(name_shortage(error) or StopReason.FAILED)
            raise

    def _replace(self, lost: Backend, unfinished: Sequence[Target]) -> None:
        self._pool.remove(lost)
        if self.interruption:
            self._settle(unfinished, self.interruption)
            return
        again: list[Target] = []
        for target in unfinished:
            losses = self._losses[target.index] = self._losses.get(target.index, 0) + 1
            if not self._checks[target.check].is_repeatable:
                self._settle([target], NOT_REPEATED)
            elif losses > _MOST_LOSSES:
                self._settle([target], LOST_TOO_OFTEN)
            else:
                again.append(target)
        self.lost += len(again)
        self._submit(again)
        self._pool.allot()  # the places go where the hosts are

    def _settle(self, targets: Sequence[Target], reason: str) -> None:
        verdict, detail = Verdict.UNCHECKED, str(reason)
        self._finish([settle(target, verdict, detail, ok=self._checks[target.check].lets_pass(verdict)) for target in targets])

    def _finish(self, results: Sequence[Result]) -> None:
        self._buffer.extend(results)
        self._text -= sum(len(result.target.url) for result in results)
        if self._losses:
            for result in results:
                self._losses.pop(result.target.index, None)
        self._buffer.make_room()  # for another target

    @property
    def _has_crashed(self) -> bool:
        """Whether a backend of this process raised an error that no result describes."""
        return any(task.done() and not task.cancelled() and task.exception() for task in self._receivers)

    async def _balance(self) -> None:
        """Give backends hosts and places as they can use them."""
        while True:
            await asyncio.sleep(self._bounds.balance_seconds)
            self._submit(await self._pool.balance())
            self._pool.allot()

    async def _scale(self, scaler: Scaler) -> None:
        """Have backends opened. An error, which is a mistake in the program, ends the run."""
        try:
            await scaler.watch(self)
        except Exception as error:  # noqa: BLE001 - raised after the results
            self._error = error
            self.stop()

    @property
    def _backends(self) -> Sequence[Backend]:
        return self._pool.backends

    @property
    def _opened(self) -> Sequence[Backend]:
        return self._scaler.opened if self._scaler else ()

    def _dismiss(self) -> None:
        """Close the backends that have not given back their unfinished targets in time."""
        loop = asyncio.get_running_loop()
        self._closing += [loop.create_task(backend.aclose()) for backend in self._backends if backend in self._opened]
