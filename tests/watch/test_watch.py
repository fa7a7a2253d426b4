from __future__ import annotations

import gc
import sys
from dataclasses import replace

from tests.support.builders import RESPONSE, make_target
from tests.watch.simulation import START, Simulation, make_finding
from urlcheck.model.result import settle
from urlcheck.model.verdict import Verdict
from urlcheck.watch.maintenance import Calendar
from urlcheck.watch.view import State, TargetView
from urlcheck.watch.watch import Watch

URL = "https://a.example/"
WEEK = 7 * 86_400


def always_up(_: str, __: float) -> Verdict:
    return Verdict.OK


def down_between(start: float, end: float) -> Simulation:
    return Simulation([URL], lambda _, seconds: Verdict.STATUS if start <= seconds < end else Verdict.OK)


def find_only(watch: Watch) -> TargetView:
    view = watch.overview.find(watch.overview.list_ids()[0])
    assert view
    return view


def test_a_target_is_unknown_until_it_is_asked() -> None:
    run = down_between(0, 0)
    view = find_only(run.watch)
    assert (view.state, view.since, view.result, view.next_check) == (State.UNKNOWN, START, None, START)


def test_a_first_failure_goes_through_suspect_to_down() -> None:
    run = down_between(0, 1e9)
    run.run(10)
    states = [(before, after) for _, before, after in run.recorder.changes]
    assert states == [(State.UNKNOWN, State.SUSPECT), (State.SUSPECT, State.DOWN)]


def test_a_suspect_target_is_asked_again_after_seconds() -> None:
    run = down_between(0, 1e9)
    run.run(2)
    assert run.asked
    assert 0.5 <= run.asked[1][0] - run.asked[0][0] <= 1.5


def test_a_view_tells_the_last_checks_and_changes() -> None:
    run = down_between(100, 200)
    run.run(3_000)
    view = find_only(run.watch)
    assert (view.state, view.checks["ok"], view.state_changes) == (State.UP, run.checks - view.checks["status"], 4)
    assert [change.after for change in view.changes] == [State.UP, State.DOWN, State.SUSPECT, State.UP]
    assert {*view.latencies} == {81.4}
    assert len(view.latencies) == 60
    assert view.since == view.changes[0].at


def test_what_is_kept_of_a_target_is_bounded() -> None:
    run = Simulation([URL], lambda _, seconds: Verdict.STATUS if seconds // 60 % 2 else Verdict.OK)
    run.run(86_400)
    view = find_only(run.watch)
    assert (len(view.latencies), len(view.changes)) == (60, 20)


def test_the_date_of_a_certificate_is_kept_when_it_is_not_seen_any_more() -> None:
    run = Simulation([URL], always_up)
    run.run(1)
    [watched] = run.watch.roster
    bare = replace(make_finding(Verdict.TLS, watched.target), outcome=replace(RESPONSE, cert_expires=None))
    run.watch.take_due()
    run.watch.add([bare])
    assert find_only(run.watch).cert_expires == RESPONSE.cert_expires


def test_an_entry_that_is_no_url_is_down_and_its_record_comes_each_round() -> None:
    run = Simulation([URL], always_up)
    invalid = settle(make_target("a b", index=1), Verdict.INVALID, "a blank inside", ok=False)
    run.watch.load([make_target(URL), invalid], Calendar(()))
    run.run(15 + 3 * 30)
    assert run.states() == [State.UP, State.DOWN]
    assert run.asked
    assert [url for _, url in run.asked].count("a b") == 5  # the first one is confirmed


def test_skipped_entries_are_not_watched() -> None:
    run = Simulation([URL], always_up)
    skipped = settle(make_target("https://b.example/"), Verdict.SKIPPED, "excluded", ok=True)
    assert run.watch.load([make_target(URL), skipped], Calendar(())).skipped == [skipped]
    assert len(run.watch.roster) == 1


def test_a_check_that_was_abandoned_says_nothing() -> None:
    run = Simulation([URL], always_up)
    [target] = run.watch.take_due()
    run.watch.add([settle(replace(make_target(URL)), Verdict.UNCHECKED, "interrupted", ok=False)])
    assert (find_only(run.watch).state, run.recorder.changes) == (State.UNKNOWN, [])
    assert target


def test_a_target_goes_on_when_the_list_is_read_anew() -> None:
    run = down_between(0, 1e9)
    run.run(100)
    before = find_only(run.watch)
    run.load(["https://new.example/", URL])
    run.run(130)
    after = run.watch.overview.find(before.id)
    assert after
    assert (after.since, after.state) == (before.since, State.DOWN)
    assert [view.url for view in map(run.watch.overview.find, run.watch.overview.list_ids()) if view] == [
        "https://new.example/",
        URL,
    ]


def test_a_result_of_a_target_that_was_removed_changes_nothing() -> None:
    run = Simulation([URL, "https://b.example/"], always_up)
    late = run.watch.take_due()
    run.load([URL])
    run.watch.add([make_finding(Verdict.STATUS, make_target("https://b.example/", index=1))])
    assert len(late) == 2
    assert run.watch.overview.counts[State.UNKNOWN] == 1


def test_a_target_that_was_removed_has_no_view() -> None:
    run = Simulation([URL], always_up)
    [target_id] = run.watch.overview.list_ids()
    run.load([])
    assert run.watch.overview.find(target_id) is None


def test_an_id_does_not_depend_on_secrets_and_tells_equal_urls_apart() -> None:
    run = Simulation([f"{URL}?token=first1", f"{URL}?token=second2", URL], always_up)
    first, second, other = run.watch.overview.list_ids()
    assert second == f"{first}-2"
    assert other != first


def test_listeners_are_told_of_checks_and_of_targets_that_come_and_go() -> None:
    run = Simulation([URL], always_up)
    told: list[str] = []
    leave = run.watch.overview.subscribe(told.append)
    run.run(1)
    [first] = run.watch.overview.list_ids()
    run.load(["https://b.example/"])
    assert told == [first, *run.watch.overview.list_ids(), first]
    leave()
    run.run(100)
    assert len(told) == 3


def test_rounds_that_were_slower_than_the_interval_are_counted() -> None:
    run = Simulation([URL], always_up, takes=45)
    run.run(1_000)
    assert run.watch.overview.round.skipped > 10
    assert run.checks < 20


def test_a_week_of_checks_leaves_memory_as_it_was() -> None:
    """2 targets at 1 min, each of which fails now and then."""
    urls = [f"https://{number}.example/" for number in range(2)]
    run = Simulation(urls, lambda url, seconds: Verdict.STATUS if int(url[8]) == seconds // 900 % 7 else Verdict.OK, watch=60)
    run.asked = None

    def count_blocks_after(seconds: float) -> int:
        run.run(seconds)
        run.recorder.changes.clear()
        gc.collect()
        return sys.getallocatedblocks()

    after_a_day = count_blocks_after(WEEK / 7)
    assert count_blocks_after(WEEK) - after_a_day < 500
    assert run.checks > 2 * WEEK / 60
