from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from tests.support.builders import FAILURE, RESPONSE, make_result, make_target
from tests.watch.server.conftest import Open
from tests.watch.server.fake import FakeWatch, make_down, make_view
from urlcheck.model.outcome import FailureKind, Hop
from urlcheck.settings.identity import VERSION
from urlcheck.watch.server import metrics
from urlcheck.watch.view import RoundView, State, TargetView

URL = "https://example.org/"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(client: ClientSession, url: str) -> str:
    async with client.get(url + "metrics") as response:
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return await response.text()


async def measure(open_page: Open, client: ClientSession, *targets: TargetView) -> Samples:
    """The samples, as Prometheus' own client reads them."""
    return parse(await scrape(client, await open_page(FakeWatch(*targets))))


def parse(text: str) -> Samples:
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    samples = [(sample.name, frozenset(sample.labels.items()), sample.value) for each in families for sample in each.samples]
    found = {(name, labels): value for name, labels, value in samples}
    assert len(found) == len(samples)
    return found


def key(name: str, /, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_a_target_has_the_metrics_of_blackbox_exporter(open_page: Open, client: ClientSession) -> None:
    result = make_result(replace(RESPONSE, hops=(Hop(301, "http://example.org/"),)))
    samples = await measure(open_page, client, make_view(result=result))
    assert {name: value for (name, labels), value in samples.items() if name.startswith("probe_")} == {
        "probe_success": 1,
        "probe_duration_seconds": 0.0814,
        "probe_http_status_code": 200,
        "probe_http_redirects": 1,
        "probe_http_ssl": 1,
        "probe_ssl_earliest_cert_expiry": datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC).timestamp(),
    }
    assert key("probe_success", target=URL) in samples


async def test_a_target_without_an_answer_has_status_0(open_page: Open, client: ClientSession) -> None:
    samples = await measure(open_page, client, make_view(result=make_result(FAILURE)))
    assert samples[key("probe_success", target=URL)] == samples[key("probe_http_status_code", target=URL)] == 0
    assert key("probe_ssl_earliest_cert_expiry", target=URL) not in samples


async def test_an_expired_certificate_keeps_its_time(open_page: Open, client: ClientSession) -> None:
    expired = datetime(2026, 10, 1, tzinfo=UTC)
    failure = replace(FAILURE, kind=FailureKind.TLS, message="certificate expired on 2026-10-01", cert_expires=expired)
    samples = await measure(open_page, client, make_view(result=make_result(failure)))
    assert samples[key("probe_ssl_earliest_cert_expiry", target=URL)] == expired.timestamp()


async def test_a_target_has_one_state_and_its_counters(open_page: Open, client: ClientSession) -> None:
    samples = await measure(open_page, client, make_down("b2", URL, state_changes=3, in_maintenance=True, name="Shop"))
    assert {state: samples[key("urlcheck_state", target=URL, state=state)] for state in State} == {
        **dict.fromkeys(State, 0),
        State.DOWN: 1,
    }
    assert samples[key("urlcheck_checks_total", target=URL, verdict="status")] == 2
    assert samples[key("urlcheck_state_changes_total", target=URL)] == 3
    assert samples[key("urlcheck_maintenance", target=URL)] == 1
    assert samples[key("urlcheck_target_info", target=URL, id="b2", name="Shop")] == 1


async def test_a_target_before_its_first_check_has_no_probe(open_page: Open, client: ClientSession) -> None:
    samples = await measure(open_page, client, make_view(result=None, state=State.UNKNOWN, checks={}))
    assert not [name for name, _ in samples if name.startswith("probe_")]
    assert samples[key("urlcheck_state", target=URL, state="unknown")] == 1


async def test_the_round_and_the_version_are_there(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch()
    finished = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    watch.round = RoundView(finished, finished, 1.25, 2, 30)
    assert parse(await scrape(client, await open_page(watch))) == {
        key("urlcheck_round_duration_seconds"): 1.25,
        key("urlcheck_last_round_timestamp_seconds"): finished.timestamp(),
        key("urlcheck_rounds_skipped_total"): 2,
        key("urlcheck_interval_seconds"): 30,
        key("urlcheck_build_info", version=VERSION): 1,
    }


async def test_before_the_first_round_has_ended_it_has_no_time(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch()
    watch.round = RoundView(datetime.now(UTC), None, None, 0, 30)
    assert {name for name, _ in parse(await scrape(client, await open_page(watch)))} == {
        "urlcheck_rounds_skipped_total",
        "urlcheck_interval_seconds",
        "urlcheck_build_info",
    }


async def test_a_target_that_is_removed_during_a_scrape_has_no_series(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view(), make_down())
    url = await open_page(watch)
    await scrape(client, url)
    del watch.targets["b2"]  # the board is told later
    assert {dict(labels)["target"] for name, labels in parse(await scrape(client, url)) if name == "urlcheck_state"} == {URL}


async def test_the_series_of_a_removed_target_end(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view(), make_down())
    url = await open_page(watch)
    assert "/gone" in await scrape(client, url)
    watch.remove("b2")
    assert "/gone" not in await scrape(client, url)


async def test_targets_with_the_same_url_have_different_labels(open_page: Open, client: ClientSession) -> None:
    urls = [f"https://example.org/?token={letter * 20}" for letter in "xyz"]
    targets = [make_view(f"t{n}", result=make_result(target=make_target(url))) for n, url in enumerate(urls)]
    samples = await measure(open_page, client, *targets)
    assert key("probe_success", target="https://example.org/?token=**** (t0)") in samples


async def test_a_head_request_has_no_body(open_page: Open, client: ClientSession) -> None:
    async with client.head(await open_page(FakeWatch(make_view())) + "metrics") as response:
        assert int(response.headers["Content-Length"]) > 1_000
        assert await response.read() == b""


async def test_collectors_beyond_the_limit_are_told_to_come_later(
    open_page: Open, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MOST_SCRAPES", 0)
    async with client.get(await open_page() + "metrics") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("hostile", ['a"} 1\nforged{x="', "a\\", "a\\n", "\u2028é\x00", '",target="b'])
async def test_a_url_cannot_forge_metrics(open_page: Open, client: ClientSession, hostile: str) -> None:
    result = make_result(target=make_target(f"https://example.org/{hostile}"))
    samples = await measure(open_page, client, make_view("a1", result=result, name=hostile))
    assert not [name for name, _ in samples if not name.startswith(("probe_", "urlcheck_"))]
    assert len({dict(labels)["target"] for _, labels in samples if "target" in dict(labels)}) == 1
