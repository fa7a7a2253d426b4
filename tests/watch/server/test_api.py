from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from tests.support.builders import CHECKED_AT, FAILURE, NOT_FOUND, make_result, make_target
from tests.watch.server.conftest import Open
from tests.watch.server.fake import SINCE, FakeWatch, make_down, make_view
from urlcheck.watch.view import Change, DayUptime, RoundView, State

SECRET = "https://ada:lovelace@example.org/?token=s3cr3t-t0ken-value"


async def fetch(client: ClientSession, url: str, status: int = 200) -> object:
    async with client.get(url) as response:
        assert response.status == status
        return await response.json()


async def list_ids(client: ClientSession, url: str) -> list[str]:
    async with client.get(url) as response:
        return [target["id"] for target in (await response.json())["targets"]]


async def test_a_target_is_the_record_of_its_last_check_and_its_state(open_page: Open, client: ClientSession) -> None:
    view = make_view(name="Home page", result=make_result())
    url = await open_page(FakeWatch(view))
    assert view.result
    assert await fetch(client, url + "api/v1/targets/a1") == {
        **view.result.to_dict(),
        "id": "a1",
        "name": "Home page",
        "link": "https://example.org/",
        "state": "up",
        "since": "2026-11-22T09:31:00Z",
        "next_check": "2026-11-22T09:30:30Z",
        "in_maintenance": False,
        "uptime_24h": 1.0,
        "uptime_30d": 0.9995,
    }


async def test_a_target_before_its_first_check_has_all_keys(open_page: Open, client: ClientSession) -> None:
    url = await open_page(FakeWatch(make_view(), make_view("new", result=None, state=State.UNKNOWN, url=SECRET)))
    known, new = [await fetch(client, url + f"api/v1/targets/{target}") for target in ("a1", "new")]
    assert isinstance(known, dict)
    assert isinstance(new, dict)
    assert known.keys() == new.keys()
    assert (new["verdict"], new["ok"], new["url"]) == (None, None, "https://ada:****@example.org/?token=****")


async def test_a_target_that_does_not_exist_is_not_found(open_page: Open, client: ClientSession) -> None:
    url = await open_page()
    assert await fetch(client, url + "api/v1/targets/a1", 404) == {"error": "no such target"}
    assert await fetch(client, url + "api/v1/targets/a1/history", 404) == {"error": "no such target"}


async def test_the_summary_counts_states_and_says_since_when(open_page: Open, client: ClientSession) -> None:
    later = SINCE + timedelta(hours=1)
    watch = FakeWatch(make_view(), make_down(since=later), make_down("c3"), make_down("d4", in_maintenance=True))
    watch.round = RoundView(CHECKED_AT, None, None, 3, 30)
    summary = await fetch(client, await open_page(watch) + "api/v1/summary")
    assert isinstance(summary, dict)
    del summary["now"]
    assert summary == {
        "state": "down",
        "targets": 4,
        "up": 1,
        "unknown": 0,
        "degraded": 0,
        "suspect": 0,
        "down": 2,
        "maintenance": 1,
        "since": "2026-11-22T09:31:00Z",
        "round": {"started": "2026-11-22T09:30:00Z", "seconds": None, "skipped": 3, "interval": 30},
    }


async def test_all_are_up_since_the_last_one_came_back(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view(), make_view("b2", since=SINCE + timedelta(hours=1)))
    summary = await fetch(client, await open_page(watch) + "api/v1/summary")
    assert isinstance(summary, dict)
    assert (summary["state"], summary["since"]) == ("up", "2026-11-22T10:31:00Z")


async def test_a_watch_without_targets_is_unknown(open_page: Open, client: ClientSession) -> None:
    summary = await fetch(client, await open_page() + "api/v1/summary")
    assert isinstance(summary, dict)
    assert (summary["state"], summary["targets"], summary["since"]) == ("unknown", 0, None)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["a1", "b2", "c3", "n"]),
        ("state=down", ["b2"]),
        ("state=down,up", ["a1", "b2"]),
        ("state=down&state=up", ["a1", "b2"]),
        ("verdict=connect", ["c3"]),
        ("verdict=ok,status&state=down", ["b2"]),
        ("q=GONE", ["b2"]),
        ("q=shop", ["c3"]),
        ("q=lovelace", []),
        ("q=no+such+word", []),
    ],
)
async def test_filters_choose_targets(open_page: Open, client: ClientSession, query: str, ids: list[str]) -> None:
    result = make_result(FAILURE, make_target(SECRET))
    watch = FakeWatch(
        make_view(),
        make_down("b2"),
        make_view("c3", name="The Shop", result=result, state=State.SUSPECT),
        make_view("n", result=None, state=State.UNKNOWN),
    )
    assert await list_ids(client, f"{await open_page(watch)}api/v1/targets?{query}") == ids


async def test_a_target_in_maintenance_is_found_as_the_summary_counts_it(open_page: Open, client: ClientSession) -> None:
    url = await open_page(FakeWatch(make_down("b2"), make_down("c3", in_maintenance=True))) + "api/v1/targets?state="
    assert await list_ids(client, url + "down") == ["b2"]
    assert await list_ids(client, url + "maintenance") == ["c3"]


@pytest.mark.parametrize("query", ["state=sideways", "verdict=good", "q=" + "x" * 201, "cursor=gone"])
async def test_a_filter_that_cannot_be_is_refused(open_page: Open, client: ClientSession, query: str) -> None:
    error = await fetch(client, f"{await open_page()}api/v1/targets?{query}", 400)
    assert isinstance(error, dict)
    assert error["error"].startswith(query.partition("=")[0])


async def test_a_long_list_comes_in_parts(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(*(make_view(f"t{number}") for number in range(1_100)))
    url, cursor = await open_page(watch) + "api/v1/targets", ""
    ids: list[str] = []
    for _ in range(5):
        async with client.get(url, params={"cursor": cursor}) as response:
            answer = await response.json()
        ids += [target["id"] for target in answer["targets"]]
        cursor = answer["next"]
        watch.put(make_down("t3"))
    assert cursor is None
    assert ids == [*watch.targets]


async def test_an_answer_that_is_known_is_not_sent_again(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view())
    url = await open_page(watch) + "api/v1/targets"
    async with client.get(url) as response:
        headers = {"If-None-Match": response.headers["ETag"]}
    async with client.get(url, headers=headers) as response:
        assert (response.status, await response.read()) == (304, b"")
    watch.put(make_down("a1"))
    async with client.get(url, headers=headers) as response:
        assert response.status == 200


async def test_targets_that_come_and_go_are_followed_in_the_order_of_the_input(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view("a1"), make_view("b2"))
    url = await open_page(watch) + "api/v1/targets"
    assert await list_ids(client, url) == ["a1", "b2"]
    watch.remove("a1")
    watch.targets = {"c3": make_view("c3"), **watch.targets}
    watch.tell("c3")
    assert await list_ids(client, url) == ["c3", "b2"]


async def test_only_what_changed_is_built_anew(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(*(make_view(f"t{number}") for number in range(300)))
    url = await open_page(watch) + "api/v1/summary"
    await fetch(client, url)
    watch.finds = 0
    watch.put(make_down("t3"))
    await fetch(client, url)
    assert watch.finds == 1


async def test_nothing_is_built_while_nobody_asks(open_page: Open) -> None:
    watch = FakeWatch(make_view())
    await open_page(watch)
    watch.put(make_down("a1"))
    assert watch.finds == 0


async def test_the_history_has_the_last_checks_changes_and_days(open_page: Open, client: ClientSession) -> None:
    change = Change(SINCE, State.SUSPECT, State.DOWN, "status", "404 Not Found")
    view = make_down(
        "a1", changes=[change], days=[DayUptime("2026-11-21", None), DayUptime("2026-11-22", 0.98, in_maintenance=True)]
    )
    assert await fetch(client, await open_page(FakeWatch(view)) + "api/v1/targets/a1/history") == {
        "id": "a1",
        "latencies_ms": [81.4, None, 79.2],
        "changes": [
            {"at": "2026-11-22T09:31:00Z", "from": "suspect", "to": "down", "verdict": "status", "detail": "404 Not Found"}
        ],
        "days": [
            {"day": "2026-11-21", "uptime": None, "in_maintenance": False},
            {"day": "2026-11-22", "uptime": 0.98, "in_maintenance": True},
        ],
    }


async def test_the_histories_of_many_targets_come_at_once(open_page: Open, client: ClientSession) -> None:
    url = await open_page(FakeWatch(make_view(), make_down())) + "api/v1/histories?"
    answer = await fetch(client, url + "id=b2&id=gone&id=a1")
    assert isinstance(answer, dict)
    assert [history["id"] for history in answer["histories"]] == ["b2", "a1"]
    assert await fetch(client, url + "&".join(["id=a1"] * 101), 400) == {"error": "id: at most 100"}


async def test_a_secret_is_masked_in_the_target_and_in_its_history(open_page: Open, client: ClientSession) -> None:
    outcome = replace(NOT_FOUND, url="https://example.org/?token=s3cr3t-t0ken-value", reason="no s3cr3t-t0ken-value here")
    result = make_result(outcome, make_target(SECRET))
    change = Change(SINCE, State.UP, State.DOWN, "status", result.detail)
    url = await open_page(FakeWatch(make_down("a1", result=result, changes=[change])))
    for route in ("api/v1/targets", "api/v1/targets/a1/history", "", "metrics", "badge/a1.svg"):
        async with client.get(url + route) as response:
            text = await response.text()
            assert "s3cr3t" not in text
            assert "lovelace" not in text


@pytest.mark.parametrize(("age", "status"), [(0, 200), (59, 200), (61, 503), (86_400, 503)])
async def test_the_health_is_bad_once_the_last_round_is_two_intervals_old(
    open_page: Open, client: ClientSession, age: int, status: int
) -> None:
    watch = FakeWatch(interval=30)
    then = datetime.now(UTC) - timedelta(seconds=age)
    for finished in (then, None):
        watch.round = RoundView(then, finished, None, 0, 30)
        answer = await fetch(client, await open_page(watch) + "healthz", status)
        assert isinstance(answer, dict)
        assert answer["healthy"] is (status == 200)
