"""The actor by itself, without Dask; test_dask.py has a cluster."""

from __future__ import annotations

import asyncio

from tests.backends.test_worker import PLAIN, greet, submit
from tests.support.clock import PATIENCE
from tests.support.servers import Serve, hold
from urlcheck.backends import messages
from urlcheck.backends.dask.actor import EngineActor
from urlcheck.backends.frames import frame


async def test_an_actor_that_is_dropped_abandons_what_is_in_flight(serve: Serve) -> None:
    server = await serve(hold)
    actor = EngineActor()
    mailbox = actor._mailbox
    await actor.send(b"".join(frame(messages.encode(message)) for message in (*greet(PLAIN), submit(server.url))))
    await server.until_asked()
    del actor
    assert mailbox._task
    await asyncio.wait([mailbox._task], timeout=PATIENCE)
    assert mailbox._task.cancelled()


async def test_an_engine_waits_while_mebibytes_of_results_are_not_fetched() -> None:
    mailbox = EngineActor()._mailbox
    mailbox.write(bytes(2 << 20))
    draining = asyncio.create_task(mailbox.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    await mailbox.take()
    async with asyncio.timeout(PATIENCE):
        await draining
