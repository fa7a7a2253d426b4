"""A host with several homes: backends in this event loop, under a clock that does not wait, and real processes."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.backends.builders import DyingBackend, make_engine, make_targets
from tests.backends.test_coordinator import many_hosts, run_with
from tests.engine.test_engine import Answer, Blocks, Client, asks_for_a_pause, collect, respond, urls
from tests.support.clock import ImpatientLoop, in_no_time, now
from tests.support.servers import Serve, reply
from urlcheck import Settings, Verdict, check
from urlcheck.backends.balancer import Balancer
from urlcheck.backends.router import Router
from urlcheck.engine.engine import Engine
from urlcheck.http.url import Url, parse
from urlcheck.model.outcome import Outcome

COUNT = 1_600  # more than a host must have waiting to be divided


class Load:
    """Answers after a while, and counts the requests in flight to each host, over all backends."""

    def __init__(self, seconds: Callable[[], float] = lambda: 1.0) -> None:
        self.most: Counter[str] = Counter()
        self.in_flight: Counter[str] = Counter()
        self.finished = 0
        self._seconds = seconds

    async def __call__(self, url: Url, _: str) -> Outcome:
        self.in_flight[url.host] += 1
        self.most[url.host] = max(self.most[url.host], self.in_flight[url.host])
        await asyncio.sleep(self._seconds())
        self.in_flight[url.host] -= 1
        self.finished += 1
        return respond(url)


def make_others(answer: Answer, count: int, **values: Any) -> tuple[list[Client], list[Engine]]:
    """So many clients, and a backend for all but the first."""
    clients = [Client(answer) for _ in range(count)]
    return clients, [make_engine(client, Settings(retries=0, **values)) for client in clients[1:]]


@in_no_time
async def test_a_list_of_one_host_is_checked_by_every_backend() -> None:
    clients, others = make_others(Load(), 3, per_host=9)
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], per_host=9)
    results = await collect(run)
    assert sorted(result.target.index for result in results) == list(range(COUNT))
    assert min(len(client.asked) for client in clients) > COUNT / 4


@in_no_time
async def test_the_homes_of_a_host_never_have_more_in_flight_than_one_would() -> None:
    load = Load()
    clients, others = make_others(load, 3, per_host=12)
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], per_host=12)
    await collect(run)
    assert load.most == {"host": 12}
    assert now() == pytest.approx(COUNT / 12, rel=0.02)


@given(st.integers(1, 5), st.integers(2, 4), st.integers(0, 1_000_000))
@hypothesis_settings(max_examples=3)
def test_the_sum_over_all_homes_is_held_whatever_the_latencies(per_host: int, homes: int, seed: int) -> None:
    async def check_all() -> None:
        load = Load(lambda: chance.choice([0.001, 0.01, 0.1]))
        clients, others = make_others(load, homes, per_host=per_host)
        blocks = Blocks(urls(range(1_200)), urls(range(100), "other"), 5, urls(range(300), "host"))
        run, _ = run_with(others, blocks, clients[0], per_host=per_host)
        assert len(await collect(run)) == 1_600
        assert max(load.most.values()) <= per_host

    chance = random.Random(seed)
    with asyncio.Runner(loop_factory=ImpatientLoop) as runner:
        runner.run(check_all())


@in_no_time
async def test_a_host_with_a_single_place_keeps_its_one_home() -> None:
    clients, others = make_others(Load(lambda: 0.1), 2, per_host=1)
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], per_host=1)
    await collect(run)
    assert sorted(len(client.asked) for client in clients) == [0, COUNT]


@in_no_time
async def test_a_host_with_a_rate_keeps_its_one_home() -> None:
    clients, others = make_others(Load(), 2, rate=10.0)
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], rate=10.0)
    await collect(run)
    assert sorted(len(client.asked) for client in clients) == [0, COUNT]


@in_no_time
async def test_a_short_queue_is_not_divided() -> None:
    clients, others = make_others(Load(), 2)
    run, _ = run_with(others, Blocks(urls(range(900))), clients[0])
    await collect(run)
    assert sorted(len(client.asked) for client in clients) == [0, 900]


def find_hosts() -> tuple[str, str]:
    """A host whose home is the first of two backends, and one whose home is the other."""
    first, other = DyingBackend(), DyingBackend()
    router = Router(first)
    router.share_out([first, other], {})
    homes = {router.choose(parse(url)): parse(url).host for url in many_hosts(20)}
    return homes[first], homes[other]


@in_no_time
async def test_no_host_is_divided_while_every_backend_has_enough_to_do() -> None:
    here, there = find_hosts()
    clients, others = make_others(Load(), 2)
    run, _ = run_with(others, Blocks(urls(range(COUNT), here), urls(range(COUNT), there)), clients[0])
    await collect(run)
    assert [len(client.asked) for client in clients] == [COUNT, COUNT]


@in_no_time
async def test_a_pause_that_one_home_is_told_holds_for_all_of_them() -> None:
    told: list[float] = []
    asked: list[float] = []

    async def answer(url: Url, _: str) -> Outcome:
        asked.append(now())
        await asyncio.sleep(0.5)
        if now() > 10 and not told:
            told.append(now())
            return replace(asks_for_a_pause(60), url=str(url))
        return respond(url)

    clients, others = make_others(answer, 3, per_host=6)
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], per_host=6)
    results = await collect(run)
    assert len(results) == COUNT
    assert [time for time in asked if told[0] < time < told[0] + 60] == []
    assert min(len(client.asked) for client in clients) > 0


@in_no_time
async def test_a_host_that_rejects_requests_has_one_home_again() -> None:
    last: list[int] = []

    def make_answer(home: int) -> Answer:
        async def answer(url: Url, _: str) -> Outcome:
            last.append(home)
            await asyncio.sleep(0.5)
            return replace(asks_for_a_pause(1), url=str(url)) if len(last) == 500 else respond(url)

        return answer

    clients = [Client(make_answer(home)) for home in range(2)]
    other = make_engine(clients[1], Settings(retries=2))
    run, _ = run_with([other], Blocks(urls(range(COUNT))), clients[0])
    await collect(run)
    assert len({*last[:490]}) == 2
    assert len({*last[600:]}) == 1


@in_no_time
async def test_the_one_home_of_a_host_gets_the_places_of_those_that_have_left_it() -> None:
    load = Load()
    has_rejected = False

    async def answer(url: Url, method: str) -> Outcome:
        nonlocal has_rejected
        if load.finished > 500 and not has_rejected:
            has_rejected = True
            load.most.clear()
            return replace(asks_for_a_pause(1), url=str(url))
        return await load(url, method)

    clients, others = make_others(answer, 3, per_host=6)
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], per_host=6)
    await collect(run)
    assert load.most == {"host": 6}
    assert now() < COUNT / 6 * 1.1


@in_no_time
async def test_targets_on_their_way_to_their_one_home_come_out_of_a_run_that_is_stopped() -> None:
    asked = 0

    async def reject_the_hundredth(url: Url, _: str) -> Outcome:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.1)
        return replace(asks_for_a_pause(1), url=str(url)) if asked == 100 else respond(url)

    async def hang(url: Url, _: str) -> Outcome:
        await asyncio.sleep(3_600)
        return respond(url)

    clients = [Client(reject_the_hundredth), Client(Load(lambda: 0.1)), Client(hang)]
    others = [make_engine(client, Settings(retries=0, per_host=6)) for client in clients[1:]]
    run, _ = run_with(others, Blocks(urls(range(COUNT))), clients[0], per_host=6)
    asyncio.get_running_loop().call_later(100, run.stop)
    results = await collect(run)
    assert sorted(result.target.index for result in results) == list(range(COUNT))


@in_no_time
async def test_a_home_whose_others_are_lost_gets_all_places_of_the_host() -> None:
    load = Load()
    lost, (host, _) = DyingBackend(), find_hosts()
    run, _ = run_with([lost], Blocks(urls(range(COUNT), host)), Client(load), per_host=6)
    asyncio.get_running_loop().call_later(10, lost.lose)
    results = await collect(run)
    assert sorted(result.target.index for result in results) == list(range(COUNT))
    assert f"share: {host} 3" in lost.calls
    assert load.most == {host: 6}
    assert now() < 10 + COUNT / 6


async def test_processes_together_have_no_more_in_flight_to_a_host_than_it_may_have(serve: Serve) -> None:
    in_flight = most = 0

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        for _turn in range(50):  # while requests of the other process arrive
            await asyncio.sleep(0)
        writer.write(reply())
        in_flight -= 1

    server = await serve(answer)
    listed = [f"{server.url}/{number}" for number in range(COUNT)]
    results = await check(listed, Settings(processes=2, per_host=3, retries=0))
    assert {result.verdict for result in results} == {Verdict.OK}
    assert len(results) == COUNT
    assert most <= 3


ORIGIN = parse("http://host/").origin


@in_no_time
async def test_what_a_home_that_was_given_up_has_left_goes_to_the_one_home() -> None:
    backends = [DyingBackend(), DyingBackend()]
    balancer = Balancer(Router(backends[0]), Settings(per_host=6))
    balancer._router.divide(ORIGIN, backends)
    balancer.on_overload(backends[0], ORIGIN, 1)
    await balancer.balance(backends)
    targets = make_targets(urls(range(3)))
    backends[1].submit(targets)  # as the time of their next attempt has come
    assert await balancer.balance(backends) == targets
    assert [call for call in backends[0].calls if "share" in call] == ["share: host 5", "share: host 6"]


@in_no_time
async def test_a_host_stays_divided_where_the_home_that_it_has_rejected_is_lost() -> None:
    lost, *backends = DyingBackend(), DyingBackend(), DyingBackend()
    balancer = Balancer(Router(lost), Settings())
    balancer._router.divide(ORIGIN, [lost, *backends])
    balancer.on_overload(lost, ORIGIN, 1)
    balancer._router.remove(lost)
    balancer.close_gap(backends)
    await balancer.balance(backends)
    assert balancer._router.homes_of(ORIGIN) == backends


@in_no_time
async def test_a_rejection_by_a_host_with_one_home_does_not_keep_another_from_being_divided() -> None:
    backends = [make_engine(Client(), Settings()) for _ in range(2)]
    balancer = Balancer(Router(backends[0]), Settings())
    backends[0].submit(make_targets(urls(range(COUNT))))
    balancer.on_overload(backends[0], parse("http://other/").origin, 1)
    assert len(await balancer.balance(backends)) == COUNT


@in_no_time
async def test_the_heir_of_a_host_whose_one_home_is_lost_gets_all_its_places() -> None:
    backends = [DyingBackend(), DyingBackend()]
    balancer = Balancer(Router(backends[0]), Settings(per_host=6))
    balancer._router.divide(ORIGIN, backends)
    balancer.on_overload(backends[1], ORIGIN, 1)
    await balancer.balance(backends)
    await balancer.balance(backends)
    balancer.close_gap(backends[:1])
    assert [call for call in backends[0].calls if "share" in call] == ["share: host 1", "share: host 6"]
