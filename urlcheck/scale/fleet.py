"""Several processes that look like one run: targets are routed by host, results merged as they come.

The first process reads, checks its own share and reports. The others are started when the list proves long. A host stays with
one process, so every promise about hosts holds; and what a process that died has not finished is checked by the first.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
import zlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace

from urlcheck.engine import INTERRUPTED, PAST_DEADLINE, Run, open_run
from urlcheck.errors import InputError
from urlcheck.inputs import Source
from urlcheck.model import Rejection, Result, Target
from urlcheck.policy import Policy
from urlcheck.scale.wire import Frames, frame, pack_target, unpack_result
from urlcheck.settings import Settings
from urlcheck.urls import Origin, Url

# a list that proves longer than this is worth more processes, which take a fifth of a second to start
LONG_LIST = 4_000
# targets that a process has at a time: what its scheduler looks ahead
_WINDOW = 10_000
# of a hundred hosts, so many fewer go to the first process, which reads and reports besides
_DISCOUNT = 12
# how long workers may take to give back what they have not finished
_FAREWELL_SECONDS = 2.0
_PIPE_BYTES = 1 << 20


class RoutedSource:
    """The share of the first process."""

    def __init__(self) -> None:
        self.exhausted = False
        self._blocks: deque[list[Target]] = deque()
        self._arrival = asyncio.Event()

    async def next_block(self) -> Sequence[Target]:
        while not self._blocks:
            if self.exhausted:
                return []
            self._arrival.clear()
            await self._arrival.wait()
        return self._blocks.popleft()

    def stop(self) -> None:
        self.end()

    def add(self, block: list[Target]) -> None:
        self._blocks.append(block)
        self._arrival.set()

    def end(self) -> None:
        self.exhausted = True
        self._arrival.set()


class Worker:
    """Another process, as the first one sees it: what it was given and has not given back."""

    def __init__(self, process: asyncio.subprocess.Process, settings: Settings) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.unfinished: dict[int, Target] = {}
        self.is_gone = False
        self._process = process
        self._stdin = process.stdin
        self._frames = Frames(process.stdout)
        self._stdin.write(frame(pickle.dumps(settings)))

    def give(self, targets: list[Target]) -> None:
        """Targets to check."""
        self.unfinished.update((target.index, target) for target in targets)
        self._send([pack_target(target) for target in targets])

    def stop(self, reason: str) -> None:
        """Give back what is not finished."""
        self._send(reason)

    def end(self) -> None:
        """There will be no more targets."""
        with suppress(OSError):
            self._stdin.close()

    async def results(self) -> AsyncGenerator[list[Result], None]:
        """What it gives back, until its process ends."""
        while message := await self._frames.read():
            yield [unpack_result(packed, self.unfinished.pop(packed[0])) for packed in message]
        self.is_gone = True

    def kill(self) -> None:
        """End the process, whatever it is at."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End the process, and wait for its end."""
        self.end()
        self.kill()
        await self._process.wait()

    def _send(self, message: object) -> None:
        with suppress(OSError, RuntimeError):  # it died; its results end, and that is where it is dealt with
            self._stdin.write(frame(message))


class Fleet:
    """Looks like a `Run`. `lost`: how many targets another process had to check, for theirs died."""

    def __init__(self, source: Source, first: Run, share: RoutedSource, settings: Settings, processes: int) -> None:
        self.interruption: str | None = None
        self.lost = 0
        self._source = source
        self._first = first
        self._share = share
        self._settings = settings
        self._processes = processes
        self._policy = Policy(settings)
        self._routes = _weigh(processes)
        self._workers: list[Worker] = []
        self._homes: set[Origin] = set()  # of the first process, from when it was alone
        self._held: deque[Target] = deque()
        self._read = 0
        self._with_first = 0
        self._error: InputError | None = None
        self._finished: list[Result] = []
        self._arrival = asyncio.Event()
        self._room = asyncio.Event()
        self._receivers: list[asyncio.Task[None]] = []

    async def results(self) -> AsyncGenerator[Result, None]:
        """The results of `batches`, one by one."""
        async with aclosing(self.batches()) as batches:
            async for batch in batches:
                for result in batch:
                    yield result

    async def batches(self) -> AsyncGenerator[list[Result], None]:
        """Check every target. Raises `InputError` once all that could be read is finished, if the source breaks."""
        loop = asyncio.get_running_loop()
        deadline = self._settings.deadline
        alarm = loop.call_later(deadline, self.stop, PAST_DEADLINE) if deadline else None
        pump = loop.create_task(self._pump())
        work = loop.create_task(self._work(pump))
        work.add_done_callback(lambda _: self._arrival.set())
        try:
            while not work.done() or self._finished:
                self._arrival.clear()
                if self._finished:
                    batch, self._finished = self._finished, []
                    self._room.set()
                    yield batch
                elif not work.done():
                    await self._arrival.wait()
            await work
            if self._error:
                raise self._error
        finally:
            if alarm:
                alarm.cancel()
            tasks = [work, pump, *self._receivers]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(worker.close() for worker in self._workers))

    def stop(self, reason: str = INTERRUPTED) -> None:
        """Read no further, and abandon what is in flight, in every process."""
        self.interruption = self.interruption or reason
        self._source.stop()
        self._first.stop(reason)
        for worker in self._workers:
            worker.stop(reason)
        self._room.set()
        asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self._dismiss)

    def _dismiss(self) -> None:
        for worker in self._workers:
            worker.kill()

    async def _work(self, pump: asyncio.Task[None]) -> None:
        try:
            while targets := await self._source.next_block():
                await self._route(targets)
        except InputError as error:
            self._error = error
        self._feed_first(len(self._held))
        for worker in self._workers:
            worker.end()
        await asyncio.gather(*self._receivers)
        self._share.end()
        await pump

    async def _route(self, targets: Sequence[Target]) -> None:
        """Deal out a block, and wait while any process has as much as it should."""
        self._read += len(targets)
        for target in targets:
            if isinstance(target.request, Rejection):
                self._finish([self._policy.reject(target, target.request)])
            else:
                self._held.append(target)
        if not self._workers and self._read > self._threshold():
            await self._start_workers()
        if self.interruption:
            self._finish([self._policy.give_up(target, self.interruption) for target in self._held])
            self._held.clear()
        elif self._workers:
            self._deal()
        else:
            self._feed_first(2 * self._settings.concurrency - self._with_first)
        while not self.interruption and (self._busiest() > _WINDOW or len(self._finished) > _WINDOW):
            await self._wait_for_room()

    def _threshold(self) -> int:
        return LONG_LIST if self._settings.processes == "auto" else 0

    def _busiest(self) -> int:
        return max(self._with_first, *(len(worker.unfinished) for worker in self._workers), 0)

    async def _start_workers(self) -> None:
        """From now on each process has its part of the requests in flight."""
        each = replace(
            self._settings,
            concurrency=max(1, self._settings.concurrency // self._processes),
            deadline=None,  # the first process keeps the time
            processes=1,
        )
        for _ in range(self._processes - 1):
            worker = await start_worker(each)
            self._workers.append(worker)
            self._receivers.append(asyncio.get_running_loop().create_task(self._receive(worker)))
        self._first.limit(self._settings.concurrency - each.concurrency * (self._processes - 1))

    def _deal(self) -> None:
        """Every host to its process."""
        shares: list[list[Target]] = [[] for _ in range(self._processes)]
        for target in self._held:
            url = target.request
            assert isinstance(url, Url)
            place = 0 if url.origin in self._homes else self._routes[zlib.crc32(url.authority.encode()) % len(self._routes)]
            shares[place if place and not self._workers[place - 1].is_gone else 0].append(target)
        self._held.clear()
        for worker, share in zip(self._workers, shares[1:], strict=True):
            if share:
                worker.give(share)
        self._give_first(shares[0])

    def _feed_first(self, count: int) -> None:
        """While it is alone, the first process is given what it has use for; these hosts stay with it."""
        share = [self._held.popleft() for _ in range(min(count, len(self._held)))]
        if self._processes > 1:
            self._homes.update(target.request.origin for target in share if isinstance(target.request, Url))
        self._give_first(share)

    def _give_first(self, share: list[Target]) -> None:
        if share:
            self._with_first += len(share)
            self._share.add(share)

    async def _pump(self) -> None:
        async with aclosing(self._first.batches()) as batches:
            async for batch in batches:
                self._with_first -= len(batch)
                self._finish(batch)
                if not self._workers:
                    self._feed_first(2 * self._settings.concurrency - self._with_first)
                await self._hold_back()

    async def _receive(self, worker: Worker) -> None:
        """Results of a worker; and when it ends, what it left unfinished."""
        async for batch in worker.results():
            self._finish(batch)
            await self._hold_back()
        left = [*worker.unfinished.values()]
        worker.unfinished.clear()
        if self.interruption:
            self._finish([self._policy.give_up(target, self.interruption) for target in left])
        else:
            self.lost += len(left)
            self._give_first(left)

    def _finish(self, results: list[Result]) -> None:
        if results:
            self._finished += results
            self._arrival.set()
            self._room.set()

    async def _hold_back(self) -> None:
        while len(self._finished) > _WINDOW:
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        await self._room.wait()


def count_processes(settings: Settings) -> int:
    """As many as are asked for, or one a core."""
    if settings.processes != "auto":
        return settings.processes
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@asynccontextmanager
async def open_checks(source: Source, settings: Settings) -> AsyncIterator[Run | Fleet]:
    """A run in as many processes as the settings and the list call for. Raises `SettingsError`."""
    processes = count_processes(settings)
    if processes == 1:
        async with open_run(source, settings) as run:
            yield run
        return
    share = RoutedSource()
    async with open_run(share, replace(settings, deadline=None)) as first:
        yield Fleet(source, first, share, settings, processes)


async def start_worker(settings: Settings) -> Worker:
    """A process that the terminal's signals do not reach; it ends with its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "urlcheck.scale.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        limit=_PIPE_BYTES,
    )
    return Worker(process, settings)


def _weigh(processes: int) -> list[int]:
    """For a hundred buckets of hosts, the process that each is for."""
    first = max(1, 100 // processes - (_DISCOUNT if processes > 1 else 0))
    return [0] * first + [1 + number % max(1, processes - 1) for number in range(100 - first)]
