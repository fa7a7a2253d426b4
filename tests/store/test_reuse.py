"""What passed lately is not asked again, where the stored facts answer today's question."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.store.conftest import Query
from tests.support.program import Urlcheck
from tests.support.servers import RawServer, Serve, reply, tls_with
from urlcheck import Result, Settings, Target, Verdict, check
from urlcheck.store.reuse import is_fresh

ANSWERS = {
    "/page": reply("200 OK", "X-Kind: page", body=b'{"state": "up"}'),
    "/old": reply("302 Found", "Location: /page"),
    "/gone": reply("404 Not Found"),
    "/wall": reply("200 OK", "cf-mitigated: challenge"),
    "/made": reply("201 Created"),
}
DAY = 86_400.0


@pytest.fixture
async def server(serve: Serve) -> RawServer:
    return await serve(ANSWERS)


async def ask(url: str, state: Path, **settings: Any) -> Result:
    [result] = await check([url], Settings(state=state, retries=0, **settings))
    return result


# what a run was told, what the next one is told, the page, and whether the second is answered by the first
CASES: list[tuple[dict[str, Any], dict[str, Any], str, bool]] = [
    ({}, {}, "/page", True),
    ({}, {"concurrency": 2, "rate": 1, "allow": {Verdict.DNS}}, "/page", True),
    ({}, {"accept": {200}}, "/page", True),
    ({}, {"accept": {204}}, "/page", False),
    ({}, {}, "/made", True),
    ({}, {"accept": {200}}, "/made", False),
    # failures
    ({}, {}, "/gone", False),
    ({}, {"accept": {404}}, "/gone", False),
    ({"allow": {Verdict.STATUS}}, {"allow": {Verdict.STATUS}}, "/gone", False),
    ({"accept": {404}}, {"accept": {404}}, "/gone", True),
    ({"accept": {404}}, {}, "/gone", False),
    # redirects
    ({}, {}, "/old", True),
    ({}, {"max_redirects": 1}, "/old", True),
    ({"max_redirects": 0, "accept": {302}}, {"max_redirects": 0, "accept": {302}}, "/old", True),
    ({"max_redirects": 0, "accept": {302}}, {"accept": {302, 200}}, "/old", False),
    ({}, {"max_redirects": 0, "accept": {302, 200}}, "/old", False),
    # time
    ({}, {"max_time": 60}, "/page", True),
    ({}, {"max_time": 1e-9}, "/page", False),
    ({}, {"timeout": 20}, "/page", True),
    # another request
    ({}, {"method": "HEAD"}, "/page", False),
    ({}, {"headers": {"X-A": "b"}}, "/page", False),
    ({"headers": {"X-A": "b"}}, {"headers": {"X-A": "b"}}, "/page", True),
    ({}, {"user_agent": "another"}, "/page", False),
    ({}, {"user": ("name", "password")}, "/page", False),
    ({}, {"method": "POST", "data": b"x"}, "/page", False),
    ({"method": "POST", "data": b"x"}, {"method": "POST", "data": b"y"}, "/page", False),
    ({}, {"ip_version": 4}, "/page", False),
    # expectations of content
    ({}, {"expect_text": ["up"]}, "/page", False),
    ({"expect_text": ["up"]}, {"expect_text": ["up"]}, "/page", True),
    ({"expect_text": ["up"]}, {"expect_text": ["state"]}, "/page", False),
    ({"expect_text": ["up"]}, {}, "/page", True),
    ({"expect_json": ["state == 'up'"]}, {"expect_json": ["state == 'up'"], "max_body": 100}, "/page", False),
    ({"expect_headers": {"X-Kind": "page"}}, {"expect_headers": {"X-Kind": "page"}}, "/page", True),
    ({}, {"expect_headers": {"X-Kind": "page"}}, "/page", False),
    # bot walls
    ({"accept": {200}}, {"accept": {200}}, "/wall", False),
    ({"accept": {200}}, {}, "/wall", False),
    # what was not verified
    ({"insecure": True}, {}, "/page", False),
    ({}, {"insecure": True}, "/page", True),
    ({}, {"block_private": True}, "/page", False),
    # certificates count for https alone
    ({}, {"min_cert_days": 30}, "/page", True),
]


@pytest.mark.parametrize(("before", "today", "page", "is_hit"), CASES)
async def test_a_stored_pass_answers_or_is_asked_again(
    before: dict[str, Any], today: dict[str, Any], page: str, *, is_hit: bool, server: RawServer, state: Path
) -> None:
    first = await ask(server.url + page, state, **before)
    server.heads.clear()
    second = await ask(server.url + page, state, max_age=DAY, **today)
    assert (second.cached, bool(server.heads)) == (is_hit, "block_private" not in today and not is_hit)
    if is_hit:
        assert (second.verdict, second.detail, second.ok) == (first.verdict, first.detail, True)


@pytest.mark.parametrize(("days", "verdict", "is_hit"), [(30, Verdict.OK, True), (100, Verdict.CERT, False)])
async def test_a_certificate_is_judged_by_its_stored_expiry(
    days: int, verdict: Verdict, *, is_hit: bool, serve: Serve, ca: trustme.CA, ca_file: str, state: Path
) -> None:
    server = await serve(ANSWERS, tls_with(ca.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=90))))
    await ask(f"{server.url}/page", state, ca_file=ca_file)
    second = await ask(f"{server.url}/page", state, ca_file=ca_file, max_age=DAY, min_cert_days=days)
    assert (second.verdict, second.cached) == (verdict, is_hit)


async def test_a_certificate_that_has_expired_since_is_asked_again(
    serve: Serve, ca: trustme.CA, ca_file: str, state: Path, query: Query
) -> None:
    server = await serve(ANSWERS, tls_with(ca.issue_cert("localhost")))
    await ask(f"{server.url}/page", state, ca_file=ca_file)
    alter_facts(query, state, cert_expires=int((datetime.now(UTC) - timedelta(hours=1)).timestamp()))
    assert (await ask(f"{server.url}/page", state, ca_file=ca_file, max_age=DAY)).cached is False


async def test_an_answer_that_took_longer_than_todays_timeout_is_asked_again(
    server: RawServer, state: Path, query: Query
) -> None:
    await ask(f"{server.url}/page", state)
    alter_facts(query, state, elapsed=6_000_000)
    assert (await ask(f"{server.url}/page", state, max_age=DAY, timeout=7)).cached is True
    assert (await ask(f"{server.url}/page", state, max_age=DAY, timeout=5)).cached is False


def alter_facts(query: Query, state: Path, **facts: object) -> None:
    """Write other facts into the state file."""
    [(text,)] = query("SELECT facts FROM result")
    connection = sqlite3.connect(state)
    with connection:
        connection.execute("UPDATE result SET facts = ?", (json.dumps({**json.loads(text), **facts}),))
    connection.close()


async def test_a_hit_keeps_the_time_of_its_check_and_its_redirects(server: RawServer, state: Path) -> None:
    first = await ask(f"{server.url}/old", state)
    second = await ask(f"{server.url}/old", state, max_age=DAY)
    old, new = first.to_dict(), second.to_dict()
    assert old.pop("cached") is False  # type: ignore[typeddict-item]
    assert new.pop("cached") is True  # type: ignore[typeddict-item]
    old["elapsed_ms"] = new["elapsed_ms"]
    assert old == new


async def test_a_hit_stays_as_old_as_it_was(server: RawServer, state: Path, query: Query) -> None:
    await ask(f"{server.url}/page", state)
    before = query("SELECT checked_at, streak, facts FROM target JOIN result ON number = result")
    await ask(f"{server.url}/page", state, max_age=DAY)
    assert query("SELECT checked_at, streak, facts FROM target JOIN result ON number = result") == before


async def test_without_a_maximal_age_everything_is_asked(server: RawServer, state: Path) -> None:
    for _ in range(2):
        assert (await ask(f"{server.url}/page", state)).cached is False
    assert len(server.heads) == 2


async def test_settings_of_a_target_count_for_it_alone(server: RawServer, state: Path) -> None:
    url = f"{server.url}/page"
    targets: list[str | Target] = [url, Target(url, settings=Settings(retries=0, expect_text=["up"]))]
    for cached in (False, True):
        results = await check(targets, Settings(state=state, retries=0, max_age=DAY))
        assert [result.cached for result in results] == [cached, cached]
    assert [result.cached for result in await check(targets[1:], Settings(state=state, max_age=DAY))] == [True]


async def test_a_secret_in_a_url_is_part_of_what_was_asked(server: RawServer, state: Path) -> None:
    server._answer = reply()
    await ask(f"{server.url}/page?token=first-secret", state)
    assert (await ask(f"{server.url}/page?token=other-secret", state, max_age=DAY)).cached is False
    assert (await ask(f"{server.url}/page?token=first-secret", state, max_age=DAY)).cached is True


async def test_the_last_keys_of_a_record_say_what_was_cached(server: RawServer, urlcheck: Urlcheck) -> None:
    for cached in (False, True):
        [record] = (await urlcheck("--state", "a.db", "--max-age", "2d", "-o", "jsonl", f"{server.url}/page")).records
        assert [*record][-2:] == ["change", "cached"]
        assert record["cached"] is cached


async def test_the_summary_counts_what_was_cached(server: RawServer, urlcheck: Urlcheck) -> None:
    arguments = ("--state", "a.db", "--max-age", "2d", f"{server.url}/page")
    await urlcheck(*arguments)
    assert "1 URL   ✓ 1 passed   1 cached   in " in (await urlcheck(*arguments)).stdout


# --- age ---

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(0, True), (21 * HOUR, True), (27 * HOUR, False), (-1, False), (-50 * HOUR, False), (50_000 * HOUR, False)],
    ids=["now", "young", "old", "a moment ahead", "clock set back", "clock set forward"],
)
def test_a_fact_counts_up_to_its_age(age: int, *, fresh: bool) -> None:
    assert is_fresh(12345, NOW - age, NOW, DAY) is fresh


def test_not_all_facts_of_a_run_fall_due_at_once() -> None:
    fresh = [is_fresh(identity, NOW - 24 * HOUR, NOW, DAY) for identity in range(1000)]
    assert 400 < sum(fresh) < 600


async def test_what_a_proxy_of_the_environment_would_answer_is_asked(
    server: RawServer, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(f"{server.url}/page", state)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert not (await ask(f"{server.url}/page", state, max_age=DAY)).cached


async def test_what_other_credentials_of_netrc_would_be_answered_is_asked(
    server: RawServer, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(netrc))
    found = []
    for password in ("one", "one", "two"):
        netrc.write_text(f"machine 127.0.0.1 login joe password {password}\n", encoding="utf-8")
        netrc.chmod(0o600)
        found.append((await ask(f"{server.url}/page", state, netrc=True, max_age=DAY)).cached)
    assert found == [False, True, False]
