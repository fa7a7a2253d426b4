"""The coordinator with several backends, all in this event loop; tests/engine has runs of one."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.backends.builders import DyingBackend, make_engine
from tests.engine.test_engine import Blocks, Client, collect, respond, take_an_hour
from tests.support.clock import PATIENCE, in_no_time, now
from tests.support.servers import Serve, reply
from urlcheck import Settings, Verdict, check, check_urls
from urlcheck.backends.autoscaler import Autoscaler, Thresholds
from urlcheck.backends.coordinator import NOT_REPEATED, Coordinator
from urlcheck.backends.protocol import Backend
from urlcheck.client.attempt import HttpClient
from urlcheck.engine.engine import Engine
from urlcheck.http.url import Url
from urlcheck.model.outcome import Outcome


def many_hosts(count: int) -> list[str]:
    return [f"http://host{number}.example/{number}" for number in range(count)]


def run_with(others: Sequence[Backend], blocks: Blocks, client: Client, **values: Any) -> tuple[Coordinator, Engine]:
    """A run whose first backend has this client and shares its work with the others from the beginning."""
    settings = Settings(retries=0, **values)
    waiting = iter(others)

    async def open_next() -> Backend:
        await asyncio.sleep(0)  # as a process takes a while
        return next(waiting)

    first = make_engine(client, settings)
    scaler = Autoscaler(open_next, len(others), is_asked=True)
    return Coordinator(blocks, first, settings, [settings], scaler), first


@in_no_time
async def test_hosts_are_divided_among_backends_and_every_target_comes_out_once() -> None:
    clients = [Client() for _ in range(3)]
    others = [make_engine(client, Settings()) for client in clients[1:]]
    run, _ = run_with(others, Blocks(many_hosts(100), many_hosts(300)[100:]), clients[0])
    results = await collect(run)
    assert sorted(result.target.index for result in results) == list(range(300))
    assert sum(len(client.asked) for client in clients) == 300
    assert all(client.asked for client in clients)


@in_no_time
async def test_no_more_are_in_flight_than_the_run_may_have_while_backends_join() -> None:
    in_flight = most = 0

    async def count(url: Url, _: str) -> Outcome:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(10)
        in_flight -= 1
        return respond(url)

    async def open_next() -> Backend:
        return make_engine(Client(count), settings)

    settings = Settings(concurrency=6)
    scaler = Autoscaler(open_next, 2, is_asked=False, thresholds=Thresholds(long_list=10))
    run = Coordinator(Blocks(many_hosts(60)), make_engine(Client(count), settings), settings, [settings], scaler)
    assert len(await collect(run)) == 60
    assert most == 6


@in_no_time
async def test_a_backend_that_is_lost_while_it_joins_leaves_all_targets_to_the_first() -> None:
    lost, client = DyingBackend(), Client()
    lost.lose()
    run, _ = run_with([lost], Blocks(many_hosts(100)), client)
    assert sorted(result.target.index for result in await collect(run)) == list(range(100))
    assert len(client.asked) == 100


@in_no_time
async def test_places_in_flight_are_divided_among_backends() -> None:
    settings = Settings(concurrency=10)
    clients = [Client(take_an_hour), Client(take_an_hour)]
    run, _ = run_with([make_engine(clients[1], settings)], Blocks(many_hosts(400)), clients[0], concurrency=10)
    asyncio.get_running_loop().call_later(30, run.stop)
    results = asyncio.create_task(collect(run))
    await asyncio.sleep(1)
    assert [len(client.asked) for client in clients] == [5, 5]
    await results


@in_no_time
async def test_a_backend_that_has_finished_lends_its_places_to_another() -> None:
    settings = Settings(concurrency=10)
    client = Client(take_an_hour)
    run, _ = run_with([make_engine(Client(), settings)], Blocks(many_hosts(400)), client, concurrency=10)
    asyncio.get_running_loop().call_later(30, run.stop)
    results = asyncio.create_task(collect(run))
    await asyncio.sleep(1)
    assert len(client.asked) == 9  # the other one keeps a place
    await results


@in_no_time
async def test_hosts_with_requests_in_flight_stay_with_the_first_backend() -> None:
    in_flight: Counter[str] = Counter()

    async def answer(url: Url, _: str) -> Outcome:
        assert not in_flight[url.host]
        in_flight[url.host] += 1
        await asyncio.sleep(10)
        in_flight[url.host] -= 1
        return respond(url)

    settings = Settings(per_host=1)
    clients = Client(answer), Client(answer)
    urls = [f"http://host{number % 20 + number // 40}.example/{number}" for number in range(100)]
    first, other = (make_engine(client, settings) for client in clients)
    run = Coordinator(Blocks(urls[:40], 1000, urls[40:]), first, settings, [settings])
    results = asyncio.create_task(collect(run))
    await asyncio.sleep(1)
    await run.share_out([other])
    assert sorted(result.target.url for result in await results) == sorted(urls)
    assert all(client.asked for client in clients)


@in_no_time
async def test_the_targets_of_a_lost_backend_are_checked_by_the_first() -> None:
    lost = DyingBackend()
    run, _ = run_with([lost], Blocks(many_hosts(100)), Client())
    asyncio.get_running_loop().call_later(10, lost.lose)
    results = await collect(run)
    assert {result.verdict for result in results} == {Verdict.OK}
    assert len(results) == 100
    assert now() == pytest.approx(10)
    assert run.lost > 0


@in_no_time
async def test_the_places_of_a_lost_backend_go_to_the_first() -> None:
    lost = DyingBackend()
    run, first = run_with([lost], Blocks(many_hosts(100)), Client(), concurrency=10)
    asyncio.get_running_loop().call_later(10, lost.lose)
    await collect(run)
    assert first.status.limit == 10


@in_no_time
async def test_a_run_that_was_stopped_closes_its_backends_once() -> None:
    other = DyingBackend()
    run, _ = run_with([other], Blocks(many_hosts(100)), Client(take_an_hour))
    asyncio.get_running_loop().call_later(10, run.stop)
    asyncio.get_running_loop().call_later(11, other.lose)
    await collect(run)
    await asyncio.sleep(60)
    assert other.calls.count("close") == 1


@in_no_time
async def test_a_second_stop_changes_nothing() -> None:
    other = DyingBackend()
    run, _ = run_with([other], Blocks(many_hosts(100)), Client(take_an_hour))
    results = asyncio.create_task(collect(run))
    await asyncio.sleep(10)
    run.stop("the first")
    run.stop("the second")
    results.cancel()
    await asyncio.sleep(60)
    assert run.interruption == "the first"
    assert [call for call in other.calls if "the second" in call] == []
    assert other.calls.count("close") == 1


@in_no_time
async def test_a_request_that_must_not_be_sent_twice_is_unchecked_when_its_backend_is_lost() -> None:
    lost = DyingBackend()
    run, _ = run_with([lost], Blocks(many_hosts(100)), Client(), method="POST")
    asyncio.get_running_loop().call_later(10, lost.lose)
    results = await collect(run)
    assert {(result.verdict, result.ok) for result in results} == {(Verdict.OK, True), (Verdict.UNCHECKED, False)}
    assert {result.detail for result in results if not result.ok} == {NOT_REPEATED}
    assert (len(results), run.lost) == (100, 0)


@in_no_time
async def test_a_backend_that_does_not_answer_a_stop_is_closed_after_two_seconds() -> None:
    silent = DyingBackend()
    run, _ = run_with([silent], Blocks(many_hosts(100)), Client(take_an_hour))
    asyncio.get_running_loop().call_later(10, run.stop)
    results = await collect(run)
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.UNCHECKED, "interrupted")}
    assert {type(result.detail) for result in results} == {str}  # also where the reason is a member of an enumeration
    assert len(results) == 100
    assert now() == pytest.approx(12)
    assert "stop: interrupted" in silent.calls


@in_no_time
async def test_a_suspension_is_passed_to_the_backends_that_were_opened() -> None:
    other = DyingBackend()
    run, _ = run_with([other], Blocks(), Client())
    results = asyncio.create_task(collect(run))
    await asyncio.sleep(1)
    run.suspend()
    run.resume()
    other.lose()
    await results
    assert [call for call in other.calls if call in ("suspend", "resume")] == ["suspend", "resume"]


@in_no_time
async def test_a_shortage_in_the_first_backend_leaves_no_target_without_a_result() -> None:
    async def crash(_: Url, __: str) -> Outcome:
        await asyncio.sleep(5)
        raise MemoryError

    other = make_engine(Client(take_an_hour), Settings())
    run, _ = run_with([other], Blocks(many_hosts(100), 4, many_hosts(200)[100:]), Client(crash))
    results = []
    with pytest.raises(MemoryError):  # noqa: PT012
        async for result in run.results():
            results.append(result)  # noqa: PERF401
    assert sorted(result.target.index for result in results) == list(range(200))
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.UNCHECKED, "too little memory")}


@in_no_time
async def test_an_error_in_the_first_backend_keeps_nobody_waiting_for_the_others() -> None:
    async def crash(_: Url, __: str) -> Outcome:
        await asyncio.sleep(5)
        raise RuntimeError("a mistake of our own")

    other = make_engine(Client(take_an_hour), Settings())
    run, _ = run_with([other], Blocks(many_hosts(200)), Client(crash))
    results = []
    with pytest.raises(RuntimeError, match="a mistake of our own"):  # noqa: PT012
        async for result in run.results():
            results.append(result)  # noqa: PERF401
    assert now() < 60
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.UNCHECKED, "an error ended the run")}


async def test_a_short_list_starts_no_process(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> Backend:
        raise AssertionError

    monkeypatch.setattr("urlcheck.backends.process.open_process", refuse)
    server = await serve(reply())
    results = await check([f"{server.url}/{number}" for number in range(100)], Settings(processes="auto"))
    assert {result.verdict for result in results} == {Verdict.OK}


async def test_an_error_in_the_first_process_ends_the_run_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object) -> Outcome:
        raise RuntimeError("a mistake of our own")

    monkeypatch.setattr(HttpClient, "attempt", crash)
    endless = (f"http://127.0.0.{number % 250 + 1}:9/{number}" for number in itertools.count())
    with pytest.raises(RuntimeError, match="a mistake of our own"):  # noqa: PT012
        async with asyncio.timeout(PATIENCE):
            async for _ in check_urls(endless, Settings(processes=2, dedupe=False)):
                pass
