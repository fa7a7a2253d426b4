"""A watch with a state file, under a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.builders import make_target
from tests.watch.simulation import START, make_finding
from urlcheck.model.errors import StateError
from urlcheck.model.verdict import Verdict
from urlcheck.settings.settings import Settings
from urlcheck.settings.watch import WatchSettings
from urlcheck.store.watching import WatchStore
from urlcheck.watch.maintenance import Calendar, Once, Window
from urlcheck.watch.series import Series
from urlcheck.watch.stored_history import StoredHistory
from urlcheck.watch.view import State, TargetView
from urlcheck.watch.watch import Watch

URL = "https://a.example/"
NOW = datetime.now(START.tzinfo).replace(minute=30)
Begin = Callable[..., "Sitting"]


class Sitting:
    """A watch from its start to its end. `check` has the same found of each target, one after the other."""

    def __init__(self, path: Path, windows: list[Window], urls: Sequence[str]) -> None:
        self.time = NOW
        self.errors: list[StateError] = []
        self.store = WatchStore(str(path), 90 * 86_400, [Settings().check])
        self.history = StoredHistory(self.store, self.errors.append, lambda: self.time)
        self.watch = Watch(WatchSettings(watch=30), lambda: 0.0, lambda: self.time, self.history)
        self.windows = windows
        self.load(urls)

    def load(self, urls: Sequence[str]) -> None:
        targets = [replace(make_target(url), identity=self.history.identify(url)) for url in urls]
        self.history.prepare(targets)
        self.watch.load(targets, Calendar(self.windows))

    def check(self, *verdicts: Verdict, days: float = 0) -> None:
        self.time = NOW + timedelta(days=days)
        for verdict in verdicts:
            self.watch.add([make_finding(verdict, watched.target, self.time) for watched in self.watch.roster])

    @property
    def view(self) -> TargetView:
        return self.views[0]

    @property
    def views(self) -> list[TargetView]:
        return [view for view in map(self.watch.overview.find, self.watch.overview.list_ids()) if view]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    open_ones: list[Sitting] = []

    def start(*windows: Window, urls: Sequence[str] = (URL,)) -> Sitting:
        for sitting in open_ones:
            sitting.store.close()
        open_ones[:] = [Sitting(tmp_path / "up.db", list(windows), urls)]
        return open_ones[0]

    yield start
    for sitting in open_ones:
        sitting.store.close()


def test_a_state_and_its_time_outlast_a_watch(begin: Begin) -> None:
    begin().check(Verdict.STATUS, Verdict.STATUS, days=-3)
    again = begin()
    assert (again.view.state, again.watch.overview.find_since(State.DOWN)) == (
        State.DOWN,
        again.view.since,
    )
    assert abs(again.view.since - (NOW - timedelta(days=3))) < timedelta(seconds=1)
    assert [change.after for change in again.view.changes] == [State.DOWN, State.SUSPECT]


def test_one_failure_keeps_a_target_down_and_a_pass_ends_it(begin: Begin) -> None:
    begin().check(Verdict.STATUS, Verdict.STATUS, days=-1)
    again = begin()
    again.check(Verdict.STATUS)
    assert again.view.state is State.DOWN
    again.check(Verdict.OK)
    assert again.view.changes[0].before is State.DOWN


def test_a_suspect_target_begins_as_unknown(begin: Begin) -> None:
    begin().check(Verdict.OK, Verdict.STATUS)
    assert begin().view.state is State.UNKNOWN


def test_uptime_is_that_of_earlier_watches_too(begin: Begin) -> None:
    begin().check(Verdict.OK, Verdict.OK, Verdict.STATUS, days=-10)
    again = begin()
    again.check(Verdict.OK)
    assert (again.view.uptime_24h, again.view.uptime_30d) == (1.0, 0.75)
    days = [(day.day, day.share) for day in again.view.days if day.share is not None]
    assert days == [
        ((NOW - timedelta(days=10)).date().isoformat(), pytest.approx(2 / 3)),
        (NOW.date().isoformat(), 1.0),
    ]


def test_what_is_remembered_is_what_is_read_again(begin: Begin) -> None:
    first = begin()
    first.check(Verdict.OK, Verdict.STATUS, days=-1)
    first.check(Verdict.OK)
    before = [*first.view.days], first.view.uptime_24h, first.view.uptime_30d
    again = begin()
    assert ([*again.view.days], again.view.uptime_24h, again.view.uptime_30d) == before


def test_checks_while_the_own_network_is_suspected_do_not_count(begin: Begin) -> None:
    urls = [f"https://{host}.example/" for host in "abc"]
    first = begin(urls=urls)
    first.check(Verdict.OK, Verdict.TIMEOUT, Verdict.TIMEOUT)
    shares = [view.uptime_24h for view in first.views]
    assert shares == [0.5, 0.5, 1.0]  # the third time-out made it suspected
    assert [view.uptime_24h for view in begin(urls=urls).views] == shares


def test_a_target_that_comes_back_to_the_list_has_its_past_again(begin: Begin) -> None:
    begin().check(Verdict.STATUS, Verdict.STATUS)
    again = begin()
    again.load([])
    again.load([URL])
    assert [change.after for change in again.view.changes] == [State.DOWN, State.SUSPECT]


def test_days_can_be_sliced(begin: Begin) -> None:
    sitting = begin()
    sitting.check(Verdict.OK, Verdict.STATUS)
    days = sitting.view.days
    assert (len(days[-7:]), days[-7:][-1], days[:0]) == (7, days[89], [])


def test_checks_in_maintenance_do_not_count(begin: Begin) -> None:
    window = Window(Once(NOW - timedelta(hours=1), NOW + timedelta(hours=1)))
    begin(window).check(Verdict.STATUS, Verdict.OK)
    again = begin()
    assert (again.view.uptime_24h, again.view.days[-1].in_maintenance) == (None, True)


def test_a_long_watch_has_one_row_of_results_a_target(begin: Begin) -> None:
    sitting = begin()
    sitting.check(*[Verdict.OK] * 50)
    again = begin()
    with again.store._database.guarding("read"):
        rows = again.store._database.reader.execute("SELECT count(*), max(streak) FROM result JOIN target ON number = result")
        assert rows.fetchall() == [(1, 50)]


def test_an_error_is_said_once_and_the_memory_goes_on(begin: Begin) -> None:
    sitting = begin()
    sitting.store.error = StateError("no space left")
    sitting.check(Verdict.OK, Verdict.OK)
    assert [str(error) for error in sitting.errors] == ["no space left"]
    assert sitting.view.uptime_24h == 1.0


def test_a_series_forgets_what_is_older_than_its_size() -> None:
    series = Series(3)
    for slot in range(10, 14):
        series.add(slot, slot % 2, 1)
    assert series.find_share(0, 13) == pytest.approx(2 / 3)
    series.add(10, 1, 1)
    series.add(20, 1, 1)
    assert (series.find_share(0, 20), series.find_share(0, 19)) == (1.0, None)
