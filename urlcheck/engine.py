"""The workers: the one place where source, client and policy meet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from urlcheck.errors import InputError
from urlcheck.inputs import Source
from urlcheck.model import Outcome, Rejection, Result, Target
from urlcheck.policy import Policy
from urlcheck.settings import Settings
from urlcheck.urls import Url


class Client(Protocol):
    """Brings back what happened, whatever happened."""

    async def attempt(self, url: Url, method: str) -> Outcome:
        """One attempt at one URL, redirects included; only cancellation is raised."""
        ...


class Run:
    """One run over a source: every target that is read comes out once, as a `Result`, in order of completion.

    Memory is bounded by the settings' concurrency, not by the length of the source.
    """

    def __init__(self, source: Source, client: Client, settings: Settings) -> None:
        self.stopped = False
        self._source = source
        self._client = client
        self._policy = Policy(settings)
        self._method = settings.method
        self._workers = settings.concurrency
        self._crew: asyncio.Future[list[None]] | None = None
        self._read: deque[Target] = deque()
        self._turn_to_read = asyncio.Lock()
        self._input_error: InputError | None = None
        self._in_flight: dict[int, Target] = {}
        self._finished: deque[Result] = deque()
        self._progress = asyncio.Event()
        self._room = asyncio.Event()

    async def results(self) -> AsyncIterator[Result]:
        """Check every target. Raises `InputError` once all that could be read is finished, if the source breaks."""
        crew = self._crew = asyncio.gather(*(self._work() for _ in range(self._workers)))
        crew.add_done_callback(lambda _: self._progress.set())
        try:
            while not crew.done() or self._finished:
                self._progress.clear()
                while self._finished:
                    yield self._finished.popleft()
                self._room.set()
                if not crew.done():
                    await self._progress.wait()
            if self.stopped:
                async for target in self._unfinished():
                    yield self._give_up(target)
            else:
                await crew
            if self._input_error:
                raise self._input_error
        finally:
            crew.cancel()
            await asyncio.gather(crew, return_exceptions=True)

    def stop(self) -> None:
        """Read no further, and abandon what is in flight: it becomes `unchecked`, and what is finished stays as it is."""
        self.stopped = True
        self._source.stop()
        if self._crew:
            self._crew.cancel()

    async def _work(self) -> None:
        while target := await self._next_target():
            self._in_flight[target.index] = target
            self._finished.append(await self._check(target))
            del self._in_flight[target.index]
            self._progress.set()
            while len(self._finished) > self._workers:
                self._room.clear()
                await self._room.wait()

    async def _next_target(self) -> Target | None:
        if not self._read:
            async with self._turn_to_read:
                if not self._read:
                    await self._read_on()
        return self._read.popleft() if self._read else None

    async def _read_on(self) -> None:
        try:
            self._read.extend(await self._source.next_block())
        except InputError as error:
            self._input_error = error

    async def _check(self, target: Target) -> Result:
        if isinstance(target.request, Rejection):
            return self._policy.reject(target, target.request)
        outcome = await self._client.attempt(target.request, self._method)
        if self._method == "HEAD" and not self._policy.passes(outcome):
            # many servers answer HEAD with an error, or not at all, where GET works
            outcome = await self._client.attempt(target.request, "GET")
        return self._policy.conclude(target, outcome, attempts=1)

    async def _unfinished(self) -> AsyncIterator[Target]:
        for index in sorted(self._in_flight):
            yield self._in_flight[index]
        while self._read:
            yield self._read.popleft()
            if not self._read:
                await self._read_on()

    def _give_up(self, target: Target) -> Result:
        if isinstance(target.request, Rejection):
            return self._policy.reject(target, target.request)
        return self._policy.give_up(target, "interrupted")


@asynccontextmanager
async def open_run(source: Source, settings: Settings) -> AsyncIterator[Run]:
    """A run with a client of its own. Raises `SettingsError` for a setting that cannot be used."""
    from urlcheck.client.session import open_client  # noqa: PLC0415 - aiohttp is paid for when there is work

    async with open_client(settings) as client:
        yield Run(source, client, settings)
