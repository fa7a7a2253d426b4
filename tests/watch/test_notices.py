from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.builders import RESPONSE
from tests.watch.simulation import START, Find, Simulation, make_finding
from urlcheck.model.outcome import Response
from urlcheck.model.verdict import Verdict
from urlcheck.settings.patterns import Pattern
from urlcheck.settings.watch import WatchSettings
from urlcheck.watch.maintenance import Once, Window
from urlcheck.watch.notices import Notices

URLS = ("https://a.example/?token=secret-token", "https://b.example/")
FAR = RESPONSE.cert_expires


class Inbox(Simulation):
    """A watch whose notices are kept. No certificate expires, unless `expires` is set to seconds after the start."""

    def __init__(self, find: Find, *, urls: tuple[str, ...] = URLS, **settings: Any) -> None:
        windows = settings.pop("windows", ())
        told = WatchSettings(**{"watch": 30, "notify": "https://hooks.example/", **settings})
        super().__init__(urls, find, windows, watch=told.watch)
        self.notices: list[dict[str, Any]] = []
        self.inbox = Notices(self.watch.overview, told, self.notices.append, self.now)
        self.watch.observers.append(self.inbox)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Host and states of each change, over all notices."""
        return [(change["url"][8:9], change["from"], change["to"]) for each in self.notices for change in each["changes"]]


def failing(
    start: float, end: float = 1e9, verdict: Verdict = Verdict.STATUS, hosts: str = "a"
) -> Callable[[str, float], Verdict]:
    return lambda url, seconds: verdict if start <= seconds < end and url[8:9] in hosts else Verdict.OK


def test_targets_that_are_up_at_the_start_are_no_news() -> None:
    run = Inbox(failing(1e9))
    run.run(200)
    assert run.notices == []


def test_a_target_that_goes_down_and_comes_back_is_told_twice() -> None:
    run = Inbox(failing(100, 300))
    run.run(600)
    assert run.told == [("a", "up", "down"), ("a", "down", "up")]


def test_a_target_that_is_down_at_the_start_is_told() -> None:
    run = Inbox(failing(0))
    run.run(60)
    assert run.told == [("a", "unknown", "down")]


def test_a_failure_that_is_not_confirmed_is_not_told() -> None:
    times = iter([Verdict.OK, Verdict.STATUS, *[Verdict.OK] * 100])
    run = Inbox(lambda url, _: next(times) if url == URLS[0] else Verdict.OK)
    run.run(600)
    assert run.notices == []


def test_one_notice_has_all_changes_of_a_round() -> None:
    run = Inbox(failing(100, hosts="ab"))
    run.run(600)
    assert [len(notice["changes"]) for notice in run.notices] == [2]


def test_a_degraded_target_is_told() -> None:
    run = Inbox(failing(100, verdict=Verdict.SLOW))
    run.run(600)
    assert run.told == [("a", "up", "degraded")]


def test_a_notice_has_the_shape_that_the_manual_shows() -> None:
    run = Inbox(failing(100))
    run.run(200)
    [notice] = run.notices
    [change] = notice["changes"]
    assert list(notice) == ["sent_at", "changes", "certificates", "summary"]
    assert change.pop("id") == run.watch.overview.list_ids()[0]
    assert change.pop("since") <= notice["sent_at"]
    assert change == {
        "name": None,
        "url": "https://a.example/?token=****",
        "from": "up",
        "to": "down",
        "verdict": "status",
        "detail": "status",
    }
    assert {key: notice["summary"][key] for key in ("state", "targets", "up", "down")} == {
        "state": "down",
        "targets": 2,
        "up": 1,
        "down": 1,
    }


def test_in_a_long_round_a_change_is_told_after_a_minute() -> None:
    run = Inbox(failing(10_000), watch=3_600)
    run.run(20_000)
    [notice] = run.notices
    since, sent = (datetime.fromisoformat(text) for text in (notice["changes"][0]["since"], notice["sent_at"]))
    assert sent - since <= timedelta(seconds=61)


def test_nothing_is_told_while_the_own_network_is_suspected() -> None:
    urls = (*URLS, "https://b.example/2")
    run = Inbox(failing(100, 400, Verdict.DNS, "ab"), urls=urls)
    run.run(1_000)
    assert run.notices == []


def test_a_target_that_is_still_down_when_the_network_is_back_is_told() -> None:
    def find(url: str, seconds: float) -> Verdict:
        return Verdict.DNS if 100 <= seconds < (1e9 if url == URLS[0] else 400) else Verdict.OK

    run = Inbox(find, urls=(*URLS, "https://b.example/2"))
    run.run(1_000)
    assert run.told == [("a", "up", "down")]


def test_nothing_is_told_in_a_maintenance_window() -> None:
    window = Window(Once(START + timedelta(seconds=50), START + timedelta(seconds=500)))
    run = Inbox(failing(100, 300), windows=[window])
    run.run(1_000)
    assert run.notices == []


@pytest.mark.parametrize("expression", ["^https://a", "a.example/$"])
def test_a_window_is_for_targets_by_their_whole_url(expression: str) -> None:
    window = Window(Once(START, START + timedelta(seconds=500)), Pattern(expression))
    run = Inbox(lambda _, __: Verdict.STATUS, urls=("a.example", "b.example"), windows=[window])
    run.run(200)
    assert [change["url"] for notice in run.notices for change in notice["changes"]] == ["b.example"]


def test_a_target_that_is_still_down_after_its_maintenance_is_told() -> None:
    window = Window(Once(START + timedelta(seconds=50), START + timedelta(seconds=500)))
    run = Inbox(failing(100), windows=[window])
    run.run(490)
    assert run.notices == []
    run.run(600)
    assert run.told == [("a", "up", "down")]


def test_a_target_that_stays_down_is_told_again_on_the_interval_of_reminders() -> None:
    run = Inbox(failing(100), notify_repeat=300)
    run.run(1_100)
    assert run.told == [("a", "up", "down"), ("a", "down", "down"), ("a", "down", "down"), ("a", "down", "down")]


@pytest.mark.parametrize("start", [1e9, 100])
def test_there_is_no_reminder_of_targets_that_are_up_or_in_maintenance(start: float) -> None:
    window = Window(Once(START + timedelta(seconds=50), START + timedelta(days=1)))
    run = Inbox(failing(start), notify_repeat=300, windows=[window])
    run.run(1_100)
    assert run.notices == []


def test_a_target_that_is_gone_is_not_told() -> None:
    window = Window(Once(START + timedelta(seconds=50), START + timedelta(seconds=500)))
    run = Inbox(failing(100), windows=[window])
    run.run(490)
    run.load(URLS[1:])
    run.run(1_000)
    assert run.notices == []


def test_a_receiver_that_a_reload_adds_is_told_what_is_down() -> None:
    run = Inbox(failing(100), notify=None)
    run.run(300)
    assert run.notices == []
    run.inbox.configure(WatchSettings(watch=30, notify="https://hooks.example/"))
    run.run(400)
    assert len(run.notices) == 1
    assert [after for _, _, after in run.told] == ["down"]


@pytest.mark.parametrize("renewed", [False, True])
def test_a_certificate_is_told_at_21_14_7_and_1_days(renewed: bool) -> None:  # noqa: FBT001
    run = Inbox(failing(1e12), urls=URLS[1:], watch=3_600)
    end = START + timedelta(days=25)

    def step() -> None:
        for item in run.watch.take_due():
            expires = end if not renewed or run.now() < START + timedelta(days=15) else end + timedelta(days=90)
            outcome: Response = replace(RESPONSE, cert_expires=expires)
            run.watch.add([replace(make_finding(Verdict.OK, item, run.now()), outcome=outcome)])  # type: ignore[arg-type]

    run.step = step  # type: ignore[method-assign]
    run.run(timedelta(days=24.5).total_seconds())
    days = [certificate["days"] for notice in run.notices for certificate in notice["certificates"]]
    assert days == ([21, 14] if renewed else [21, 14, 7, 1])
    assert {*run.notices[0]["certificates"][0]} == {"id", "name", "url", "expires", "days"}
