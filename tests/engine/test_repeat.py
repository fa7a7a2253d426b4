from __future__ import annotations

import asyncio
import itertools
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.test_engine import (
    FOR_GOOD,
    SHORTAGE,
    TIMEOUT,
    WINDOW,
    Blocks,
    Client,
    Script,
    Step,
    asks_for_a_pause,
    by_method,
    collect,
    respond,
    run,
    take_an_hour,
    urls,
    verdicts,
)
from tests.support.builders import FAILURE, NOT_FOUND, RESPONSE, make_result, make_target
from tests.support.clock import in_no_time, now
from urlcheck.backends.bounds import Bounds
from urlcheck.backends.coordinator import Coordinator
from urlcheck.engine.check import Check
from urlcheck.engine.job import Job
from urlcheck.engine.repeat import GRACE_SECONDS, UntilPassed
from urlcheck.http.url import Url
from urlcheck.model.outcome import Failure, FailureKind, Hop, Outcome
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.settings.settings import Settings

REFUSED = Failure(
    url="http://host/page",
    hops=(),
    elapsed=0.1,
    address=None,
    cert_expires=None,
    kind=FailureKind.PRIVATE,
    message="10.0.0.5 is not a public address",
)


def wait(blocks: Blocks, client: Client, seconds: float = 60, **settings: Any) -> Coordinator:
    return run(blocks, client, wait=seconds, **settings)


def comes_up_at(time: float) -> Client:
    async def answer(url: Url, _: str) -> Outcome:
        return respond(url) if now() >= time else TIMEOUT

    return Client(answer)


# --- again, until it passes ---


@pytest.mark.parametrize(
    "step",
    [503, 404, 429, TIMEOUT, FOR_GOOD, respond(Url("http", "host", 80, "/page"), 200)],
    ids=["503", "404", "429", "a failure that may pass", "a failure for good", "an unmet expectation"],
)
@in_no_time
async def test_whatever_has_not_passed_is_checked_again_until_it_has(step: Step) -> None:
    passes = respond(Url("http", "host", 80, "/page"), 200, X_Ready="yes")
    client = Client(Script(page=[step, step, step, step, passes]))
    [result] = await collect(wait(Blocks(["http://host/page"]), client, expect_headers=(("X-Ready", "yes"),)))
    assert (result.verdict, result.attempts, now()) == (Verdict.OK, 5, 1)


@in_no_time
async def test_retries_are_ignored_where_there_is_a_time_to_wait() -> None:
    client = Client(Script(page=[503, 503, 503, 200]))
    [result] = await collect(wait(Blocks(["http://host/page"]), client, retries=0))
    assert (result.verdict, result.attempts) == (Verdict.OK, 4)


@in_no_time
async def test_what_is_allowed_is_not_waited_for() -> None:
    client = Client(Script(page=[404, 200]))
    [result] = await collect(wait(Blocks(["http://host/page"]), client, allow=[Verdict.STATUS]))
    assert (result.verdict, result.ok, result.attempts) == (Verdict.STATUS, True, 1)


@in_no_time
async def test_an_address_that_is_refused_is_not_waited_for() -> None:
    client = Client(Script(page=[REFUSED, 200]))
    [result] = await collect(wait(Blocks(["http://host/page"]), client))
    assert (result.verdict, result.attempts, now()) == (Verdict.PRIVATE, 1, 0)


@in_no_time
async def test_what_is_rejected_is_reported_at_once_and_each_of_the_others_as_it_passes() -> None:
    client = Client(Script(late=[503, 200], later=[503, 503, 200]))
    blocks = Blocks(["http://host/later", "http://host/late", "ftp://host/", "http://host/at-once"])
    times = {result.target.url: now() async for result in wait(blocks, client).results()}
    assert times == {"ftp://host/": 0, "http://host/at-once": 0, "http://host/late": 0.25, "http://host/later": 0.5}


@in_no_time
async def test_a_head_is_confirmed_at_every_attempt() -> None:
    client = Client(by_method(404, 404))
    await collect(wait(Blocks(["http://host/"]), client, seconds=0.2, method="HEAD"))
    assert client.asked == ["HEAD /", "GET /"] * (len(client.asked) // 2)


# --- when ---


@in_no_time
async def test_a_pause_is_a_quarter_of_a_second_at_first_and_two_seconds_at_last() -> None:
    client = Client(Script(page=[503]))
    await collect(wait(Blocks(["http://host/page"]), client, seconds=120))
    pauses = [later - sooner for sooner, later in itertools.pairwise(client.times["/page"])]
    assert pauses[0] == pytest.approx(0.25)
    assert pauses[-5] == pytest.approx(2)
    assert all(sooner <= later + 1e-9 for sooner, later in itertools.pairwise(pauses[:-5]))


@pytest.mark.parametrize("up", [0.1, 1, 3, 7, 19])
@in_no_time
async def test_what_comes_up_is_seen_within_a_quarter_of_a_second_or_a_tenth_of_the_time_it_took(up: float) -> None:
    await collect(wait(Blocks(["http://host/page"]), comes_up_at(up)))
    assert up <= now() <= up + max(0.25, up / 10) + 1e-9


@in_no_time
async def test_what_comes_up_just_before_the_end_is_still_seen() -> None:
    [result] = await collect(wait(Blocks(["http://host/page"]), comes_up_at(29.7), seconds=30))
    assert result.verdict is Verdict.OK


@in_no_time
async def test_pauses_are_counted_from_a_urls_own_first_attempt() -> None:
    client = Client(Script(**{"2": [503, 200]}))
    await collect(wait(Blocks(["http://host/1"], 40, ["http://host/2"]), client))
    assert client.times["/2"] == [40, 40.25]


@in_no_time
async def test_a_retry_after_is_respected() -> None:
    client = Client(Script(busy=[asks_for_a_pause(20), 200]))
    await collect(wait(Blocks(["http://host/busy", "http://host/waits"]), client, concurrency=1))
    assert client.times == {"/busy": [0, 20], "/waits": [20]}


@in_no_time
async def test_a_retry_after_of_where_a_redirect_led_is_respected() -> None:
    elsewhere = replace(asks_for_a_pause(20), url="http://elsewhere/", hops=(Hop(302, "http://host/moved"),))
    client = Client(Script(moved=[elsewhere, 200]))
    await collect(wait(Blocks(["http://host/moved"]), client))
    assert client.times["/moved"] == [0, 20]


@in_no_time
async def test_a_head_that_is_asked_to_come_later_is_not_confirmed_at_once() -> None:
    client = Client(Script(busy=[asks_for_a_pause(20), 200]))
    await collect(wait(Blocks(["http://host/busy"]), client, method="HEAD", retries=0))
    assert client.asked == ["HEAD /busy", "HEAD /busy"]


@in_no_time
async def test_a_rate_is_respected_and_shared_by_all_that_wait() -> None:
    client = Client(Script(**{str(number): [503] for number in range(4)}))
    await collect(wait(Blocks(urls(range(4))), client, seconds=10, rate=1))
    assert sorted(itertools.chain(*client.times.values())) == list(range(11))
    assert {len(times) for times in client.times.values()} == {2, 3}


@in_no_time
async def test_what_never_comes_does_not_keep_others_of_its_host_from_their_turn() -> None:
    client = Client(Script(never=[503]))
    results = await collect(wait(Blocks(["http://host/never", *urls(range(20))]), client, seconds=30, rate=1))
    assert sum(result.ok for result in results) == 20


# --- the end ---


@in_no_time
async def test_what_never_came_has_its_last_verdict_when_the_time_is_up() -> None:
    never = [TIMEOUT] * 10 + [503]
    client = Client(Script(never=never))
    waited = wait(Blocks(["http://host/never", "http://host/there"]), client, seconds=5)
    results = await collect(waited)
    assert verdicts(results) == {"http://host/there": Verdict.OK, "http://host/never": Verdict.STATUS}
    assert results[-1].attempts == len(client.times["/never"]) > 11
    assert now() == pytest.approx(5 + GRACE_SECONDS)
    assert waited.interruption == "the time to wait was up"


@in_no_time
async def test_an_attempt_in_flight_at_the_end_is_cut_and_the_one_before_it_counts() -> None:
    async def answer(url: Url, method: str) -> Outcome:
        return await take_an_hour(url, method) if now() else respond(url, 503)

    [result] = await collect(wait(Blocks(["http://host/"]), Client(answer), seconds=5))
    assert (result.verdict, result.attempts, now()) == (Verdict.STATUS, 1, 5 + GRACE_SECONDS)


@in_no_time
async def test_what_had_no_attempt_to_its_end_is_unchecked() -> None:
    [result] = await collect(wait(Blocks(["http://host/"]), Client(take_an_hour), seconds=5))
    assert (result.verdict, result.detail, result.attempts) == (Verdict.UNCHECKED, "the time to wait was up", 0)


@pytest.mark.parametrize(("deadline", "reason"), [(3, "past the deadline"), (30, "the time to wait was up")])
@in_no_time
async def test_a_deadline_ends_the_waiting_where_it_comes_first(deadline: float, reason: str) -> None:
    waited = wait(Blocks(["http://host/page"]), Client(Script(page=[503])), seconds=5, deadline=deadline)
    [result] = await collect(waited)
    assert (result.verdict, waited.interruption) == (Verdict.STATUS, reason)
    assert now() < 6


@in_no_time
async def test_a_stop_reports_what_is_awaited_with_its_last_result() -> None:
    stopped = wait(Blocks(["http://host/page"]), Client(Script(page=[503, 404])))
    asyncio.get_running_loop().call_later(3, stopped.stop)
    [before] = [result for result in [*await watch(stopped, 2.9)] if not result.ok]
    assert before.detail.startswith("404")


async def watch(waited: Coordinator, seconds: float) -> list[Result]:
    """What is awaited after so many seconds, which must be what comes out when the run is stopped."""
    consumer = asyncio.create_task(collect(waited))
    await asyncio.sleep(seconds)
    awaited = list(waited.awaited)
    assert waited.unfinished == len(awaited)
    assert await consumer == awaited
    assert (waited.unfinished, list(waited.awaited)) == (0, [])
    return awaited


@in_no_time
async def test_what_has_passed_is_awaited_no_longer() -> None:
    waited = wait(Blocks(["http://host/late", "http://host/never"]), Client(Script(late=[503, 200], never=[503])), 2)
    consumer = asyncio.create_task(collect(waited))
    await asyncio.sleep(0.1)
    assert [result.target.url for result in waited.awaited] == ["http://host/late", "http://host/never"]
    await asyncio.sleep(1)
    assert [result.target.url for result in waited.awaited] == ["http://host/never"]
    await consumer


async def test_nothing_is_awaited_without_a_time_to_wait() -> None:
    checked = run(Blocks(["http://host/page"]), Client(Script(page=[404])))
    await collect(checked)
    assert list(checked.awaited) == []


# --- bounds ---


@in_no_time
async def test_more_than_a_window_of_awaited_urls_does_not_keep_the_rest_from_being_checked() -> None:
    async def answer(url: Url, _: str) -> Outcome:
        return respond(url, 404 if url.host == "never" else 200)

    never = [urls(range(start, start + 10), "never") for start in range(0, 600, 10)]
    blocks = Blocks(*never, urls(range(10), "there"))
    waited = wait(blocks, Client(answer), concurrency=10, bounds=Bounds(window=100))
    async with aclosing(waited.results()) as results:
        assert sorted([(await anext(results)).target.url for _ in range(10)]) == urls(range(10), "there")


@in_no_time
async def test_an_endless_list_of_what_never_comes_is_never_held_as_a_whole() -> None:
    async def fail(_: Url, __: str) -> Outcome:
        await asyncio.sleep(1)
        return TIMEOUT

    blocks = Blocks.without_end("http://host{}/")
    bounds = Bounds(window=WINDOW, awaited=2000)
    results = await collect(wait(blocks, Client(fail), seconds=30, bounds=bounds))
    assert len(results) == blocks.blocks_read
    assert WINDOW < blocks.blocks_read <= WINDOW + 2000 + 256 + 100
    assert sum(result.attempts > 0 for result in results) > 2000


@in_no_time
async def test_what_this_machine_lacks_is_waited_for_too() -> None:
    client = Client(Script(short=[SHORTAGE] * 110 + [200]))
    [result] = await collect(wait(Blocks(["http://host/short"]), client))
    assert (result.verdict, len(client.asked)) == (Verdict.OK, 111)


# --- the object itself ---


def make_repeat() -> UntilPassed:
    settings = Settings()
    return UntilPassed([Check(settings, Client(), waits=True)], lambda: 0, 60)


def test_the_last_result_of_a_job_is_awaited() -> None:
    repeat = make_repeat()
    job = Job(make_target())
    first, last = make_result(FAILURE), make_result(NOT_FOUND)
    for result in (first, last):
        assert repeat.delay(job, result) == 0.25
    assert (repeat.count, [*repeat.awaited]) == (1, [last])


def test_awaited_results_may_change_while_they_are_looked_at() -> None:
    repeat = make_repeat()
    jobs = [Job(make_target()) for _ in range(3)]
    for job in jobs:
        repeat.delay(job, make_result(FAILURE))
    looking = iter(repeat.awaited)
    next(looking)
    repeat.delay(jobs[2], make_result(RESPONSE))
    assert len(list(looking)) == 2


def test_a_job_that_has_passed_is_awaited_no_longer() -> None:
    repeat = make_repeat()
    job = Job(make_target())
    repeat.delay(job, make_result(FAILURE))
    assert repeat.delay(job, make_result(RESPONSE)) is None
    assert repeat.count == 0
