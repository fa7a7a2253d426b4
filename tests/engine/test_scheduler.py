from __future__ import annotations

import gc
import itertools
import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.builders import make_target
from urlcheck.engine.job import Host, Job
from urlcheck.engine.scheduler import Scheduler
from urlcheck.policy.overload import Overload


class Clock:
    """Stands still until it is told to go on; with `then`, it goes on to there once it has been read."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.then = 0.0

    def __call__(self) -> float:
        now, self.now = self.now, max(self.now, self.then)
        return now


class TickingClock(Clock):
    """Goes on whenever it is read, as a real one does."""

    def __call__(self) -> float:
        self.now += 2**-20
        return self.now


_numbers = itertools.count()


def make_job(host: str = "host") -> Job:
    url = f"http://{host}/{next(_numbers)}"
    return Job(make_target(url))


def add(scheduler: Scheduler, *hosts: str) -> list[Job]:
    """A job for every host that is named."""
    jobs = [make_job(host) for host in hosts]
    for job in jobs:
        scheduler.add(job)
    return jobs


def take(scheduler: Scheduler) -> Job:
    """The next job, which there must be."""
    job = scheduler.next()
    assert job is not None
    return job


def reject(scheduler: Scheduler, job: Job, retry_after: float = 0.0) -> None:
    """The job's host rejects it."""
    scheduler.reject(job, Overload(retry_after, give_up_after=60.0))


def pause(scheduler: Scheduler, job: Job, seconds: float) -> None:
    """The job's host demands a pause, which suffices."""
    reject(scheduler, job, retry_after=seconds)


def take_all(scheduler: Scheduler) -> list[Job]:
    """Every job that may be asked now; all of them are in flight then."""
    return list(iter(scheduler.next, None))


def hosts(jobs: Iterable[Job]) -> list[str]:
    return [job.url.host for job in jobs]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scheduler(clock: Clock) -> Scheduler:
    return Scheduler(clock, per_host=100)


# --- turns ---


def test_hosts_take_turns_however_the_list_is_sorted(scheduler: Scheduler) -> None:
    add(scheduler, "a", "a", "a", "b", "b", "c")
    assert hosts(take_all(scheduler)) == ["a", "b", "c", "a", "b", "a"]


def test_the_jobs_of_one_host_keep_their_order(scheduler: Scheduler) -> None:
    jobs = add(scheduler, "a", "a", "a")
    assert take_all(scheduler) == jobs


def test_a_host_that_comes_late_is_asked_after_those_that_wait_and_before_any_of_them_twice(scheduler: Scheduler) -> None:
    add(scheduler, "a", "a", "b", "b")
    first = take(scheduler)
    add(scheduler, "late")
    assert hosts([first, *take_all(scheduler)]) == ["a", "b", "a", "late", "b"]


@pytest.mark.parametrize("other", ["https://host/", "http://host:81/", "http://www.host/"])
def test_scheme_name_and_port_make_a_host(clock: Clock, other: str) -> None:
    scheduler = Scheduler(clock, per_host=1)
    add(scheduler, "host")
    scheduler.add(Job(make_target(other)))
    assert len(take_all(scheduler)) == 2


# --- per host ---


def test_no_more_jobs_of_a_host_are_in_flight_than_it_may_have(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=2)
    add(scheduler, "a", "a", "a", "b")
    assert hosts(take_all(scheduler)) == ["a", "b", "a"]


@pytest.mark.parametrize("end", [Scheduler.done, lambda scheduler, job: scheduler.retry(job, 60)], ids=["done", "retry"])
def test_a_place_that_becomes_free_is_taken(clock: Clock, end: Callable[[Scheduler, Job], None]) -> None:
    scheduler = Scheduler(clock, per_host=1)
    first, second = add(scheduler, "a", "a")
    assert take_all(scheduler) == [first]
    end(scheduler, first)
    assert take_all(scheduler) == [second]


def test_no_more_jobs_are_in_flight_than_its_limit_also_where_it_is_lowered(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=100, limit=3)
    add(scheduler, *"abcdefg")
    a, b, c = take_all(scheduler)
    scheduler.limit = 2
    scheduler.done(a)
    assert take_all(scheduler) == []
    scheduler.done(b)
    assert hosts(take_all(scheduler)) == ["d"]
    assert not scheduler.has_ready()
    scheduler.done(c)
    assert scheduler.has_ready()


# --- rate ---


def test_a_host_with_a_rate_is_asked_at_even_intervals(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=100, rate=4)
    add(scheduler, *["a"] * 4)
    started, times = clock.now, []
    for _ in range(4):
        times += [clock.now - started for _ in take_all(scheduler)]
        clock.now = scheduler.next_time() or clock.now
    assert times == [0, 0.25, 0.5, 0.75]


def test_each_host_has_a_rate_of_its_own(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=100, rate=1)
    add(scheduler, "a", "a", "b", "b")
    assert hosts(take_all(scheduler)) == ["a", "b"]


def test_a_rate_outlives_the_work_that_is_known(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=100, rate=0.1)
    add(scheduler, "a")
    scheduler.done(take(scheduler))
    add(scheduler, "a")
    assert take_all(scheduler) == []
    clock.now += 10
    assert len(take_all(scheduler)) == 1


# --- pauses ---


def test_a_paused_host_is_asked_nothing_until_its_time(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "b")
    pause(scheduler, take(scheduler), 20)
    assert hosts(take_all(scheduler)) == ["b"]
    clock.now += 19.5
    assert take_all(scheduler) == []
    clock.now += 0.5
    assert hosts(take_all(scheduler)) == ["a"]


def test_a_pause_holds_for_jobs_that_come_later(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a")
    job = take(scheduler)
    pause(scheduler, job, 20)
    scheduler.done(job)
    add(scheduler, "a")
    assert take_all(scheduler) == []
    clock.now += 20
    assert len(take_all(scheduler)) == 1


def test_a_shorter_pause_does_not_end_a_longer_one(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "a")
    first, second = take(scheduler), take(scheduler)
    pause(scheduler, first, 20)
    pause(scheduler, second, 1)
    clock.now += 1
    assert take_all(scheduler) == []


def test_a_longer_pause_prolongs_a_shorter_one(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "a")
    first, second = take(scheduler), take(scheduler)
    pause(scheduler, first, 1)
    assert scheduler.next() is None  # the host rests now, until the shorter one ends
    pause(scheduler, second, 20)
    clock.now += 1
    assert take_all(scheduler) == []
    clock.now += 19
    assert len(take_all(scheduler)) == 1


# --- retries ---


def test_a_retry_does_not_come_before_its_time(scheduler: Scheduler, clock: Clock) -> None:
    [job] = add(scheduler, "a")
    scheduler.retry(take(scheduler), 2)
    clock.now += 1.5
    assert scheduler.next() is None
    clock.now += 0.5
    assert scheduler.next() is job


def test_a_job_that_waits_for_its_retry_does_not_hold_up_its_host(scheduler: Scheduler) -> None:
    _, second = add(scheduler, "a", "a")
    scheduler.retry(take(scheduler), 2)
    assert take_all(scheduler) == [second]


def test_retries_come_in_the_order_of_their_times(scheduler: Scheduler, clock: Clock) -> None:
    first, second, third = add(scheduler, "a", "a", "a")
    for job, delay in zip(take_all(scheduler), [3, 1, 2], strict=True):
        scheduler.retry(job, delay)
    clock.now += 3
    assert take_all(scheduler) == [second, third, first]


def test_a_retry_goes_before_what_was_not_asked_yet(scheduler: Scheduler, clock: Clock) -> None:
    first, second, third = add(scheduler, "a", "a", "a")
    assert scheduler.next() is first
    scheduler.retry(first, 1)
    clock.now += 1
    assert take_all(scheduler) == [first, second, third]


def test_it_is_hungry_where_no_host_may_be_asked_and_more_could_be_in_flight(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=1, limit=2)
    add(scheduler, "a", "a")
    assert not scheduler.is_hungry
    scheduler.next()
    assert scheduler.is_hungry
    add(scheduler, "b")
    assert not scheduler.is_hungry
    scheduler.next()
    assert not scheduler.is_hungry


def test_where_jobs_come_back_without_end_they_go_behind_the_others(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=2, retries_first=False)
    first, second, *others = add(scheduler, "host", "host", "host", "host")
    for job in (take(scheduler), take(scheduler)):
        scheduler.retry(job, 1)
    clock.now += 1
    assert take(scheduler) is others[0]
    assert scheduler.next() is others[1]
    for job in others:
        scheduler.done(job)
    assert [take(scheduler), take(scheduler)] == [first, second]


def test_a_retry_respects_a_pause(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a")
    job = take(scheduler)
    pause(scheduler, job, 20)
    scheduler.retry(job, 1)
    clock.now += 19.5
    assert scheduler.next() is None
    clock.now += 0.5
    assert scheduler.next() is job


# --- hosts that are slowed ---


def test_a_rejection_pauses_its_host_and_no_other(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "b")
    job = take(scheduler)
    reject(scheduler, job)
    scheduler.retry(job, 0.0)
    assert hosts(take_all(scheduler)) == ["b"]
    clock.now += 1
    assert len(take_all(scheduler)) == 1


def test_a_rejection_lowers_the_jobs_in_flight_to_its_host(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=10)
    add(scheduler, *["a"] * 30)
    jobs = take_all(scheduler)
    reject(scheduler, jobs[0])
    for job in jobs:
        scheduler.done(job)
    taken = 0
    for _ in range(30):
        clock.now += 10
        taken += len(take_all(scheduler))
    assert taken == 7


def test_a_slowed_host_is_asked_at_even_intervals(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, *["a"] * 10)
    jobs = [take(scheduler), take(scheduler), take(scheduler), take(scheduler)]
    reject(scheduler, jobs[0])
    for job in jobs:
        scheduler.done(job)
    assert scheduler.next() is None
    started, times = clock.now, []
    for _ in range(2):
        clock.now = scheduler.next_time() or clock.now
        times += [clock.now - started for _ in take_all(scheduler)]
    assert times == [1, 2]


def test_a_host_that_passes_what_it_is_sent_is_asked_faster(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, *["a"] * 10)
    rejected = take(scheduler)
    reject(scheduler, rejected)
    scheduler.done(rejected)
    assert scheduler.next() is None
    started, times = clock.now, []
    for _ in range(4):
        clock.now = scheduler.next_time() or clock.now
        job = take(scheduler)
        times.append(clock.now - started)
        scheduler.accept(job)
        scheduler.done(job)
    assert times == [1, 2, 2.5, 2.75]  # an interval begins with the request before it


def test_a_slower_rate_that_the_user_sets_is_kept(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=10, rate=0.1)
    add(scheduler, "a", "a", "a")
    job = take(scheduler)
    reject(scheduler, job)
    scheduler.done(job)
    clock.now += 10
    scheduler.done(take(scheduler))
    assert (scheduler.next(), scheduler.next_time()) == (None, clock.now + 10)


def test_a_rejected_job_comes_back_behind_the_others_of_its_host(scheduler: Scheduler, clock: Clock) -> None:
    first, second, third = add(scheduler, "a", "a", "a")
    assert scheduler.next() is first
    reject(scheduler, first)
    scheduler.retry(first, 1)
    taken = []
    for _ in range(3):
        clock.now += 2
        taken.append(take(scheduler))
        scheduler.done(taken[-1])
    assert taken == [second, third, first]


def test_a_pace_outlives_the_work_that_is_known_for_a_while(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a")
    job = take(scheduler)
    reject(scheduler, job)
    scheduler.done(job)
    clock.now += 9
    add(scheduler, "a", "a")
    assert len(take_all(scheduler)) == 1


def test_a_host_with_a_pace_is_forgotten_in_the_end(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a")
    for job in take_all(scheduler):
        reject(scheduler, job)
        scheduler.done(job)
    clock.now += 12
    assert scheduler.next() is None
    assert (scheduler._hosts, scheduler._paced, scheduler._expiring) == ({}, {}, [])


def test_a_slowed_host_stays_with_its_scheduler(scheduler: Scheduler) -> None:
    add(scheduler, "a", "a", "b")
    job = take(scheduler)
    reject(scheduler, job)
    scheduler.done(job)
    released, kept = scheduler.release()
    assert (hosts(released), kept) == (["b"], {job.url.origin})


def test_hosts_that_are_slowed_are_counted_while_they_have_work(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "b", "b")
    a, _, _, last = take_all(scheduler)
    reject(scheduler, a)
    reject(scheduler, last)
    scheduler.done(last)
    scheduler.done(a)
    clock.now += 5
    assert scheduler.slowed == 2
    for job in [*scheduler._in_flight]:
        if job.url.host == "b":
            scheduler.done(job)
    assert scheduler.slowed == 1


# --- what it says of itself ---


def test_it_knows_what_is_waiting_and_when_it_is_idle(scheduler: Scheduler, clock: Clock) -> None:
    states = [(scheduler.waiting, scheduler.is_idle)]
    add(scheduler, "a")
    states.append((scheduler.waiting, scheduler.is_idle))
    job = take(scheduler)
    states.append((scheduler.waiting, scheduler.is_idle))
    scheduler.retry(job, 1)
    states.append((scheduler.waiting, scheduler.is_idle))
    clock.now += 1
    scheduler.done(take(scheduler))
    states.append((scheduler.waiting, scheduler.is_idle))
    assert states == [(0, True), (1, False), (0, False), (1, False), (0, True)]


def test_without_anything_that_waits_for_its_time_there_is_no_next_time(scheduler: Scheduler) -> None:
    add(scheduler, "a", "a")
    take(scheduler)
    assert scheduler.next_time() is None


def test_the_next_time_is_that_of_the_first_retry_or_the_first_host(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "b", "c")
    a, b, c = take(scheduler), take(scheduler), take(scheduler)
    scheduler.retry(b, 30)
    assert scheduler.next_time() == clock.now + 30
    pause(scheduler, a, 20)
    assert scheduler.next() is None
    assert scheduler.next_time() == clock.now + 20
    scheduler.retry(c, 10)
    assert scheduler.next_time() == clock.now + 10


def test_a_job_has_a_successor_while_more_of_its_host_is_queued(scheduler: Scheduler) -> None:
    add(scheduler, "a", "a", "b")
    a, b, last = take_all(scheduler)
    assert (a.has_successor(), b.has_successor(), last.has_successor()) == (False, False, False)
    add(scheduler, "a")
    assert (a.has_successor(), b.has_successor(), last.has_successor()) == (True, False, True)


def test_what_is_ready_can_be_told_without_taking_it(scheduler: Scheduler) -> None:
    assert not scheduler.has_ready()
    add(scheduler, "a")
    assert scheduler.has_ready()
    take(scheduler)
    assert not scheduler.has_ready()


def test_hosts_that_are_paused_are_counted_until_their_time_comes(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "a", "b", "c")
    with_more, without, _ = take(scheduler), take(scheduler), take(scheduler)
    pause(scheduler, with_more, 10)
    pause(scheduler, without, 5)
    scheduler.done(with_more)
    scheduler.retry(without, 5)
    scheduler.next()
    assert scheduler.slowed == 2
    clock.now += 5
    assert scheduler.slowed == 1


def test_a_host_that_waits_for_its_rate_alone_is_not_slowed(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=2, rate=0.1)
    add(scheduler, "a", "a")
    take(scheduler)
    assert (scheduler.next(), scheduler.slowed) == (None, 0)


# --- the end ---


def test_a_drain_gives_everything_that_is_not_finished_once(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=1)
    finished, retried, in_flight, queued = add(scheduler, "a", "b", "c", "c")
    taken = take_all(scheduler)
    assert taken == [finished, retried, in_flight]
    scheduler.done(finished)
    scheduler.retry(retried, 10)
    drained = scheduler.drain()
    assert sorted(map(id, drained)) == sorted(map(id, [retried, in_flight, queued]))


def test_after_a_drain_it_is_empty(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "a", "b", "b")
    scheduler.retry(take(scheduler), 1)
    pause(scheduler, take(scheduler), 1)
    scheduler.drain()
    clock.now += 1
    assert (scheduler.next(), scheduler.next_time(), scheduler.waiting, scheduler.is_idle) == (None, None, 0, True)
    assert scheduler.drain() == []


# --- memory ---


def count_hosts() -> int:
    gc.collect()
    return sum(isinstance(thing, Host) for thing in gc.get_objects())


@pytest.mark.parametrize(
    ("rate", "seconds", "remembered"),
    [
        pytest.param(None, 0, 1, id="at once"),
        pytest.param(0.1, 0, 10, id="as soon as its rate lets it be asked again"),
        pytest.param(None, 60, 70, id="a while after its pause is over"),
    ],
)
def test_a_host_without_work_is_forgotten(clock: Clock, rate: float | None, seconds: float, remembered: int) -> None:
    scheduler = Scheduler(clock, per_host=10, rate=rate)
    before, most = count_hosts(), 0
    for number in range(1000):
        add(scheduler, f"host{number}")
        job = take(scheduler)
        if seconds:
            pause(scheduler, job, seconds)
        scheduler.done(job)
        del job
        clock.now += 1
        if number % 500 == 499:  # to look at all objects takes a while
            most = max(most, count_hosts() - before)
    assert most <= remembered + 1  # one more: it is let go of when the next job is asked for


def test_a_host_that_is_busy_for_ever_takes_no_more_room(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=1, rate=2)
    for _ in range(1000):
        add(scheduler, "a")
        scheduler.done(take(scheduler))
        clock.now += 0.5
    assert sum(len(heap) for heap in (scheduler._resting, scheduler._expiring, scheduler._retries)) <= 1


def test_a_host_whose_pause_ends_while_the_clock_is_read_is_not_forgotten_later(clock: Clock) -> None:
    scheduler = Scheduler(clock, per_host=1)
    add(scheduler, "a")
    job = take(scheduler)
    end = clock.now + 10
    pause(scheduler, job, 10)
    scheduler.retry(job, 5)
    clock.now, clock.then = end - 0.001, end  # the pause is not over when `next` begins, and is when it looks again
    scheduler.done(take(scheduler))
    first, second = add(scheduler, "a", "a")
    assert take_all(scheduler) == [first]
    third = make_job("a")
    scheduler.add(third)
    assert take_all(scheduler) == []  # or the same host would be asked twice at a time
    assert scheduler.drain() == [first, second, third]


# --- as a whole ---

HOSTS = ("a", "b", "c")
times = st.integers(0, 12).map(lambda quarters: quarters / 4)


ORIGIN = ("http", "host", 80)


def test_a_host_that_other_backends_check_as_well_has_no_more_in_flight_than_its_share(scheduler: Scheduler) -> None:
    add(scheduler, *["host"] * 5)
    scheduler.set_share(ORIGIN, 2)
    assert len(take_all(scheduler)) == 2


def test_a_share_holds_for_a_host_that_has_no_jobs_yet(scheduler: Scheduler) -> None:
    scheduler.set_share(ORIGIN, 2)
    add(scheduler, *["host"] * 5)
    assert len(take_all(scheduler)) == 2


def test_a_share_that_grows_lets_more_jobs_go(scheduler: Scheduler) -> None:
    add(scheduler, *["host"] * 5)
    scheduler.set_share(ORIGIN, 2)
    take_all(scheduler)
    scheduler.set_share(ORIGIN, 4)
    assert len(take_all(scheduler)) == 2


def test_a_share_that_shrinks_is_exceeded_until_jobs_are_done(scheduler: Scheduler) -> None:
    add(scheduler, *["host"] * 5)
    first, second, third = (take(scheduler) for _ in range(3))
    scheduler.set_share(ORIGIN, 1)
    scheduler.done(first)
    assert scheduler.exceeds_share(ORIGIN)
    assert scheduler.next() is None
    scheduler.done(second)
    assert not scheduler.exceeds_share(ORIGIN)
    scheduler.done(third)
    assert len(take_all(scheduler)) == 1


def test_a_request_that_passes_and_widens_the_share_lets_another_go_before_it_is_done(
    scheduler: Scheduler, clock: Clock
) -> None:
    add(scheduler, *["host"] * 3)
    rejected = take(scheduler)
    reject(scheduler, rejected)
    scheduler.done(rejected)
    clock.now += 1
    passed = take(scheduler)
    assert scheduler.next_time() is None
    scheduler.accept(passed)
    assert scheduler.next_time() == clock.now + 1


def test_a_share_limits_a_host_that_rejects_requests(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, *["host"] * 50)
    first = take(scheduler)
    reject(scheduler, first)
    scheduler.done(first)
    scheduler.set_share(ORIGIN, 1)
    for _ in range(40):
        clock.now += 60
        for job in take_all(scheduler):
            scheduler.accept(job)
            scheduler.done(job)
    clock.now += 60
    assert len(take_all(scheduler)) == 1


def test_the_queue_that_is_taken_has_the_jobs_that_are_not_in_flight(scheduler: Scheduler) -> None:
    jobs = add(scheduler, "host", "host", "other", "host")
    first = take(scheduler)
    assert first is jobs[0]
    assert scheduler.take_queue(ORIGIN) == [jobs[1], jobs[3]]
    assert take_all(scheduler) == [jobs[2]]
    assert scheduler.waiting == 0


def test_a_host_whose_queue_was_taken_may_have_jobs_again(scheduler: Scheduler) -> None:
    add(scheduler, "host", "host")
    scheduler.take_queue(ORIGIN)
    assert scheduler.is_idle
    later = add(scheduler, "host")
    assert take_all(scheduler) == later


def test_the_pause_that_another_backend_was_told_is_respected(scheduler: Scheduler, clock: Clock) -> None:
    scheduler.pause(ORIGIN, 10)
    jobs = add(scheduler, "host")
    assert scheduler.next() is None
    clock.now += 10
    assert take_all(scheduler) == jobs


def test_a_pause_stops_jobs_that_might_have_been_next(scheduler: Scheduler, clock: Clock) -> None:
    jobs = add(scheduler, "host", "host")
    scheduler.pause(ORIGIN, 10)
    assert scheduler.next() is None
    clock.now += 10
    assert take_all(scheduler) == jobs


def test_a_host_whose_queue_was_taken_during_a_pause_is_forgotten_once(scheduler: Scheduler, clock: Clock) -> None:
    add(scheduler, "host")
    scheduler.pause(ORIGIN, 1)
    assert scheduler.next() is None
    scheduler.take_queue(ORIGIN)
    clock.now += 1
    scheduler.pause(ORIGIN, 0)
    assert scheduler.next() is None
    assert not scheduler._hosts


def test_the_busiest_host_has_the_most_jobs_of_those_that_reject_nothing(scheduler: Scheduler) -> None:
    assert scheduler.find_busiest() is None
    add(scheduler, "a", "b", "b", "host", "host", "host", "host")
    assert scheduler.find_busiest() == (ORIGIN, 4)
    scheduler.pause(ORIGIN, 10)
    assert scheduler.find_busiest() == (("http", "b", 80), 2)


class Model(RuleBasedStateMachine):
    """Says, in the plainest way, which jobs may be asked, and watches the scheduler ask them."""

    @initialize(per_host=st.integers(1, 3), rate=st.sampled_from([None, 0.5, 2]), limit=st.integers(1, 8))
    def begin(self, per_host: int, rate: float | None, limit: int) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler(self.clock, per_host, rate, limit)
        self.per_host = per_host
        self.shares: dict[str, int] = {}
        self.interval = 1 / rate if rate else 0
        self.forget()

    def forget(self) -> None:
        self.not_before: dict[Job, float] = {}  # of each job that waits
        self.in_flight: list[Job] = []
        self.host_not_before = dict.fromkeys(HOSTS, 0.0)
        self.passed_over: dict[str, set[str]] = {host: set() for host in HOSTS}

    @property
    def has_place(self) -> bool:
        return len(self.in_flight) < self.scheduler.limit

    def share(self, host: str) -> int:
        """Jobs in flight to a host, at most; how it is found is the pace's business."""
        known = self.scheduler._hosts.get(("http", host, 80))
        return known.pace.share if known and known.pace else self.shares.get(host, self.per_host)

    def is_free(self, host: str) -> bool:
        return hosts(self.in_flight).count(host) < self.share(host)

    def is_ready(self, host: str) -> bool:
        """Whether a host may be asked, if there is a place in flight."""
        has_job = any(job.url.host == host and time <= self.clock.now for job, time in self.not_before.items())
        return has_job and self.is_free(host) and self.host_not_before[host] <= self.clock.now

    @rule(host=st.sampled_from(HOSTS), count=st.integers(1, 4))
    def add(self, host: str, count: int) -> None:
        self.not_before |= dict.fromkeys(add(self.scheduler, *[host] * count), 0.0)

    @rule()
    def next(self) -> None:
        askable = {host for host in HOSTS if self.is_ready(host)}
        had_place = self.has_place
        job = self.scheduler.next()
        if job is None:
            assert not (askable and had_place)
            self.check_next_time()
            return
        assert job in self.not_before, "handed out twice, or never added"
        assert self.not_before.pop(job) <= self.clock.now, "before its time"
        assert job.url.host in askable
        assert had_place
        self.in_flight.append(job)
        interval = max(self.interval, job.host.pace.interval) if job.host.pace else self.interval
        self.host_not_before[job.url.host] = self.clock.now + interval
        self.check_turn(job.url.host, askable)
        if not self.scheduler.has_ready():
            assert not (self.has_place and any(map(self.is_ready, HOSTS))), "nobody would be woken for it"

    def check_turn(self, asked: str, askable: set[str]) -> None:
        """No host is asked twice while another might have been asked all the time."""
        for other in askable - {asked}:
            assert asked not in self.passed_over[other]
            self.passed_over[other].add(asked)
        self.passed_over[asked].clear()

    def check_next_time(self) -> None:
        """Whoever sleeps until then does not wake in vain at once, and does not sleep too long."""
        time = self.scheduler.next_time()
        assert time is None or time > self.clock.now
        free = [host for host in HOSTS if self.is_free(host)]
        due = [max(at, self.host_not_before[job.url.host]) for job, at in self.not_before.items() if job.url.host in free]
        assert not due or not self.has_place or (time is not None and time <= min(due))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        self.scheduler.done(self.pick(data))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), delay=times)
    def retry(self, data: st.DataObject, delay: float) -> None:
        job = self.pick(data)
        self.scheduler.retry(job, delay)
        self.not_before[job] = self.clock.now + delay

    def pick(self, data: st.DataObject) -> Job:
        return self.in_flight.pop(data.draw(st.integers(0, len(self.in_flight) - 1)))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), retry_after=times)
    def reject(self, data: st.DataObject, retry_after: float) -> None:
        job = self.in_flight[data.draw(st.integers(0, len(self.in_flight) - 1))]
        reject(self.scheduler, job, retry_after)
        assert job.host.pace is not None
        host, pause = job.url.host, max(retry_after, job.host.pace.interval)
        assert job.host.not_before >= max(self.host_not_before[host], self.clock.now + pause)
        self.host_not_before[host] = job.host.not_before

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        self.scheduler.accept(self.in_flight[data.draw(st.integers(0, len(self.in_flight) - 1))])

    @rule(host=st.sampled_from(HOSTS), share=st.integers(1, 3))
    def set_share(self, host: str, share: int) -> None:
        self.shares[host] = share
        self.scheduler.set_share(("http", host, 80), share)

    @rule(host=st.sampled_from(HOSTS))
    def take_queue(self, host: str) -> None:
        for job in self.scheduler.take_queue(("http", host, 80)):
            assert job.url.host == host
            assert self.not_before.pop(job) <= self.clock.now
        self.passed_over[host].clear()  # jobs that are left begin a new turn
        assert not any(job.url.host == host and not time for job, time in self.not_before.items())

    @rule(host=st.sampled_from(HOSTS), seconds=times)
    def pause(self, host: str, seconds: float) -> None:
        self.scheduler.pause(("http", host, 80), seconds)
        self.host_not_before[host] = max(self.host_not_before[host], self.clock.now + seconds)

    @rule(places=st.integers(0, 2))
    def limit(self, places: int) -> None:
        self.scheduler.limit = max(1, self.scheduler.limit - places)

    @rule(seconds=times)
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(do=st.sampled_from([False] * 9 + [True]))  # rarely: it ends what is interesting
    def drain(self, do: bool) -> None:  # noqa: FBT001
        if do:
            drained = self.scheduler.drain()
            assert sorted(map(id, drained)) == sorted(map(id, [*self.not_before, *self.in_flight]))
            self.forget()

    @invariant()
    def it_counts_right(self) -> None:
        assert self.scheduler.waiting == len(self.not_before)
        assert self.scheduler.is_idle == (not self.not_before and not self.in_flight)

    @invariant()
    def a_host_that_may_not_be_asked_is_not_passed_over(self) -> None:
        for host in HOSTS:
            if not self.is_ready(host):
                self.passed_over[host].clear()

    def teardown(self) -> None:
        """When the clock goes on and everything is done, it becomes idle, and forgets every host."""
        if not hasattr(self, "scheduler"):
            return
        left = {*self.not_before, *self.in_flight}
        for job in self.in_flight:
            self.scheduler.done(job)
        finished = {*self.in_flight}
        while not self.scheduler.is_idle:
            if next_job := self.scheduler.next():
                finished.add(next_job)
                self.scheduler.done(next_job)
            else:
                time = self.scheduler.next_time()
                assert time is not None
                assert time > self.clock.now
                self.clock.now = time
        assert finished == left
        self.clock.now += 1000
        assert self.scheduler.next() is None
        assert not self.scheduler._hosts


TestAsAWhole = Model.TestCase
TestAsAWhole.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)


def test_a_long_run_under_a_clock_that_ticks_loses_nothing() -> None:
    chance = random.Random(4)
    clock = TickingClock()
    scheduler = Scheduler(clock, per_host=2, rate=100_000)
    waiting = {*add(scheduler, *chance.choices("abcdefgh", k=2000))}
    in_flight: list[Job] = []
    while waiting or in_flight:
        taken = scheduler.next()
        if taken:
            waiting.remove(taken)
            in_flight.append(taken)
            assert hosts(in_flight).count(taken.url.host) <= 2
        if in_flight and (taken is None or chance.random() < 0.5):
            job = in_flight.pop(chance.randrange(len(in_flight)))
            if chance.random() < 0.3:
                pause(scheduler, job, chance.random() / 10_000)
            if chance.random() < 0.5:
                scheduler.retry(job, chance.random() / 10_000)
                waiting.add(job)
            else:
                scheduler.done(job)
    assert scheduler.is_idle
