"""The link to an actor: calls that send blocks of messages, one after the other, and calls that wait for the next block."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from distributed import Actor, Client, Future

from urlcheck.backends.dask.actor import EngineActor
from urlcheck.backends.frames import frame, split
from urlcheck.settings.files import FileReader

# seconds that the scheduler has to release an actor
_FAREWELL_SECONDS = 2.0


class ActorLink:
    """The connection to the actor of one worker, which `worker` names by its address."""

    def __init__(self, client: Client, worker: str, future: Future[EngineActor], files: FileReader) -> None:
        self.worker = worker
        self.files = files
        self._client = client
        self._future = future
        with client.as_current():  # an actor binds itself to the current client
            self._actor = Actor(EngineActor, worker, future.key)
        self._outgoing: list[bytes] = []
        self._incoming: deque[bytes] = deque()
        self._has_more = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = loop.create_future()
        self._feeding = loop.create_task(self._feed())
        self._release: asyncio.Task[None] | None = None

    def send(self, message: bytes) -> None:
        self._outgoing.append(frame(message))
        self._has_more.set()

    async def receive(self) -> bytes | None:
        while not self._incoming:
            block = None if self._end.done() else await self._fetch()
            if not block:
                return None
            self._incoming += split(block)
        return self._incoming.popleft()

    def suspend(self) -> None:
        """Do nothing: the worker goes on until it has no room for results."""

    def resume(self) -> None:
        """Do nothing: the worker has not stopped."""

    def kill(self) -> None:
        if not self._end.done():
            self._end.set_result(None)
        self._feeding.cancel()
        if not self._release:
            self._release = asyncio.get_running_loop().create_task(self._release_actor())

    async def aclose(self, *, has_ended: bool) -> None:  # noqa: ARG002 - the actor ends as soon as nobody needs it
        self.kill()
        assert self._release
        await self._release

    async def _release_actor(self) -> None:
        """Have Dask drop the actor, which may only have been silent, so that it sends no more requests."""
        with suppress(Exception):  # the scheduler is gone, and the worker with it
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._client.cancel([self._future])

    async def _feed(self) -> None:
        while True:
            await self._has_more.wait()
            self._has_more.clear()
            block, self._outgoing = b"".join(self._outgoing), []
            try:
                await self._actor.send(block)
            except Exception:  # noqa: BLE001 - whatever it is, the worker has not got it
                self.kill()
                return

    async def _fetch(self) -> bytes | None:
        """The next block; None once the worker is gone, which Dask reports by many exceptions."""
        call = asyncio.ensure_future(self._call())
        try:
            either: list[asyncio.Future[Any]] = [call, self._end]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return bytes(call.result()) if call.done() else None
        except Exception:  # noqa: BLE001
            return None
        finally:
            call.cancel()

    async def _call(self) -> bytes:
        block: bytes = await self._actor.receive()
        return block
