from __future__ import annotations

import math
from datetime import timedelta

from tests.watch.simulation import START, Simulation
from urlcheck.model.verdict import Verdict
from urlcheck.settings.patterns import Pattern
from urlcheck.watch.frames import make_frame
from urlcheck.watch.maintenance import Once, Window
from urlcheck.watch.view import State

URLS = ("https://a.example/", "https://b.example/", "https://c.example/", "https://d.example/?token=secret-token")
VERDICTS = {URLS[1]: Verdict.STATUS, URLS[2]: Verdict.SLOW}


def run_for(seconds: float, *, start: float = 0, takes: float = 0) -> Simulation:
    run = Simulation(URLS, lambda url, now: VERDICTS.get(url, Verdict.OK) if now >= start else Verdict.OK, takes=takes)
    run.run(seconds)
    return run


def test_a_frame_has_problems_first_and_as_many_rows_as_there_is_room_for() -> None:
    run = run_for(300)
    frame = make_frame(run.watch, ("a line",), 3, run.now())
    assert [(row.state, row.title) for row in frame.rows] == [("down", URLS[1]), ("degraded", URLS[2]), ("up", URLS[0])]
    assert (frame.state, frame.hidden, frame.lines) == ("down", 1, ("a line",))
    assert frame.counts == "2 up   1 degraded   1 down"
    assert frame.headline.startswith("1 of 4 down since ")
    assert frame.next_check is not None


def test_a_frame_shows_no_secrets() -> None:
    run = run_for(300)
    assert "https://d.example/?token=****" in [row.title for row in make_frame(run.watch, (), 9, run.now()).rows]


def test_the_headline_of_a_watch_without_problems() -> None:
    run = run_for(1, start=100)
    assert make_frame(run.watch, (), 9, run.now()).headline == "all 4 up"


def test_the_headline_names_a_network_that_is_suspected() -> None:
    run = Simulation(URLS, lambda _, now: Verdict.OK if now < 40 else Verdict.DNS)
    run.run(200)
    frame = make_frame(run.watch, (), 9, run.now())
    assert frame.state == State.UNKNOWN
    assert frame.headline.endswith("; this machine's network is suspected")


def test_skipped_rounds_are_counted() -> None:
    run = run_for(500, start=1e9, takes=20)
    assert "rounds skipped" in make_frame(run.watch, (), 9, run.now()).counts


def test_a_list_without_targets_has_a_frame() -> None:
    run = run_for(1)
    run.load([])
    assert make_frame(run.watch, (), 9, run.now()).headline == "no targets"


def test_targets_in_maintenance_are_counted_apart_and_come_after_the_problems() -> None:
    window = Window(Once(START, START + timedelta(hours=1)), Pattern("b.example"))
    run = Simulation(URLS, lambda url, _: VERDICTS.get(url, Verdict.OK), [window])
    run.run(300)
    frame = make_frame(run.watch, (), 2, run.now())
    assert [row.title for row in frame.rows] == [URLS[2], URLS[1]]
    assert (frame.state, frame.counts) == ("degraded", "2 up   1 degraded   1 in maintenance")
    assert frame.headline.startswith("1 of 4 degraded since ")


def test_the_headline_of_a_state_leaves_the_time_of_targets_in_maintenance_out() -> None:
    window = Window(Once(START, START + timedelta(hours=9)), Pattern("b.example"))
    fails_from = {URLS[1]: 0.0, URLS[0]: 7_200.0}
    run = Simulation(URLS, lambda url, now: Verdict.STATUS if now >= fails_from.get(url, math.inf) else Verdict.OK, [window])
    run.run(8_000)
    began = (START + timedelta(hours=2)).astimezone()
    assert make_frame(run.watch, (), 9, run.now()).headline == f"1 of 4 down since {began:%H:%M}"


def test_the_headline_names_the_day_unless_it_is_today() -> None:
    run = run_for(300)
    since = min(watched.since for watched in run.watch.roster if watched.state is State.DOWN).astimezone()
    later = make_frame(run.watch, (), 9, run.now() + timedelta(days=3))
    assert later.headline == f"1 of 4 down since {since:%Y-%m-%d %H:%M}"


def test_the_headline_where_all_targets_are_in_maintenance() -> None:
    run = Simulation(URLS, lambda *_: Verdict.STATUS, [Window(Once(START, START + timedelta(hours=1)))])
    run.run(300)
    frame = make_frame(run.watch, (), 9, run.now())
    assert (frame.state, frame.headline) == ("unknown", "all 4 in maintenance")
