"""Backends that join a run and are lost during it, all in this event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tests.backends.builders import DyingBackend, make_engine, make_targets
from tests.backends.test_coordinator import many_hosts
from tests.engine.test_engine import Blocks, Client, collect, respond
from tests.support.clock import in_no_time, now
from urlcheck import Settings, Verdict
from urlcheck.backends.backend_pool import BackendPool
from urlcheck.backends.coordinator import LOST_TOO_OFTEN, Coordinator
from urlcheck.backends.protocol import Backend, Scaled
from urlcheck.engine.status import HostQueue, Withdrawn
from urlcheck.http.url import Origin, Url, parse
from urlcheck.model.outcome import Outcome
from urlcheck.model.result import Result

Script = Callable[[Scaled], Awaitable[None]]


class Scripted:
    """A scaler that does what a test says."""

    opened: Sequence[Backend] = ()
    remarks: Sequence[str] = ()

    def __init__(self, script: Script) -> None:
        self._script = script

    async def begin(self, scaled: Scaled) -> None:
        pass

    async def watch(self, scaled: Scaled) -> None:
        await self._script(scaled)


async def run(script: Script, blocks: Blocks, **values: object) -> list[Result]:
    """The results of a run that has no backend but those that the script lets join."""
    settings = Settings(retries=0, **values)  # type: ignore[arg-type]
    return await collect(Coordinator(blocks, None, settings, [settings], Scripted(script)))


def engine(client: Client) -> Backend:
    return make_engine(client, Settings(retries=0))


class LosingBackend(DyingBackend):
    """A backend with a long queue, which is lost with all others while it gives targets back."""

    def __init__(self, pool: BackendPool) -> None:
        super().__init__()
        self._pool = pool

    async def find_busiest(self) -> HostQueue | None:
        return HostQueue(parse(self.submitted[0].url).origin, len(self.submitted))

    async def take_queue(self, _: Origin) -> Withdrawn:
        self._lose_all()
        return Withdrawn([], set())

    async def withdraw(self) -> Withdrawn:
        self._lose_all()
        return Withdrawn(self.submitted, set())

    def _lose_all(self) -> None:
        for backend in [*self._pool.backends]:
            self._pool.remove(backend)


async def test_a_host_is_not_divided_where_every_backend_is_lost_meanwhile() -> None:
    pool = BackendPool(None, Settings())
    await pool.join([LosingBackend(pool), DyingBackend()])
    pool.allot()
    pool.backends[0].submit(make_targets(f"http://host/{number}" for number in range(2_000)))
    assert await pool.balance() == []
    assert not pool.takes_targets


async def test_a_backend_that_joins_has_no_place_before_another_has_freed_one() -> None:
    first, joining = DyingBackend(), DyingBackend()
    first.limit = 100
    pool = BackendPool(first, Settings(concurrency=100))
    first.submit(make_targets(f"http://host/{number}" for number in range(100)))
    await pool.join([joining])
    assert (first.limit, joining.limit) == (100, 0)


async def test_targets_that_are_given_back_while_every_backend_is_lost_are_kept() -> None:
    pool = BackendPool(None, Settings())
    await pool.join([LosingBackend(pool)])
    targets = make_targets(many_hosts(10))
    pool.submit(targets)
    assert await pool.join([DyingBackend()]) == targets
    assert not pool.takes_targets


@in_no_time
async def test_targets_are_held_until_a_backend_joins() -> None:
    async def script(scaled: Scaled) -> None:
        await asyncio.sleep(60)
        assert scaled.unfinished == 100
        await scaled.share_out([engine(Client())])

    results = await run(script, Blocks(many_hosts(100)))
    assert sorted(result.target.index for result in results) == list(range(100))
    assert now() >= 60


@in_no_time
async def test_the_targets_of_the_last_backend_are_held_for_another() -> None:
    async def script(scaled: Scaled) -> None:
        lost = DyingBackend()
        await scaled.share_out([lost])
        await asyncio.sleep(1)
        lost.lose()
        await asyncio.sleep(60)
        await scaled.share_out([engine(Client())])

    results = await run(script, Blocks(many_hosts(100)))
    assert sorted(result.target.index for result in results) == list(range(100))
    assert {result.verdict for result in results} == {Verdict.OK}


@in_no_time
async def test_a_backend_that_joins_late_gets_a_part_of_what_waits() -> None:
    async def take_a_while(url: Url, _: str) -> Outcome:
        await asyncio.sleep(5)
        return respond(url)

    clients = [Client(take_a_while), Client()]

    async def script(scaled: Scaled) -> None:
        await scaled.share_out([engine(clients[0])])
        await asyncio.sleep(60)
        await scaled.share_out([engine(clients[1])])

    results = await run(script, Blocks(many_hosts(1000)), concurrency=10)
    assert sorted(result.target.index for result in results) == list(range(1000))
    assert len(clients[1].asked) > 300


@in_no_time
async def test_no_host_is_asked_by_two_backends_at_once_while_others_join() -> None:
    asked: set[str] = set()

    async def answer(url: Url, _: str) -> Outcome:
        assert url.host not in asked
        asked.add(url.host)
        await asyncio.sleep(7)
        asked.discard(url.host)
        return respond(url)

    async def script(scaled: Scaled) -> None:
        for _ in range(5):
            await scaled.share_out([make_engine(Client(answer), Settings(per_host=1))])
            await asyncio.sleep(10)

    urls = [f"http://host{number % 40}.example/{number}" for number in range(400)]
    results = await run(script, Blocks(urls[:200], 15, urls[200:]), per_host=1, concurrency=20)
    assert sorted(result.target.url for result in results) == sorted(urls)
    assert {result.verdict for result in results} == {Verdict.OK}


@in_no_time
async def test_what_is_held_at_the_end_is_unchecked_for_its_reason() -> None:
    async def script(scaled: Scaled) -> None:
        await asyncio.sleep(60)
        scaled.stop("nobody came")

    results = await run(script, Blocks(many_hosts(10)))
    assert [(result.verdict, result.detail) for result in results] == [(Verdict.UNCHECKED, "nobody came")] * 10


@in_no_time
async def test_a_target_that_every_backend_is_lost_with_does_not_go_on_for_ever() -> None:
    async def script(scaled: Scaled) -> None:
        while True:
            lost = DyingBackend()
            await scaled.share_out([lost])
            await asyncio.sleep(1)
            lost.lose()
            await asyncio.sleep(1)

    results = await run(script, Blocks(many_hosts(10)))
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.UNCHECKED, LOST_TOO_OFTEN)}
    assert len(results) == 10


@in_no_time
async def test_a_mistake_in_the_opening_of_backends_ends_the_run() -> None:
    async def script(_: Scaled) -> None:
        raise LookupError("a mistake of our own")

    settings = Settings()
    coordinator = Coordinator(Blocks(many_hosts(10)), None, settings, [settings], Scripted(script))
    results: list[Result] = []
    error = None
    try:
        async for result in coordinator.results():
            results.append(result)  # noqa: PERF401
    except LookupError as raised:
        error = raised
    assert error
    assert {result.verdict for result in results} == {Verdict.UNCHECKED}
    assert len(results) == 10
