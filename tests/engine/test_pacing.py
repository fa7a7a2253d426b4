"""Runs against servers that limit their load, under a clock that needs no time; `tests/interop` has a real one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engine.test_engine import Blocks, Client, collect, respond, run, urls
from tests.support.clock import in_no_time, now
from urlcheck.engine.job import Job
from urlcheck.engine.pacing import MOST_FORGIVEN, Pace
from urlcheck.http.url import Url
from urlcheck.model.outcome import Outcome
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.policy.overload import Overload

Admit = Callable[[], bool]


@pytest.fixture(autouse=True)
def steady_jitter() -> Iterator[None]:
    before = random.getstate()
    random.seed(10)
    yield
    random.setstate(before)


def leaky_bucket(rate: float, burst: int = 0) -> Admit:
    """As nginx's `limit_req` with `nodelay`: what is rejected takes nothing from the bucket."""
    excess, last = -1.0, 0.0

    def admit() -> bool:
        nonlocal excess, last
        level = max(0.0, excess - (now() - last) * rate + 1)
        if level > burst + 1e-6:
            return False
        excess, last = level, now()
        return True

    return admit


def fixed_window(requests: int, seconds: float) -> Admit:
    """As many web APIs: so many requests a window, what is rejected included."""
    seen: Counter[int] = Counter()

    def admit() -> bool:
        window = int(now() // seconds)
        seen[window] += 1
        return seen[window] <= requests

    return admit


class Limited:
    """A server that answers in a tenth of a second what it admits, and rejects the rest at once."""

    def __init__(self, admit: Admit, status: int = 429, connections: int = 1000, **headers: str) -> None:
        self.rejected = self.in_flight = 0
        self._admit = admit
        self._status = status
        self._connections = connections
        self._headers = headers

    async def __call__(self, url: Url, _: str) -> Outcome:
        if self.in_flight >= self._connections or not self._admit():
            self.rejected += 1
            return respond(url, self._status, **self._headers)
        self.in_flight += 1
        await asyncio.sleep(0.1)
        self.in_flight -= 1
        return respond(url)


def always() -> bool:
    return True


def never() -> bool:
    return False


def worst(results: list[Result]) -> set[Verdict]:
    return {result.verdict for result in results}


# --- limits that are found ---


@pytest.mark.parametrize(
    ("server", "count", "seconds"),
    [
        pytest.param(lambda: Limited(leaky_bucket(5)), 60, 20, id="5 a second"),
        pytest.param(lambda: Limited(leaky_bucket(5), 503), 60, 20, id="5 a second, as nginx says it"),
        pytest.param(lambda: Limited(leaky_bucket(5, burst=5)), 60, 25, id="5 a second with a burst"),
        pytest.param(lambda: Limited(leaky_bucket(5, burst=50)), 300, 80, id="5 a second with a large burst"),
        pytest.param(lambda: Limited(leaky_bucket(1, burst=20), 503), 150, 180, id="1 a second with a burst"),
        pytest.param(lambda: Limited(leaky_bucket(100)), 1000, 30, id="100 a second"),
        pytest.param(lambda: Limited(leaky_bucket(0.5), 503), 60, 200, id="30 a minute"),
        pytest.param(lambda: Limited(leaky_bucket(0.1), 503), 30, 600, id="6 a minute"),
        pytest.param(lambda: Limited(leaky_bucket(5), Retry_After="1"), 60, 40, id="with a Retry-After that is too short"),
        pytest.param(lambda: Limited(leaky_bucket(5, burst=5), Retry_After="1"), 100, 40, id="with a Retry-After and a burst"),
        pytest.param(lambda: Limited(fixed_window(60, 60)), 200, 400, id="60 in a minute"),
        pytest.param(lambda: Limited(fixed_window(100, 10), 503), 500, 120, id="100 in 10 seconds"),
        pytest.param(lambda: Limited(always, 503, connections=2), 100, 20, id="2 connections"),
    ],
)
@in_no_time
async def test_the_whole_list_of_a_limited_host_passes(server: Callable[[], Limited], count: int, seconds: float) -> None:
    limited = server()
    results = await collect(run(Blocks(urls(range(count))), Client(limited)))
    assert worst(results) == {Verdict.OK}
    assert now() < seconds
    assert limited.rejected < count / 2


@in_no_time
async def test_a_limited_host_holds_up_no_other() -> None:
    limited = Limited(leaky_bucket(1))

    async def answer(url: Url, method: str) -> Outcome:
        return await limited(url, method) if url.host == "limited" else respond(url)

    blocks = Blocks(urls(range(30), "limited"), urls(range(30, 60), "other"))
    times = {result.target.url: now() async for result in run(blocks, Client(answer)).results()}
    assert {times[url] for url in urls(range(30, 60), "other")} == {0}


@in_no_time
async def test_attempts_are_the_requests_that_were_made() -> None:
    client = Client(Limited(leaky_bucket(5)))
    results = await collect(run(Blocks(urls(range(60))), client))
    assert {result.target.url: result.attempts for result in results} == {
        f"http://host{path}": len(times) for path, times in client.times.items()
    }


@in_no_time
async def test_a_host_whose_limit_is_lifted_is_asked_faster_again() -> None:
    bucket = leaky_bucket(1)
    client = Client(Limited(lambda: now() > 60 or bucket()))
    await collect(run(Blocks(urls(range(2000))), client))
    assert now() < 180


@in_no_time
async def test_a_host_over_http_that_redirects_to_https_is_slowed() -> None:
    limited = Limited(leaky_bucket(5))

    async def answer(url: Url, method: str) -> Outcome:
        return await limited(Url("https", f"www.{url.host}", 443, url.target), method)

    assert worst(await collect(run(Blocks(urls(range(60))), Client(answer)))) == {Verdict.OK}


@pytest.mark.parametrize("options", [{"rate": 8.0}, {"per_host": 1}, {"wait": 60.0}, {"method": "HEAD"}, {"retries": 1}])
@in_no_time
async def test_a_limit_is_found_under_other_options_too(options: dict[str, Any]) -> None:
    results = await collect(run(Blocks(urls(range(60))), Client(Limited(leaky_bucket(5))), **options))
    assert worst(results) == {Verdict.OK}
    assert now() < 40


# --- what a limit is not taken for ---


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("count", [1, 10, 1000])
@in_no_time
async def test_a_host_that_rejects_everything_ends_after_its_retries(count: int, status: int) -> None:
    client = Client(Limited(never, status))
    results = await collect(run(Blocks(urls(range(count))), client))
    assert {result.verdict for result in results} == {Verdict.RATE_LIMITED if status == 429 else Verdict.STATUS}
    assert {result.attempts for result in results} == {3}
    assert now() < 15


@pytest.mark.parametrize("status", [429, 503])
@in_no_time
async def test_a_host_that_passes_requests_and_then_none_ends_after_a_minute_or_two(status: int) -> None:
    passing = [True] * 100
    results = await collect(run(Blocks(urls(range(1000))), Client(Limited(lambda: bool(passing and passing.pop()), status))))
    assert Counter(result.ok for result in results) == {True: 100, False: 900}
    assert now() < 120


@pytest.mark.parametrize("count", [10, 100, 1000])
@in_no_time
async def test_a_url_that_alone_is_rejected_ends_and_the_others_pass(count: int) -> None:
    good, bad = Limited(always), Limited(never, 503)

    async def answer(url: Url, method: str) -> Outcome:
        return await (bad if url.target == "/5" else good)(url, method)

    results = await collect(run(Blocks(urls(range(count))), Client(answer)))
    failed = [result for result in results if not result.ok]
    assert [result.target.url for result in failed] == ["http://host/5"]
    assert 3 <= failed[0].attempts <= 3 + MOST_FORGIVEN
    assert now() < 15 + count / 50


@pytest.mark.parametrize("percent", [5, 60])
@in_no_time
async def test_a_host_with_many_urls_that_are_rejected_is_not_slowed_for_ever(percent: int) -> None:
    good, bad = Limited(always), Limited(never, 503)
    rejected = {f"/{number}" for number in random.sample(range(1000), 10 * percent)}

    async def answer(url: Url, method: str) -> Outcome:
        return await (bad if url.target in rejected else good)(url, method)

    results = await collect(run(Blocks(urls(range(1000))), Client(answer)))
    assert sum(result.ok for result in results) == 1000 - 10 * percent
    assert now() < 600


@in_no_time
async def test_without_retries_a_rejection_is_final_and_the_host_is_slowed() -> None:
    client = Client(Limited(leaky_bucket(5)))
    results = await collect(run(Blocks(urls(range(60))), client, retries=0))
    assert {result.attempts for result in results} == {1}
    assert Counter(result.ok for result in results)[True] > 40


@in_no_time
async def test_the_deadline_ends_a_run_with_a_slowed_host() -> None:
    results = await collect(run(Blocks(urls(range(60))), Client(Limited(leaky_bucket(0.5))), deadline=20))
    assert now() == 20
    assert worst(results) == {Verdict.OK, Verdict.RATE_LIMITED, Verdict.UNCHECKED}


# --- the pace alone ---


def make_job(*, sent: int = 0) -> Job:
    job = Job.__new__(Job)
    job.episode, job.forgiven = sent, 0
    return job


REJECTION = Overload(retry_after=0.0, give_up_after=60.0)


def test_rejections_of_one_moment_slow_a_host_once() -> None:
    pace = Pace(0, 10, has_passed=True)
    for _ in range(10):
        pace.reject(make_job(), REJECTION, 0, 10)
    assert (pace.interval, pace.share, pace.episode) == (1, 7, 1)


def test_the_pauses_of_rejections_in_a_row_double_up_to_half_a_minute() -> None:
    pace = Pace(0, 10, has_passed=True)
    pauses: list[float] = []
    for _ in range(8):
        pauses.append(pace.reject(make_job(sent=pace.episode), REJECTION, sum(pauses) / 10, 1))
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_rejection_is_forgiven_when_a_later_request_passes() -> None:
    pace, rejected = Pace(0, 10, has_passed=True), make_job()
    pace.reject(rejected, REJECTION, 0, 2)
    pace.accept(make_job(), 0)  # which was in flight beside it
    assert rejected.forgiven == 0
    pace.accept(make_job(sent=1), 1)
    assert rejected.forgiven == 1
    pace.accept(make_job(sent=1), 2)
    assert rejected.forgiven == 1


def test_a_job_is_forgiven_so_many_times_and_no_more() -> None:
    pace, rejected = Pace(0, 10, has_passed=True), make_job()
    for second in range(MOST_FORGIVEN * 2):
        rejected.episode = pace.episode
        pace.reject(rejected, REJECTION, second, 1)
        for _ in range(5):
            pace.accept(make_job(sent=pace.episode), second)
    assert rejected.forgiven == MOST_FORGIVEN


@pytest.mark.parametrize(("rejected", "is_given_up"), [(0.05, False), (0.2, True)])
def test_a_host_that_rejects_requests_within_its_limit_is_no_longer_slowed(rejected: float, is_given_up: bool) -> None:  # noqa: FBT001
    pace, clock = Pace(0, 10, has_passed=True), 0.0
    pace.reject(make_job(), REJECTION, 0, 10)
    for _ in range(1000):
        clock += pace.interval or 0.01
        job = make_job(sent=pace.episode)
        if random.random() < rejected:
            clock += pace.reject(job, REJECTION, clock, 1)
        else:
            pace.accept(job, clock)
    assert pace._is_futile == is_given_up


def test_a_retry_after_that_suffices_pauses_a_host_and_does_not_slow_it() -> None:
    pace = Pace(0, 10, has_passed=True)
    assert pace.reject(make_job(), Overload(20.0, 60.0), 0, 10) == 20
    assert (pace.is_slow, pace.share) == (False, 10)


def test_a_retry_after_that_does_not_suffice_slows_a_host() -> None:
    pace = Pace(0, 10, has_passed=True)
    pace.reject(make_job(), Overload(20.0, 60.0), 0, 10)
    pace.accept(make_job(sent=1), 20)
    assert pace.reject(make_job(sent=1), Overload(20.0, 60.0), 20, 10) == 20
    assert (pace.is_slow, pace.share) == (True, 7)


def test_a_host_that_recovers_after_its_pace_was_given_up_begins_slowly() -> None:
    pace = Pace(0, 10, has_passed=False)
    for second in range(3):
        pace.reject(make_job(sent=pace.episode), REJECTION, second, 10)
    assert (pace.is_slow, pace.share) == (False, 10)
    pace.accept(make_job(sent=pace.episode), 10)
    assert pace.interval == 1
