"""This machine's own network is suspected where no target answers any more."""

from __future__ import annotations

from tests.watch.simulation import Simulation
from urlcheck.model.verdict import Verdict
from urlcheck.watch.view import State

URLS = ("https://a.example/", "https://b.example/1", "https://b.example/2")


def silent_from(start: float, until: float = 1e9, only: tuple[str, ...] = URLS) -> Simulation:
    def find(url: str, seconds: float) -> Verdict:
        return Verdict.CONNECT if start <= seconds < until and url in only else Verdict.OK

    return Simulation(URLS, find)


def test_all_targets_are_unknown_when_none_answers_any_more() -> None:
    run = silent_from(45)
    run.run(200)
    assert run.states() == [State.UNKNOWN] * 3


def test_no_target_is_down_in_between() -> None:
    run = silent_from(45, 400)
    run.run(1000)
    assert run.states() == [State.UP] * 3
    assert State.DOWN not in {after for _, _, after in run.recorder.changes}


def test_silent_targets_are_not_asked_more_often_than_others_for_long() -> None:
    run = silent_from(45)
    run.run(44)
    before = run.checks
    run.run(44 + 300)
    assert run.checks - before < 3 * 10 + 3 * 8


def test_a_target_that_is_silent_alone_is_down_within_seconds() -> None:
    run = silent_from(45, only=URLS[:1])
    run.run(45 + 30 + 3)
    assert run.states() == [State.DOWN, State.UP, State.UP]


def test_two_targets_of_three_may_be_down_together() -> None:
    run = silent_from(45, only=URLS[1:])
    run.run(200)
    assert run.states() == [State.UP, State.DOWN, State.DOWN]


def test_a_target_that_is_silent_still_is_down_once_another_answers() -> None:
    def find(url: str, seconds: float) -> Verdict:
        end = 400 if url != URLS[0] else 1e9
        return Verdict.TIMEOUT if 45 <= seconds < end else Verdict.OK

    run = Simulation(URLS, find)
    run.run(390)
    assert run.states() == [State.UNKNOWN] * 3
    run.run(500)
    assert run.states() == [State.DOWN, State.UP, State.UP]


def test_targets_that_never_answered_are_down() -> None:
    run = silent_from(0)
    run.run(100)
    assert run.states() == [State.DOWN] * 3


def test_targets_of_one_host_are_down_together() -> None:
    urls = [f"https://a.example/{number}" for number in range(3)]
    run = Simulation(urls, lambda _, seconds: Verdict.OK if seconds < 45 else Verdict.CONNECT)
    run.run(100)
    assert run.states() == [State.DOWN] * 3


def test_two_targets_are_down_together() -> None:
    run = Simulation(URLS[:2], lambda _, seconds: Verdict.OK if seconds < 45 else Verdict.DNS)
    run.run(100)
    assert run.states() == [State.DOWN] * 2


def test_an_answer_of_any_kind_shows_that_the_network_works() -> None:
    def find(url: str, seconds: float) -> Verdict:
        failed = Verdict.STATUS if url == URLS[0] else Verdict.CONNECT
        return failed if seconds >= 45 else Verdict.OK

    run = Simulation(URLS, find)
    run.run(200)
    assert run.states() == [State.DOWN] * 3


def test_an_entry_that_is_no_url_is_not_waited_for_and_stays_down() -> None:
    run = Simulation(
        (*URLS, "a b"), lambda url, at: Verdict.INVALID if url == "a b" else Verdict.OK if at < 45 else Verdict.DNS
    )
    run.run(200)
    assert run.states() == [*[State.UNKNOWN] * 3, State.DOWN]
    assert [after for url, _, after in run.recorder.changes if url == "a b"] == [State.SUSPECT, State.DOWN]


def test_an_entry_that_is_no_url_counts_as_no_host_once_it_is_removed() -> None:
    urls = [f"https://a.example/{number}" for number in range(3)]
    run = Simulation([*urls, "a b"], lambda _, at: Verdict.OK if at < 45 else Verdict.DNS)
    run.load(urls)
    run.run(100)
    assert run.states() == [State.DOWN] * 3


def test_a_host_counts_as_long_as_one_of_its_targets_is_watched() -> None:
    run = silent_from(45)
    run.load([*URLS, "https://a.example/2"])
    run.run(44)
    run.load(URLS)
    run.run(200)
    assert run.states() == [State.UNKNOWN] * 3


def test_a_target_that_is_removed_is_not_waited_for() -> None:
    run = silent_from(45, only=URLS)
    run.load([*URLS, "https://c.example/"])
    run.run(44)
    run.load(URLS)
    run.run(200)
    assert run.states() == [State.UNKNOWN] * 3
