"""Several processes that look like one run: targets are routed by host, results merged as they come.

The first process reads, checks its own share and reports. The others are started when there is much left to do, and given work
when the first can do no more: where it only waits for servers, another would wait with it. A host stays with one process, so
every promise about hosts holds; and what a process that died has not finished is checked by the first.
"""

from __future__ import annotations

import asyncio
import os
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace

from urlcheck.backends.process import Child, start_child
from urlcheck.engine.concurrency_limit import HeldBack
from urlcheck.engine.engine import FURTHER, INTERRUPTED, MOST_TEXT, Run, flatten, open_run, set_alarm
from urlcheck.engine.patience import MOST_AWAITED
from urlcheck.engine.result_buffer import Outbox
from urlcheck.http.methods import is_idempotent
from urlcheck.http.url import Origin, Url
from urlcheck.input.sources import FedSource, Source
from urlcheck.model.errors import InputError
from urlcheck.model.nouns import Rejection, Result, Target
from urlcheck.settings.settings import Settings

# with so much left, more processes are started; they are given work when the first has its hands so full, so many looks long
LONG_LIST = 1_000
_BUSY, _BUSY_LOOKS = 0.85, 2
_LOOK_SECONDS = 0.1
# targets that a process has at a time: what its scheduler looks ahead
_WINDOW = 10_000
# of a hundred hosts, so many fewer go to the first process, which reads and reports besides
_DISCOUNT = 10
# how long children may take to give back what they have not finished
_FAREWELL_SECONDS = 2.0
# a process that is silent for longer than this, and longer than an attempt may take, is stopped or hangs
_HANG_SECONDS = 30.0
# of what a process that died may have asked already
NOT_REPEATED = "its process died or did not answer, and what it may have sent is not sent again"


class Fleet:
    """Looks like a `Run`. `lost`: how many targets another process had to check, as theirs died or did not answer.

    `hang_seconds`: for how long a process may be silent, or for as long as an attempt may take if that is longer.
    """

    def __init__(  # noqa: PLR0913 - the sixth is for tests, which cannot wait so long
        self,
        source: Source,
        first: Run,
        share: FedSource,
        settings: Settings,
        processes: int,
        *,
        hang_seconds: float = _HANG_SECONDS,
    ) -> None:
        self.interruption: str | None = None
        self.lost = 0
        self._source = source
        self._first = first
        self._share = share
        self._settings = settings
        self._processes = processes
        self._hang_seconds = max(hang_seconds, settings.timeout)
        self._routes: list[int] = []
        self._started: list[Child] = []
        self._children: list[Child] = []  # those that are given work
        self._homes: set[Origin] = set()  # of the first process, from when it was alone
        self._with_first = 0
        self._size = 0  # of the URLs of unfinished targets, in characters
        self._limit_of_first = settings.concurrency
        self._is_read = False
        self._error: InputError | None = None
        self._outbox = Outbox()
        self._receivers: list[asyncio.Task[None]] = []

    @property
    def paused(self) -> int:
        """Hosts that have asked for a pause, of those of the first process."""
        return self._first.paused

    @property
    def held_back(self) -> HeldBack | None:
        """How far the limit of descriptors, which each process has for itself, held the first process back."""
        return self._first.held_back

    def results(self) -> AsyncGenerator[Result, None]:
        """The results of `batches`, one by one."""
        return flatten(self.batches())

    async def batches(self) -> AsyncGenerator[list[Result], None]:
        """Check every target. Raises `InputError` once all that could be read is finished, if the source breaks."""
        loop = asyncio.get_running_loop()
        alarm = set_alarm(self._settings, self.stop)
        pump = loop.create_task(self._pump())
        watch = loop.create_task(self._watch())
        pump.add_done_callback(lambda _: self._outbox.make_room())
        work = loop.create_task(self._work(pump))
        try:
            async for batch in self._outbox.batches(work):
                yield batch
            await work
            if self._error:
                raise self._error
        finally:
            if alarm:
                alarm.cancel()
            tasks = [work, watch, pump, *self._receivers]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(child.close() for child in self._started))

    @property
    def unfinished(self) -> int:
        """Targets that were read and have no result yet."""
        return self._with_first + sum(len(child.unfinished) for child in self._children)

    @property
    def awaited(self) -> Iterator[Result]:
        """What the first process waits for; of the others only the number is known, in `unfinished`."""
        return self._first.awaited

    def stop(self, reason: str = INTERRUPTED) -> None:
        """Read no further, and abandon what is in flight, in every process."""
        self.interruption = self.interruption or reason
        self._source.stop()
        self._first.stop(reason)
        for child in self._children:
            child.stop(reason)
        self._outbox.make_room()
        asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self._dismiss)

    def suspend(self) -> None:
        """This process is about to be stopped: stop the others."""
        for child in self._started:
            child.suspend()

    def resume(self) -> None:
        for child in self._started:
            child.resume()

    def _dismiss(self) -> None:
        for child in self._children:
            child.kill()

    async def _work(self, pump: asyncio.Task[None]) -> None:
        if self._settings.processes != "auto":
            await self._start()
            self._share_out()
        try:
            while targets := await self._source.next_block():
                self._size += sum(len(target.url) for target in targets)
                self._route(targets)
                while not (self.interruption or pump.done()) and (self._is_far_ahead() or self._outbox.is_over(_WINDOW)):
                    await self._outbox.wait_for_room()
                if pump.done() and not self.interruption:
                    break  # the first run has crashed: its error is raised below
        except InputError as error:
            self._error = error
        self._is_read = True
        while not pump.done() and (self._with_first or any(child.unfinished for child in self._children)):
            await self._outbox.wait_for_room()
        for child in self._children:
            child.end()
        await asyncio.gather(*self._receivers)
        self._share.end()
        await pump

    async def _watch(self) -> None:
        """Start the others when the first process can do no more, and replace one that hangs; at the end, let who is done lend
        its place to who is not.
        """
        await self._start_when_busy()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for child in self._children:
                child.watch(_LOOK_SECONDS)
            if self._is_read and self._children:
                self._lend()

    async def _start_when_busy(self) -> None:
        busy_looks = 0
        while self._settings.processes == "auto" and self._processes > 1 and not self._children:
            if self._with_first > LONG_LIST and not self._started:
                await self._start()
            wall, cpu = time.monotonic(), time.process_time()
            await asyncio.sleep(_LOOK_SECONDS)
            is_busy = time.process_time() - cpu > _BUSY * (time.monotonic() - wall)
            busy_looks = busy_looks + 1 if is_busy else 0  # a list that begins makes everyone busy for a moment
            if busy_looks >= _BUSY_LOOKS and self._with_first > LONG_LIST and self._started and not self.interruption:
                self._share_out()

    def _lend(self) -> None:
        """No more comes: what a process cannot use of its part of the requests in flight is of use to another."""
        spare = max(0, self._limit_of_first - self._with_first)
        self._set_first_limit(self._limit_of_first - spare)
        for child in self._children:
            unused = max(0, child.concurrency - max(1, len(child.unfinished)))
            if unused:
                child.limit(child.concurrency - unused)
            spare += unused
        for child in self._children:
            if spare and len(child.unfinished) > child.concurrency:
                child.limit(child.concurrency + spare)
                spare = 0
        if spare:
            self._set_first_limit(self._limit_of_first + spare)

    def _set_first_limit(self, concurrency: int) -> None:
        self._limit_of_first = concurrency
        self._first.limit(max(1, concurrency))

    def _is_far_ahead(self) -> bool:
        """Whether the busiest process has plenty; and no other goes hungry for it, unless it has much more than plenty."""
        busiest = max(self._with_first, *(len(child.unfinished) for child in self._children), 0)
        is_one_hungry = self._first.is_hungry or any(child.is_hungry for child in self._children)
        awaited = MOST_AWAITED if self._settings.wait else 0  # what has not passed stays, and the rest is read all the same
        return busiest > _WINDOW * (FURTHER if is_one_hungry else 1) + awaited or self._size > MOST_TEXT

    async def _start(self) -> None:
        """As many processes as are wanted, or as this machine bears."""
        settings = replace(self._settings, deadline=None, processes=1)  # the first process keeps the time
        with suppress(OSError, RuntimeError):  # a process, or a thread to wait for it
            while len(self._started) < self._processes - 1 and not self.interruption:
                self._started.append(await start_child(settings, self._hang_seconds))
        self._processes = 1 + len(self._started)

    def _share_out(self) -> None:
        """From now on each process has its part of the requests in flight, and of the hosts that can be moved."""
        children = self._started
        self._routes = _weigh(self._processes)
        part = max(1, self._settings.concurrency // self._processes)
        for child in children:
            child.limit(part)
        self._set_first_limit(max(1, self._settings.concurrency - part * len(children)))
        targets, self._homes = self._first.release()
        targets += self._share.take_back()
        self._with_first -= len(targets)
        self._children = children
        loop = asyncio.get_running_loop()
        self._receivers = [loop.create_task(self._receive(child)) for child in children]
        self._route(targets)

    def _route(self, targets: Sequence[Target]) -> None:
        """Every host to its process."""
        shares: list[list[Target]] = [[] for _ in range(self._processes)]
        for target in targets:
            if isinstance(target.request, Rejection):
                self._finish([self._first.checks.of(target).policy.reject(target, target.request)])
            elif self.interruption:
                self._finish([self._first.checks.of(target).policy.give_up(target, self.interruption)])
            else:
                shares[self._choose_process(target, target.request)].append(target)
        for child, share in zip(self._children, shares[1:], strict=False):
            if share:
                child.give(share)
        self._give_first(shares[0])

    def _choose_process(self, target: Target, url: Url) -> int:
        if not self._children or target.settings or url.origin in self._homes:
            return 0
        process = self._routes[zlib.crc32(url.authority.encode()) % len(self._routes)]
        return 0 if process and self._children[process - 1].is_gone else process

    def _give_first(self, share: list[Target]) -> None:
        if share:
            self._with_first += len(share)
            self._share.add(share)

    async def _pump(self) -> None:
        async with aclosing(self._first.batches()) as batches:
            async for batch in batches:
                self._with_first -= len(batch)
                self._finish(batch)
                await self._hold_back()

    async def _receive(self, child: Child) -> None:
        """Results of a worker; and when it ends, what it left unfinished."""
        async for batch in child.results():
            self._finish(batch)
            await self._hold_back()
        left = [*child.unfinished.values()]
        child.unfinished.clear()
        if self.interruption:
            self._finish([self._first.checks.of(target).policy.give_up(target, self.interruption) for target in left])
        elif not is_idempotent(self._settings.method):
            self._finish([self._first.checks.of(target).policy.give_up(target, NOT_REPEATED) for target in left])
        else:
            self.lost += len(left)
            self._give_first(left)
        self._outbox.make_room()

    def _finish(self, results: Sequence[Result]) -> None:
        self._outbox.extend(results)
        self._size -= sum(len(result.target.url) for result in results)
        self._outbox.make_room()  # for another target in its process

    async def _hold_back(self) -> None:
        while self._outbox.is_over(_WINDOW):
            await self._outbox.wait_for_room()


def count_processes(settings: Settings) -> int:
    """As many as are asked for, or one a core; but one that waits has little to do."""
    if settings.processes != "auto":
        return settings.processes
    if settings.wait:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@asynccontextmanager
async def open_checks(source: Source, settings: Settings, others: Collection[Settings] = ()) -> AsyncIterator[Run | Fleet]:
    """A run in as many processes as the settings and the list call for; `others` are the settings that targets of the source
    have of their own. Raises `SettingsError`.
    """
    processes = min(count_processes(settings), settings.concurrency)
    if processes == 1:
        async with open_run(source, settings, others) as run:
            yield run
        return
    share = FedSource()
    async with open_run(share, replace(settings, deadline=None), others, children=processes - 1) as first:
        yield Fleet(source, first, share, settings, processes)


def _weigh(processes: int) -> list[int]:
    """For a hundred buckets of hosts, the process that each is for."""
    first = max(1, 100 // processes - (_DISCOUNT if processes > 1 else 0))
    return [0] * first + [1 + number % max(1, processes - 1) for number in range(100 - first)]
