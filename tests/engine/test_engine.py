from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import FAILURE, RESPONSE, make_target
from tests.support.clock import in_no_time, now
from urlcheck.backends.bounds import Bounds
from urlcheck.backends.coordinator import Coordinator
from urlcheck.engine.check import Check
from urlcheck.engine.engine import Engine
from urlcheck.engine.status import HeldBack
from urlcheck.http.headers import Headers
from urlcheck.http.url import Url
from urlcheck.input.target_builder import Item, TargetBuilder
from urlcheck.model.errors import InputError
from urlcheck.model.outcome import FailureKind, Hop, Outcome, Response, ShortageError
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.runtime.descriptors import Allowance
from urlcheck.settings.settings import Settings

Answer = Callable[[Url, str], Awaitable[Outcome]]
Step = int | Outcome | Exception

WINDOW = 2_500  # of these tests; more than 8 times the concurrency, which would count otherwise

TIMEOUT = replace(FAILURE, message="no response within 10 s")
FOR_GOOD = replace(FAILURE, transient=False)
SHORTAGE = ShortageError(FAILURE)


class Blocks:
    """A source that hands out what it is given, a block at a time; a number among them is a wait, an error is raised."""

    def __init__(self, *blocks: Sequence[str] | float | InputError) -> None:
        self.exhausted = False
        self.stopped = False
        self.blocks_read = 0
        self._blocks: Iterator[Sequence[str] | float | InputError] = iter(blocks)
        settings = Settings(dedupe=False)
        self._builder = TargetBuilder(settings, [settings])

    @classmethod
    def without_end(cls, template: str, size: int = 100) -> Blocks:
        """`template` with every number there is."""
        blocks = cls()
        numbers = itertools.takewhile(lambda _: not blocks.stopped, itertools.count(0, size))
        blocks._blocks = ([template.format(number + n) for n in range(size)] for number in numbers)
        return blocks

    async def read(self) -> Sequence[Item]:
        block = next(self._blocks, None)
        while isinstance(block, (int, float)):
            await asyncio.sleep(block)
            block = next(self._blocks, None)
        if isinstance(block, InputError):
            raise block
        self.exhausted = block is None
        self.blocks_read += len(block or ())
        targets = [self._builder.build(url, "list", line) for line, url in enumerate(block or (), 1)]
        return [target for target in targets if target]

    def stop(self) -> None:
        self.stopped = True


class Client:
    """Answers as it is told to, and keeps what it was asked and when."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.asked: list[str] = []
        self.times: dict[str, list[float]] = {}
        self.kept: list[bool] = []
        self._answer = answer or ok

    async def attempt(self, url: Url, method: str, keep: Callable[[], bool]) -> Outcome:
        self.asked.append(f"{method} {url.target}")
        self.times.setdefault(url.target, []).append(now())
        self.kept.append(keep())
        return await self._answer(url, method)


class Script:
    """Answers by path, one step after the other, the last one for ever; at once."""

    def __init__(self, **steps: Sequence[Step]) -> None:
        self._steps = {f"/{name}": list(of_one) for name, of_one in steps.items()}

    async def __call__(self, url: Url, _: str) -> Outcome:
        steps = self._steps.get(url.target, [200])
        step = steps.pop(0) if steps[1:] else steps[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, int):
            return respond(url, step)
        return step if step.hops else replace(step, url=str(url))


def respond(url: Url, status: int = 200, **headers: str) -> Response:
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return replace(RESPONSE, url=str(url), status=status, reason="", headers=named)


def asks_for_a_pause(seconds: int, status: int = 429) -> Response:
    return replace(RESPONSE, status=status, headers=Headers({"Retry-After": str(seconds)}))


async def ok(url: Url, _: str) -> Outcome:
    return respond(url)


async def take_an_hour(url: Url, _: str) -> Outcome:
    await asyncio.sleep(3600)
    return respond(url)


def urls(numbers: Iterable[int], host: str = "host") -> list[str]:
    return [f"http://{host}/{number}" for number in numbers]


def run(
    blocks: Blocks, client: Client, *, bounds: Bounds | None = None, allowance: Allowance | None = None, **values: Any
) -> Coordinator:
    settings = Settings(**values)
    engine = Engine([Check(settings, client, waits=settings.wait is not None)], settings, allowance)
    return Coordinator(blocks, engine, settings, [settings], bounds=bounds or Bounds(window=WINDOW))


async def collect(run: Coordinator) -> list[Result]:
    return [result async for result in run.results()]


def verdicts(results: Iterable[Result]) -> dict[str, Verdict]:
    return {result.target.url: result.verdict for result in results}


# --- every target out once ---


@pytest.mark.parametrize("concurrency", [1, 3, 256])
async def test_every_target_comes_out_once(concurrency: int) -> None:
    blocks = Blocks(urls(range(10)), urls(range(10, 11)), urls(range(11, 100)))
    results = await collect(run(blocks, Client(), concurrency=concurrency))
    assert sorted(result.target.index for result in results) == list(range(100))


@in_no_time
async def test_what_a_slow_source_brings_is_asked_at_once() -> None:
    client = Client()
    await collect(run(Blocks(["http://host/1"], 60, ["http://host/2", "http://host/3"], 60), client))
    assert client.times == {"/1": [0], "/2": [60], "/3": [60]}


async def test_no_target_gives_no_result() -> None:
    assert await collect(run(Blocks(), Client())) == []


async def test_a_result_holds_target_outcome_and_verdict() -> None:
    [result] = await collect(run(Blocks(["http://host/gone"]), Client(Script(gone=[404]))))
    assert isinstance(result.outcome, Response)
    assert (result.target.url, result.outcome.status, result.verdict) == ("http://host/gone", 404, Verdict.STATUS)
    assert (result.ok, result.attempts) == (False, 1)


async def test_what_is_rejected_is_reported_and_not_requested() -> None:
    client = Client()
    [result] = await collect(run(Blocks(["ftp://host/"]), client))
    assert (result.verdict, result.outcome, result.attempts) == (Verdict.INVALID, None, 0)
    assert client.asked == []


@in_no_time
async def test_what_is_finished_at_the_same_time_comes_in_one_batch() -> None:
    async def answer(url: Url, _: str) -> Outcome:
        await asyncio.sleep(int(url.target[1:]) // 3)
        return respond(url)

    batches = [batch async for batch in run(Blocks(urls(range(9))), Client(answer)).batches()]
    assert [{result.target.index for result in batch} for batch in batches] == [{0, 1, 2}, {3, 4, 5}, {6, 7, 8}]


async def test_results_come_in_order_of_completion() -> None:
    fast_is_done = asyncio.Event()

    async def slow_then_fast(url: Url, _: str) -> Outcome:
        if url.target == "/slow":
            await fast_is_done.wait()
        fast_is_done.set()
        return respond(url)

    results = await collect(run(Blocks(["http://host/slow", "http://host/fast"]), Client(slow_then_fast)))
    assert [result.target.index for result in results] == [1, 0]


# --- retries ---


@pytest.mark.parametrize(
    ("steps", "retries", "verdict", "attempts"),
    [
        pytest.param([200], 2, Verdict.OK, 1, id="passes"),
        pytest.param([503, 200], 2, Verdict.OK, 2, id="recovers"),
        pytest.param([503, TIMEOUT, 200], 2, Verdict.OK, 3, id="recovers at last"),
        pytest.param([503, 503, 429, 200], 2, Verdict.RATE_LIMITED, 3, id="recovers too late"),
        pytest.param([503, 404, 200], 2, Verdict.STATUS, 2, id="turns out to be gone"),
        pytest.param([404, 200], 2, Verdict.STATUS, 1, id="is gone"),
        pytest.param([FOR_GOOD, 200], 2, Verdict.CONNECT, 1, id="fails for good"),
        pytest.param([TIMEOUT], 0, Verdict.CONNECT, 1, id="is not to be tried again"),
        pytest.param([TIMEOUT], 9, Verdict.CONNECT, 10, id="never recovers"),
    ],
)
@in_no_time
async def test_what_may_pass_is_tried_again_and_every_attempt_counts(
    steps: list[Step], retries: int, verdict: Verdict, attempts: int
) -> None:
    client = Client(Script(page=steps))
    [result] = await collect(run(Blocks(["http://host/page"]), client, retries=retries))
    assert (result.verdict, result.attempts, len(client.asked)) == (verdict, attempts, attempts)


@in_no_time
async def test_a_retry_comes_later_and_each_time_later_still() -> None:
    client = Client(Script(page=[503]))
    await collect(run(Blocks(["http://host/page"]), client, retries=5))
    waits = [later - sooner for sooner, later in itertools.pairwise(client.times["/page"])]
    assert all(wait == pytest.approx(2**n, rel=0.5) for n, wait in enumerate(waits))
    assert len(waits) == 5


@in_no_time
async def test_a_url_that_waits_for_its_retry_holds_no_place_in_flight() -> None:
    client = Client(Script(flaky=[503, 200]))
    await collect(run(Blocks(["http://host/flaky", *urls(range(3))]), client, concurrency=1, per_host=1))
    assert client.asked == ["GET /flaky", "GET /0", "GET /1", "GET /2", "GET /flaky"]


@in_no_time
async def test_the_last_outcome_is_the_one_that_is_reported() -> None:
    client = Client(Script(page=[TIMEOUT, 503, 500]))
    [result] = await collect(run(Blocks(["http://host/page"]), client, retries=2))
    assert isinstance(result.outcome, Response)
    assert result.outcome.status == 500


# --- pauses and limits ---


@in_no_time
async def test_a_retry_after_pauses_its_whole_host_and_no_other() -> None:
    client = Client(Script(busy=[asks_for_a_pause(20), 200]))
    blocks = Blocks(["http://host/busy", "http://host/waits", "http://host/too", "http://other/goes-on"])
    results = await collect(run(blocks, client, concurrency=1))
    assert {result.verdict for result in results} == {Verdict.OK}
    first = {path: times[-1] for path, times in client.times.items()}
    assert first == {"/busy": 20, "/waits": 20, "/too": 20, "/goes-on": 0}


@in_no_time
async def test_a_host_that_asks_for_a_pause_with_its_last_attempt_gets_it() -> None:
    client = Client(Script(busy=[asks_for_a_pause(20, status=503)]))
    await collect(run(Blocks(["http://host/busy", "http://host/waits"]), client, concurrency=1, retries=0))
    assert client.times["/waits"] == [20]


@in_no_time
async def test_a_retry_after_is_respected_up_to_a_minute() -> None:
    client = Client(Script(busy=[asks_for_a_pause(86_400), 200]))
    await collect(run(Blocks(["http://host/busy"]), client))
    assert client.times["/busy"] == [0, 60]


@in_no_time
async def test_a_retry_after_shorter_than_the_backoff_does_not_bring_a_retry_forward() -> None:
    client = Client(Script(busy=[asks_for_a_pause(0), 200]))
    await collect(run(Blocks(["http://host/busy"]), client))
    assert client.times["/busy"][1] >= 0.5


@in_no_time
async def test_a_retry_after_of_where_a_redirect_led_does_not_pause_the_host_that_redirected() -> None:
    elsewhere = replace(asks_for_a_pause(20), url="http://elsewhere/", hops=(Hop(302, "http://shortener/moved"),))
    client = Client(Script(moved=[elsewhere, 200]))
    await collect(run(Blocks(["http://shortener/moved", "http://shortener/next"]), client, concurrency=1))
    assert client.times["/next"] == [0]
    assert client.times["/moved"] == [0, 20]


@in_no_time
async def test_a_retry_after_behind_a_redirect_within_a_host_pauses_it() -> None:
    here = replace(asks_for_a_pause(20), url="http://host/moved/", hops=(Hop(301, "http://host/moved"),))
    client = Client(Script(moved=[here, 200]))
    await collect(run(Blocks(["http://host/moved", "http://host/next"]), client, concurrency=1))
    assert client.times["/next"] == [20]


@in_no_time
async def test_a_rate_is_one_of_each_host() -> None:
    client = Client()
    blocks = Blocks([*urls(range(3), "a"), *urls(range(10, 13), "b")])
    await collect(run(blocks, client, rate=0.5))
    assert client.times == {"/0": [0], "/1": [2], "/2": [4], "/10": [0], "/11": [2], "/12": [4]}


@in_no_time
async def test_one_host_has_no_more_in_flight_than_its_share() -> None:
    in_flight: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def answer(url: Url, _: str) -> Outcome:
        in_flight[url.host] += 1
        most[url.host] = max(most[url.host], in_flight[url.host])
        await asyncio.sleep(1)
        in_flight[url.host] -= 1
        return respond(url)

    await collect(run(Blocks([*urls(range(20), "a"), *urls(range(20), "b")]), Client(answer), per_host=3))
    assert most == {"a": 3, "b": 3}


@in_no_time
async def test_a_slow_host_at_the_head_of_a_list_holds_nobody_up() -> None:
    async def answer(url: Url, method: str) -> Outcome:
        return await (take_an_hour if url.host == "slow" else ok)(url, method)

    client = Client(answer)
    blocks = Blocks(urls(range(1000), "slow"), urls(range(1000, 2000), "fast"))
    checked = run(blocks, client, concurrency=4, per_host=3, deadline=7200)
    await collect(checked)
    assert {tuple(client.times[f"/{number}"]) for number in range(1000, 2000)} == {(0.0,)}


@in_no_time
async def test_the_client_is_told_whether_a_connection_is_of_further_use() -> None:
    client = Client()
    await collect(run(Blocks(["http://a/1", "http://b/1", "http://a/2"]), client, concurrency=1))
    assert list(zip(client.asked, client.kept, strict=True)) == [("GET /1", True), ("GET /1", False), ("GET /2", False)]


# --- HEAD ---


@pytest.mark.parametrize(
    ("head", "get", "asked", "verdict"),
    [
        (200, 200, ["HEAD /"], Verdict.OK),
        (405, 200, ["HEAD /", "GET /"], Verdict.OK),
        (404, 404, ["HEAD /", "GET /"], Verdict.STATUS),
        (None, 200, ["HEAD /", "GET /"], Verdict.OK),
    ],
    ids=["passes", "is not allowed", "is right", "gets no answer"],
)
@in_no_time
async def test_a_head_that_does_not_pass_is_confirmed_by_a_get(
    head: int | None, get: int, asked: list[str], verdict: Verdict
) -> None:
    client = Client(by_method(head, get))
    [result] = await collect(run(Blocks(["http://host/"]), client, method="HEAD"))
    assert (client.asked, result.verdict, result.attempts) == (asked, verdict, 1)  # to confirm is no retry


def by_method(head: int | None, get: int) -> Answer:
    """Another status for HEAD than for GET; None is no answer at all."""

    async def answer(url: Url, method: str) -> Outcome:
        status = head if method == "HEAD" else get
        return respond(url, status) if status else FOR_GOOD

    return answer


@in_no_time
async def test_a_host_that_answered_a_get_otherwise_is_asked_with_get_from_then_on() -> None:
    client = Client(by_method(405, 200))
    await collect(run(Blocks(["http://a/1", "http://a/2", "http://b/3"]), client, method="HEAD", concurrency=1, per_host=1))
    assert sorted(client.asked) == ["GET /1", "GET /2", "GET /3", "HEAD /1", "HEAD /3"]


@in_no_time
async def test_a_host_whose_get_confirmed_the_head_is_still_asked_with_head() -> None:
    client = Client(by_method(404, 404))
    await collect(run(Blocks(urls([1, 2])), client, method="HEAD", concurrency=1))
    assert client.asked == ["HEAD /1", "GET /1", "HEAD /2", "GET /2"]


async def test_a_get_is_not_confirmed() -> None:
    client = Client(Script(gone=[404]))
    await collect(run(Blocks(["http://host/gone"]), client))
    assert client.asked == ["GET /gone"]


# --- bounds ---


@in_no_time
async def test_as_many_requests_are_in_flight_as_allowed_and_no_more() -> None:
    all_places_taken = asyncio.Barrier(3)
    in_flight: set[str] = set()
    most = 0

    async def answer(url: Url, _: str) -> Outcome:
        nonlocal most
        in_flight.add(url.target)
        most = max(most, len(in_flight))
        await all_places_taken.wait()
        in_flight.remove(url.target)
        return respond(url)

    await collect(run(Blocks(urls(range(9))), Client(answer), concurrency=3))
    assert most == 3


@in_no_time
async def test_a_slow_consumer_holds_the_workers_back() -> None:
    client = Client()
    taken = 0
    async for _ in run(Blocks(urls(range(1000))), client, concurrency=4).results():
        taken += 1
        assert len(client.asked) - taken <= 3 * 4


@pytest.mark.parametrize(("concurrency", "window"), [(1, 10_000), (2000, 16_000)])
@in_no_time
async def test_a_source_is_read_as_far_ahead_as_the_window_and_no_further(concurrency: int, window: int) -> None:
    blocks = Blocks.without_end("http://host{}/")
    consumer = asyncio.create_task(collect(run(blocks, Client(take_an_hour), bounds=Bounds(), concurrency=concurrency)))
    await asyncio.sleep(60)  # everything has come to rest
    assert window <= blocks.blocks_read <= window + concurrency + 100  # the block with which the window was full
    consumer.cancel()


@in_no_time
async def test_a_host_with_more_urls_than_the_window_holds_does_not_keep_others_from_being_asked() -> None:
    async def answer(url: Url, _: str) -> Outcome:
        return await take_an_hour(url, _) if url.host == "slow" else respond(url)

    slow = [urls(range(100), "slow")] * (2 * WINDOW // 100)
    async with aclosing(run(Blocks(*slow, urls(range(100), "quick")), Client(answer), concurrency=50).results()) as results:
        checked = [(await anext(results)).target.url for _ in range(100)]
    assert sorted(checked) == sorted(urls(range(100), "quick"))


@in_no_time
async def test_one_endless_host_is_read_further_ahead_but_not_without_end() -> None:
    blocks = Blocks.without_end("http://host/{}")
    consumer = asyncio.create_task(collect(run(blocks, Client(take_an_hour))))
    await asyncio.sleep(60)
    assert 5 * WINDOW <= blocks.blocks_read <= 5 * WINDOW + 10 + 100
    consumer.cancel()


@in_no_time
async def test_long_urls_are_read_less_far_ahead() -> None:
    blocks = Blocks.without_end("http://host/{}/" + "long" * 15_000, size=10)
    consumer = asyncio.create_task(collect(run(blocks, Client(take_an_hour))))
    await asyncio.sleep(60)
    most = Bounds().text
    assert most < blocks.blocks_read * 60_000 < most + 2_000_000
    consumer.cancel()


@pytest.mark.parametrize(
    ("method", "step", "asked"),
    [
        ("GET", 500, 5),
        ("POST", 500, 1),
        ("POST", 404, 1),
        ("POST", TIMEOUT, 5),
        ("POST", 503, 5),
        ("POST", replace(FAILURE, kind=FailureKind.DNS, transient=False), 5),
    ],
)
@in_no_time
async def test_what_is_waited_for_is_not_done_twice(method: str, step: Step, asked: int) -> None:
    client = Client(Script(late=[step] * 4 + [200]))
    [_] = await collect(run(Blocks(["http://host/late"]), client, wait=60.0, method=method))
    assert client.asked == [f"{method} /late"] * asked


@pytest.mark.parametrize("retries", [0, 1])
@in_no_time
async def test_an_endless_list_of_dead_urls_is_never_held_as_a_whole(retries: int) -> None:
    async def fail(_: Url, __: str) -> Outcome:
        return TIMEOUT

    blocks = Blocks.without_end("http://host{}/")
    held = []
    checked = run(blocks, Client(fail), bounds=Bounds(window=WINDOW, further=1), concurrency=50, retries=retries)
    async with aclosing(checked.results()) as results:
        for taken in range(2000):
            await anext(results)
            held.append(blocks.blocks_read - taken)
    assert WINDOW <= max(held) <= WINDOW + 2 * 50 + 100  # the window, the workers with a result each to come, and a block


@in_no_time
async def test_a_slow_consumer_holds_the_reading_of_an_invalid_list_back() -> None:
    blocks = Blocks.without_end("ftp://host{}/")
    async with aclosing(run(blocks, Client()).results()) as results:
        await anext(results)
        await asyncio.sleep(60)
        assert blocks.blocks_read <= 2 * WINDOW + 3 * 100  # a window that waits, and one in the consumer's hands


# --- an end before the end ---


class Held:
    """Answers `/done…` at once and everything else never; knows when something is held, and when it was let go."""

    def __init__(self) -> None:
        self.holds = asyncio.Event()
        self.let_go: list[str] = []

    async def __call__(self, url: Url, _: str) -> Outcome:
        if url.target.startswith("/done"):
            return respond(url)
        self.holds.set()
        try:
            return await asyncio.Future()
        except asyncio.CancelledError:
            self.let_go.append(url.target)
            raise


async def stop_when_held(blocks: Blocks, concurrency: int) -> list[Result]:
    held = Held()
    stopped = run(blocks, Client(held), concurrency=concurrency)
    consumer = asyncio.create_task(collect(stopped))
    await held.holds.wait()
    stopped.stop()
    return await consumer


async def test_a_stop_keeps_what_is_finished_and_leaves_the_rest_unchecked() -> None:
    results = await stop_when_held(Blocks(["http://host/done", "http://host/held", "http://host/waiting"]), concurrency=1)
    assert verdicts(results) == {
        "http://host/done": Verdict.OK,
        "http://host/held": Verdict.UNCHECKED,
        "http://host/waiting": Verdict.UNCHECKED,
    }


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([3], id="read by the engine"),
        pytest.param([2, 1], id="read by the engine, block by block"),
        pytest.param([WINDOW + 2, 2, 1], id="read by the engine and its source"),
    ],
)
async def test_after_a_stop_what_was_read_comes_out_once(sizes: list[int]) -> None:
    results = await stop_when_held(Blocks(*map(urls, map(range, sizes))), concurrency=1)
    assert sorted(result.target.index for result in results) == list(range(sum(sizes)))
    assert {result.verdict for result in results} == {Verdict.UNCHECKED}


async def test_after_a_stop_a_source_that_breaks_takes_no_result_with_it() -> None:
    held = Held()
    stopped = run(Blocks(urls(range(WINDOW + 2)), urls(range(5)), InputError("broken")), Client(held), concurrency=1)
    results = stopped.results()
    first = asyncio.create_task(anext(results))
    await held.holds.wait()
    stopped.stop()
    await first
    for _ in range(WINDOW + 6):
        await anext(results)
    with pytest.raises(InputError, match="broken"):
        await anext(results)


async def test_a_stop_says_so_of_what_it_leaves() -> None:
    [result] = await stop_when_held(Blocks(["http://host/held"]), concurrency=1)
    assert "interrupted" in result.detail
    assert (result.ok, result.outcome, result.attempts) == (False, None, 0)


async def test_a_stop_leaves_what_is_invalid_invalid() -> None:
    results = await stop_when_held(Blocks(["http://host/held", "ftp://host/"]), concurrency=1)
    assert verdicts(results)["ftp://host/"] is Verdict.INVALID


async def test_a_stop_stops_the_source() -> None:
    blocks = Blocks(["http://host/held"])
    await stop_when_held(blocks, concurrency=1)
    assert blocks.stopped


@in_no_time
async def test_a_stop_reports_the_last_verdict_that_is_known() -> None:
    client = Client(Script(flaky=[503, 200], busy=[asks_for_a_pause(60)]))
    stopped = run(Blocks(["http://a/flaky", "http://b/busy", "http://b/waits"]), client, concurrency=2, per_host=1)
    asyncio.get_running_loop().call_later(0.25, stopped.stop)
    results = await collect(stopped)
    assert {result.target.url: (result.verdict, result.attempts) for result in results} == {
        "http://a/flaky": (Verdict.STATUS, 1),
        "http://b/busy": (Verdict.RATE_LIMITED, 1),
        "http://b/waits": (Verdict.UNCHECKED, 0),
    }


@in_no_time
async def test_a_stop_in_the_second_attempt_reports_the_verdict_of_the_first() -> None:
    async def answer(url: Url, method: str) -> Outcome:
        return await take_an_hour(url, method) if now() else respond(url, 503)

    stopped = run(Blocks(["http://host/"]), Client(answer))
    asyncio.get_running_loop().call_later(60, stopped.stop)
    [result] = await collect(stopped)
    assert (result.verdict, result.attempts) == (Verdict.STATUS, 1)


@in_no_time
async def test_what_had_no_attempt_for_want_of_descriptors_is_unchecked_after_a_stop() -> None:
    stopped = run(Blocks(["http://host/short"]), Client(Script(short=[SHORTAGE])), concurrency=1)
    asyncio.get_running_loop().call_later(1, stopped.stop)
    [result] = await collect(stopped)
    assert (result.verdict, result.attempts) == (Verdict.UNCHECKED, 0)


@in_no_time
async def test_what_is_stopped_before_it_has_begun_asks_nothing() -> None:
    client, settings = Client(), Settings()
    engine = Engine([Check(settings, client)], settings)
    engine.submit([make_target("http://host/", index=index) for index in range(3)])
    engine.stop("no time")
    results = [result async for batch in engine.results() for result in batch]
    assert [(result.verdict, result.detail) for result in results] == [(Verdict.UNCHECKED, "no time")] * 3
    assert client.asked == []


# --- the deadline ---


@in_no_time
async def test_a_deadline_ends_a_run_with_what_is_known() -> None:
    answers: dict[str, Answer] = {"/done": ok, "/busy": Script(busy=[asks_for_a_pause(60)])}

    async def answer(url: Url, method: str) -> Outcome:
        return await answers.get(url.target, take_an_hour)(url, method)

    blocks = Blocks(["http://a/done", "http://b/busy", "http://c/held", "http://c/waits"])
    results = await collect(run(blocks, Client(answer), per_host=1, deadline=30))
    assert {result.target.url: (result.verdict, result.detail) for result in results} == {
        "http://a/done": (Verdict.OK, "200 OK"),
        "http://b/busy": (Verdict.RATE_LIMITED, "429 OK"),
        "http://c/held": (Verdict.UNCHECKED, "past the deadline"),
        "http://c/waits": (Verdict.UNCHECKED, "past the deadline"),
    }
    assert now() == 30


@in_no_time
async def test_a_deadline_ends_the_reading() -> None:
    blocks = Blocks.without_end("http://host{}/")
    results = await collect(run(blocks, Client(take_an_hour), deadline=30))
    assert sorted(result.target.index for result in results) == list(range(blocks.blocks_read))


@in_no_time
async def test_a_run_that_is_finished_waits_for_no_deadline() -> None:
    finished = run(Blocks(["http://host/"]), Client(), deadline=3600)
    [result] = await collect(finished)
    assert (result.verdict, now()) == (Verdict.OK, 0)
    await asyncio.sleep(7200)
    assert finished.interruption is None


async def test_leaving_the_results_early_lets_go_of_what_is_in_flight() -> None:
    held = Held()
    results = run(Blocks(["http://host/held", "http://host/done"]), Client(held), concurrency=2).results()
    async with aclosing(results):
        await anext(results)
    assert held.let_go == ["/held"]


# --- want of descriptors ---


@in_no_time
async def test_a_shortage_is_no_attempt_and_no_verdict() -> None:
    client = Client(Script(page=[SHORTAGE, SHORTAGE, 200]))
    [result] = await collect(run(Blocks(["http://host/page"]), client, retries=0))
    assert (result.verdict, result.attempts, len(client.asked)) == (Verdict.OK, 1, 3)


@pytest.mark.parametrize("concurrency", [1, 2, 10])
@in_no_time
async def test_a_run_that_is_always_a_little_short_comes_to_its_end(concurrency: int) -> None:
    in_flight = 0

    async def answer(url: Url, _: str) -> Outcome:
        nonlocal in_flight
        if in_flight >= max(1, concurrency // 2):
            raise SHORTAGE
        in_flight += 1
        await asyncio.sleep(1)
        in_flight -= 1
        return respond(url)

    results = await collect(run(Blocks(urls(range(100))), Client(answer), concurrency=concurrency))
    assert [result.verdict for result in results] == [Verdict.OK] * 100


@in_no_time
async def test_after_a_shortage_fewer_requests_are_in_flight() -> None:
    in_flight, shortages = 0, 0

    async def answer(url: Url, _: str) -> Outcome:
        nonlocal in_flight, shortages
        if in_flight == 5:  # there are descriptors for so many
            shortages += 1
            raise SHORTAGE
        in_flight += 1
        await asyncio.sleep(1)
        in_flight -= 1
        return respond(url)

    await collect(run(Blocks(urls(range(100))), Client(answer), concurrency=8, per_host=8))
    assert 3 <= shortages <= 30  # three at first, and then one for each time that it is tried whether there is more


class Machine:
    """Has enough for so many requests at once, until a time; each takes a fifth of a second."""

    def __init__(self, enough: int, until: float) -> None:
        self.in_flight: dict[float, int] = {}
        self._enough, self._until = enough, until
        self._now = 0

    async def __call__(self, url: Url, _: str) -> Outcome:
        if self._now >= self._enough and now() < self._until:
            raise SHORTAGE
        self._now += 1
        self.in_flight[round(now(), 1)] = self._now
        await asyncio.sleep(0.2)
        self._now -= 1
        return respond(url)


@in_no_time
async def test_a_moment_of_shortage_takes_a_quarter_off_what_is_in_flight() -> None:
    machine = Machine(enough=1, until=0.05)
    await collect(run(Blocks(urls(range(1000))), Client(machine), concurrency=100, per_host=100))
    assert machine.in_flight[0.0] == 1
    assert machine.in_flight[0.1] == 75


@in_no_time
async def test_shortages_that_many_requests_meet_together_take_no_more_off_than_one() -> None:
    begun: Counter[float] = Counter()

    async def answer(url: Url, _: str) -> Outcome:
        begun[round(now(), 2)] += 1
        await asyncio.sleep(0.05)
        if now() < 0.1:
            raise SHORTAGE
        return respond(url)

    await collect(run(Blocks(urls(range(1000))), Client(answer), concurrency=100, per_host=100))
    assert (begun[0.0], begun[0.15]) == (100, 75)


@in_no_time
async def test_after_a_long_shortage_all_of_it_is_back_in_ten_rounds() -> None:
    machine = Machine(enough=5, until=10)
    await collect(run(Blocks(urls(range(5000))), Client(machine), concurrency=256, per_host=256))
    assert max(count for time, count in machine.in_flight.items() if time < 10) == 5
    assert max(count for time, count in machine.in_flight.items() if time < 10 + 10 * 0.2) == 256


@in_no_time
async def test_a_request_that_takes_long_does_not_keep_the_others_from_coming_back() -> None:
    machine = Machine(enough=1, until=0.05)

    async def answer(url: Url, method: str) -> Outcome:
        return await (take_an_hour if url.target == "/0" else machine)(url, method)

    results = run(Blocks(urls(range(10))), Client(answer), concurrency=10).results()
    assert len([await anext(results) for _ in range(9)]) == 9
    assert now() < 1
    await results.aclose()


@in_no_time
async def test_a_run_that_descriptors_hold_back_can_tell() -> None:
    allowance = Allowance()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Allowance, "limit", 20)
        patch.setattr("urlcheck.engine.concurrency_limit.soft_limit", lambda: 50)
        held = run(Blocks(urls(range(100))), Client(take_an_hour), allowance=allowance, concurrency=40, per_host=40)
        await collect(held)
        free = run(Blocks(urls(range(20))), Client(take_an_hour), allowance=allowance, concurrency=40, per_host=40)
        await collect(free)
    assert (held.held_back, free.held_back) == (HeldBack(20, 50), None)
    assert now() == 3600 * (5 + 1)


@in_no_time
async def test_a_run_can_be_limited_while_it_goes_on() -> None:
    limited = run(Blocks(urls(range(100))), Client(take_an_hour), concurrency=10, per_host=10)
    asyncio.get_running_loop().call_later(3600 * 5 - 1, limited._backends[0].set_limit, 5)
    await collect(limited)
    assert now() == 3600 * (5 + 10)


@in_no_time
async def test_a_shortage_is_never_a_verdict_while_others_are_in_flight() -> None:
    async def answer(url: Url, method: str) -> Outcome:
        if url.target == "/short" and now() < 3602:  # it takes a few tries more when it is alone
            raise SHORTAGE
        return await (ok if url.target == "/short" else take_an_hour)(url, method)

    results = await collect(run(Blocks(["http://a/long", "http://b/short"]), Client(answer), concurrency=256))
    assert verdicts(results) == {"http://a/long": Verdict.OK, "http://b/short": Verdict.OK}


@in_no_time
async def test_a_shortage_is_a_failure_where_one_request_alone_has_met_it_many_times() -> None:
    client = Client(Script(short=[SHORTAGE]))
    results = await collect(run(Blocks(["http://host/short", "http://host/good"]), client, concurrency=3))
    assert verdicts(results) == {"http://host/short": Verdict.CONNECT, "http://host/good": Verdict.OK}
    assert len(client.times["/short"]) >= 100


# --- trouble ---


@pytest.mark.parametrize("concurrency", [1, 256])
async def test_a_source_that_breaks_is_an_error_after_the_results(concurrency: int) -> None:
    blocks = Blocks(urls(range(3)), InputError("cannot read list: Input/output error"))
    results = run(blocks, Client(), concurrency=concurrency).results()
    assert [(await anext(results)).target.index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match="cannot read list"):
        await anext(results)


async def test_a_client_that_raises_is_not_swallowed() -> None:
    async def break_down(_: Url, __: str) -> Outcome:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await collect(run(Blocks(urls(range(3))), Client(break_down)))


async def test_a_client_that_raises_lets_go_of_what_is_in_flight() -> None:
    held = Held()

    async def answer(url: Url, method: str) -> Outcome:
        if url.target == "/broken":
            await held.holds.wait()
            raise ZeroDivisionError
        return await held(url, method)

    with pytest.raises(ZeroDivisionError):
        await collect(run(Blocks(["http://host/broken", "http://host/held"]), Client(answer), concurrency=2))
    assert held.let_go == ["/held"]


@in_no_time
async def test_a_client_that_raises_does_not_take_the_finished_results_with_it() -> None:
    async def answer(url: Url, method: str) -> Outcome:
        if url.target == "/broken":
            await asyncio.sleep(1)
            raise ZeroDivisionError
        return await ok(url, method)

    results = run(Blocks(["http://host/broken", *urls(range(20))]), Client(answer)).results()
    assert sorted([(await anext(results)).target.index for _ in range(20)]) == list(range(1, 21))
    with pytest.raises(ZeroDivisionError):
        await anext(results)
