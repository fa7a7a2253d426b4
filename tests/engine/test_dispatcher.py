from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import make_target
from tests.support.clock import in_no_time, now
from urlcheck.engine.dispatcher import Dispatcher
from urlcheck.engine.job import Job
from urlcheck.engine.scheduler import Scheduler
from urlcheck.http.url import parse


class Floor:
    """Workers at a scheduler and its dispatcher, and a log of what was asked when.

    A job's path says what happens to it: `/name/4` takes 4 seconds; `/name/4/30/2` comes back after 30 and takes another 2.
    """

    def __init__(self, workers: int, per_host: int = 10, rate: float | None = None) -> None:
        self.scheduler = Scheduler(now, per_host, rate)
        self.dispatcher = Dispatcher(self.scheduler)
        self.log: list[tuple[float, str]] = []
        self.workers = [asyncio.create_task(self.work()) for _ in range(workers)]

    def add(self, *entries: str) -> None:
        """Add jobs, and wake a worker for them, one for all."""
        for entry in entries:
            url = parse(f"http://{entry}")
            self.scheduler.add(Job(make_target(str(url))))
        self.dispatcher.wake()

    async def work(self) -> None:
        while job := await self.dispatcher.next():
            name, *path = job.url.target.strip("/").split("/")
            self.log.append((now(), name))
            delays = list(map(float, path))
            await asyncio.sleep(delays[2 * job.attempts])
            job.attempts += 1
            if delays[2 * job.attempts :]:
                self.scheduler.retry(job, delays[2 * job.attempts - 1])
            else:
                self.scheduler.done(job)

    async def until_finished(self) -> None:
        self.dispatcher.close()
        await asyncio.gather(*self.workers)


async def settle() -> None:
    """Let everybody come to rest; no other timer is as short."""
    await asyncio.sleep(0.001)


@in_no_time
async def test_a_job_that_is_there_is_handed_out_at_once() -> None:
    floor = Floor(workers=1)
    floor.add("host/job/0")
    await floor.until_finished()
    assert floor.log == [(0, "job")]


@in_no_time
async def test_a_waiting_worker_is_woken_for_a_job() -> None:
    floor = Floor(workers=1)
    await asyncio.sleep(5)
    floor.add("host/job/0")
    await floor.until_finished()
    assert floor.log == [(5, "job")]


@in_no_time
async def test_a_waiting_worker_is_woken_when_a_retry_may_be_asked() -> None:
    floor = Floor(workers=1)
    floor.add("host/job/0/30/0")
    await floor.until_finished()
    assert floor.log == [(0, "job"), (30, "job")]


@in_no_time
async def test_a_waiting_worker_is_woken_when_a_host_may_be_asked_again() -> None:
    floor = Floor(workers=2, rate=0.5)
    floor.add("host/1/0", "host/2/0", "host/3/0")
    await floor.until_finished()
    assert floor.log == [(0, "1"), (2, "2"), (4, "3")]


@in_no_time
async def test_workers_that_wait_are_all_woken_at_the_end() -> None:
    floor = Floor(workers=5)
    await settle()
    await floor.until_finished()  # and does not stand still
    assert floor.log == []


@in_no_time
async def test_nobody_leaves_while_a_job_in_flight_may_come_back() -> None:
    floor = Floor(workers=2)
    floor.add("host/returns/10/20/0")
    await settle()
    floor.dispatcher.close()
    await asyncio.sleep(5)
    assert not any(worker.done() for worker in floor.workers)
    await asyncio.sleep(10)
    assert not any(worker.done() for worker in floor.workers)
    await floor.until_finished()
    assert floor.log == [(0, "returns"), (30, "returns")]


@in_no_time
async def test_one_call_is_enough_for_several_jobs_and_several_workers() -> None:
    floor = Floor(workers=3)
    await settle()
    floor.add("a/1/10", "a/2/10", "b/3/10")
    await floor.until_finished()
    assert sorted(name for _, name in floor.log) == ["1", "2", "3"]
    assert {time for time, _ in floor.log} == {0.001}


@in_no_time
async def test_retries_that_are_due_together_are_asked_together() -> None:
    floor = Floor(workers=3)
    floor.add(*(f"host/{number}/0/10/50" for number in range(3)))
    await floor.until_finished()
    assert [time for time, _ in floor.log] == [0, 0, 0, 10, 10, 10]


@pytest.mark.parametrize("elsewhere", ["", "a/late/0/100/0"], ids=["without a timer", "with a later timer"])
@in_no_time
async def test_an_idle_worker_sees_to_a_job_whose_own_worker_took_a_long_one(elsewhere: str) -> None:
    floor = Floor(workers=2)
    if elsewhere:
        floor.add(elsewhere)
    await asyncio.sleep(1)
    floor.add("b/returns/1/4/0")
    await asyncio.sleep(0.5)  # one works, one is idle
    floor.scheduler.add(Job(make_target("http://c/long/1000")))  # for the one that gives its job back
    await floor.until_finished()
    assert (6, "returns") in floor.log


@in_no_time
async def test_a_worker_that_becomes_idle_sees_to_what_was_given_back_before() -> None:
    floor = Floor(workers=2)
    floor.add("a/returns/1/4/0", "b/busy/2")
    await settle()
    floor.scheduler.add(Job(make_target("http://c/long/1000")))
    await floor.until_finished()
    assert (5, "returns") in floor.log


@in_no_time
async def test_a_worker_that_went_away_is_not_woken_in_the_place_of_another() -> None:
    floor = Floor(workers=2)
    await settle()
    floor.workers[0].cancel()
    floor.add("host/job/0")
    floor.dispatcher.close()
    await floor.workers[1]
    assert floor.log == [(0.001, "job")]


@pytest.mark.parametrize("workers", [1, 2, 7])
@in_no_time
async def test_few_workers_do_everything(workers: int) -> None:
    floor = Floor(workers, per_host=2, rate=10)
    floor.add(*(f"{host}/{host}{number}/3/1/2/4/1" for host in "abc" for number in range(10)))
    await floor.until_finished()
    assert sorted(name for _, name in floor.log) == sorted([f"{host}{n}" for host in "abc" for n in range(10)] * 3)


halves = st.integers(0, 20).map(lambda number: number / 2)
plans = st.lists(st.tuples(halves, st.sampled_from("ab"), st.lists(halves, min_size=1, max_size=7)), min_size=1, max_size=12)


def foresee(plan: Iterable[tuple[float, str, list[float]]]) -> list[tuple[float, str]]:
    """When each job is asked where nobody has to wait for a worker."""
    expected = []
    for number, (time, _, delays) in enumerate(plan):
        asked = time
        expected.append((asked, str(number)))
        for at in range(2, len(delays), 2):
            asked += delays[at - 2] + delays[at - 1]
            expected.append((asked, str(number)))
    return sorted(expected)


@settings(deadline=None)
@given(plan=plans)
def test_where_there_are_workers_to_spare_nothing_is_late(plan: list[tuple[float, str, list[float]]]) -> None:
    @in_no_time
    async def run() -> None:
        floor = Floor(workers=len(plan) + 1, per_host=100)
        for number, (time, host, delays) in sorted(enumerate(plan), key=lambda entry: entry[1][0]):
            await asyncio.sleep(time - now())
            odd = delays if len(delays) % 2 else delays[:-1]
            floor.add(f"{host}/{number}/{'/'.join(map(str, odd))}")
        await floor.until_finished()
        assert sorted(floor.log) == foresee(plan)

    run()
