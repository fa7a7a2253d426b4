from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watch.simulation import Simulation
from urlcheck.model.verdict import Verdict
from urlcheck.settings.watch import WatchSettings
from urlcheck.watch.schedule import Schedule


def always_up(_: str, __: float) -> Verdict:
    return Verdict.OK


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schedule(clock: Clock) -> Schedule:
    return Schedule(10, clock)


def test_all_targets_are_asked_at_once_at_the_start() -> None:
    run = Simulation([f"https://{number}.example/" for number in range(100)], always_up)
    run.run(1)
    assert run.checks == 100


def test_a_target_keeps_its_distance_from_check_to_check() -> None:
    run = Simulation(["https://a.example/"], always_up)
    run.run(600)
    assert run.asked
    times = [time for time, _ in run.asked]
    assert {round(later - earlier) for earlier, later in pairwise(times[1:])} == {30}
    assert 15 <= times[1] - times[0] <= 45


def test_a_round_is_spread_over_the_interval() -> None:
    run = Simulation([f"https://{number}.example/" for number in range(1_000)], always_up)
    run.run(165)
    assert run.asked
    by_second = Counter(int(time) for time, _ in run.asked if 105 <= time < 135)
    assert len(by_second) == 30
    assert max(by_second.values()) < 70


def test_each_round_asks_every_target_once() -> None:
    urls = [f"https://{number}.example/" for number in range(50)]
    run = Simulation(urls, always_up)
    run.run(15 + 10 * 30)
    assert run.asked
    assert {*Counter(url for _, url in run.asked).values()} == {11}
    assert run.recorder.rounds == 11


def test_a_target_has_the_same_place_after_a_new_start() -> None:
    times = []
    for _ in range(2):
        run = Simulation(["https://a.example/"], always_up)
        run.run(100)
        times.append(run.asked)
    assert times[0] == times[1]


def test_a_check_that_is_under_way_is_not_started_again(clock: Clock, schedule: Schedule) -> None:
    schedule.add("slow")
    assert schedule.take_due() == ["slow"]
    clock.now = 100
    assert schedule.take_due() == []


def test_rounds_that_a_check_outlasts_are_skipped_and_counted_once(clock: Clock, schedule: Schedule) -> None:
    for name in ("slow", "slower"):
        schedule.add(name)
    schedule.take_due()
    clock.now = 60
    schedule.finish("slow")
    schedule.finish("slower")
    assert 5 <= schedule.skipped <= 6
    due = schedule.find_due("slow")
    assert due is not None
    assert 60 < due <= 70


def test_a_round_ends_when_all_its_targets_are_finished(clock: Clock, schedule: Schedule) -> None:
    schedule.add("a")
    schedule.add("b")
    schedule.take_due()
    clock.now = 2
    schedule.finish("a")
    assert not schedule.end_round()
    clock.now = 3
    schedule.finish("b")
    assert schedule.end_round()
    assert (schedule.finished, schedule.seconds) == (3, 3)
    assert not schedule.end_round()


def test_a_round_does_not_wait_for_a_slow_target_for_ever(clock: Clock, schedule: Schedule) -> None:
    schedule.add("slow")
    schedule.take_due()
    ends = []
    for _ in range(4):
        clock.now = schedule.next_time() or 0
        ends.append((clock.now, schedule.end_round()))
    assert ends == [(5, False), (15, True), (25, True), (35, True)]
    assert schedule.started == 35


def test_a_target_to_be_confirmed_is_asked_before_its_next_slot(schedule: Schedule) -> None:
    schedule.add("a")
    schedule.take_due()
    schedule.finish("a", recheck=1)
    assert schedule.find_due("a") == 1
    assert not schedule.end_round()


def test_a_target_to_be_confirmed_late_is_asked_at_its_next_slot(schedule: Schedule) -> None:
    schedule.add("a")
    schedule.take_due()
    schedule.finish("a", recheck=100)
    due = schedule.find_due("a")
    assert due is not None
    assert due < 20


def test_a_check_between_the_slots_leaves_the_next_slot_where_it_is(clock: Clock, schedule: Schedule) -> None:
    schedule.add("a")
    schedule.take_due()
    schedule.finish("a")
    slot = schedule.find_due("a")
    clock.now = 1
    schedule.hasten("a")
    assert schedule.take_due() == ["a"]
    schedule.finish("a")
    assert schedule.find_due("a") == slot


def test_a_target_that_is_being_checked_is_not_hastened(schedule: Schedule) -> None:
    schedule.add("a")
    schedule.take_due()
    schedule.hasten("a")
    assert schedule.take_due() == []


def test_without_targets_no_round_ends(clock: Clock, schedule: Schedule) -> None:
    clock.now = 100
    assert not schedule.end_round()


def test_a_target_that_is_removed_is_not_asked_any_more(schedule: Schedule) -> None:
    schedule.add("a")
    schedule.remove("a")
    assert schedule.take_due() == []
    assert schedule.next_time() is None


def test_a_new_interval_counts_from_the_next_round_on() -> None:
    run = Simulation(["https://a.example/"], always_up)
    run.run(100)
    run.watch.configure(WatchSettings(watch=5))
    run.asked = []
    run.run(200)
    assert 19 <= len(run.asked) <= 21


def test_a_check_that_is_under_way_keeps_its_turn_when_the_interval_changes(clock: Clock, schedule: Schedule) -> None:
    for name in ("fast", "slow"):
        schedule.add(name)
    schedule.take_due()
    schedule.finish("fast")
    schedule.change_interval(100)
    assert (schedule.find_due("slow"), schedule.end_round()) == (None, False)
    clock.now = 1
    schedule.finish("slow")
    assert schedule.end_round()
    assert 50 <= (schedule.find_due("slow") or 0) < 150


@given(
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 3), st.sampled_from([None, 0.5, 5.0])), max_size=40),
    count=st.integers(1, 5),
)
def test_each_target_is_asked_once_at_a_time(steps: list[tuple[float, int, float | None]], count: int) -> None:
    clock = Clock()
    schedule = Schedule(10, clock)
    for number in range(count):
        schedule.add(str(number))
    asked: list[str] = []
    for seconds, finished, recheck in steps:
        clock.now += seconds
        due = schedule.take_due()
        assert not set(due) & set(asked)
        asked += due
        for target_id in asked[:finished]:
            schedule.finish(target_id, recheck)
        asked = asked[finished:]
        schedule.end_round()
        waiting = [schedule.find_due(str(number)) for number in range(count)]
        assert [time is None for time in waiting].count(True) == len(asked)
        assert all(time is None or time <= clock.now + 15 for time in waiting)
        assert (schedule.next_time() or 0) <= clock.now + 10
