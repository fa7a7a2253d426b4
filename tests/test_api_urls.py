"""What a program may give as URLs, and what becomes of the results where it cannot go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.support.servers import Serve, reply
from urlcheck import CheckSettings, Result, Settings, SettingsError, Target, Verdict, check, check_sync, check_urls
from urlcheck.demo.site import serve_aside


class BrokenError(Exception):
    pass


def broken(site: str, count: int) -> Iterator[str]:
    for number in range(count):
        yield f"{site}/health?{number}"
    raise BrokenError


async def broken_async(site: str, count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield f"{site}/health?{number}"
    raise BrokenError


PRODUCERS = pytest.mark.parametrize("producer", [broken, broken_async])


@PRODUCERS
async def test_a_producer_that_raises_loses_no_result(site: str, producer: Callable[[str, int], Any]) -> None:
    finished = set()

    async def collect() -> None:
        async for result in check_urls(producer(site, 100)):
            finished.add(result.target.index)

    with pytest.raises(BrokenError):
        await collect()
    assert finished == {*range(100)}


@PRODUCERS
async def test_the_error_of_a_producer_has_the_results_in_order(site: str, producer: Callable[[str, int], Any]) -> None:
    with pytest.raises(BrokenError) as raised:
        await check(producer(site, 70))
    results: list[Result] = raised.value.results  # type: ignore[attr-defined]
    assert [result.target.index for result in results] == [*range(70)]


async def test_a_silent_producer_does_not_outlast_the_deadline() -> None:
    async def silent() -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    assert await check(silent(), Settings(deadline=0.01)) == []


@pytest.mark.parametrize(
    ("urls", "reason"),
    [
        ("http://example.org", r"the URLs are a str, not a list; write \[url\] for a single one"),
        (URL("http://example.org"), "the URLs are a URL, not a list"),
        (Target("http://example.org"), "the URLs are a Target, not a list"),
        (b"http://example.org", "the URLs are bytes, not an iterable"),
        (None, "the URLs are None, not an iterable"),
        (Path("urls.txt"), "the URLs are a path, not an iterable"),
    ],
)
def test_what_is_no_iterable_of_urls_is_refused_in_words(urls: Any, reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        check_urls(urls)


@pytest.mark.parametrize(
    ("entry", "words"), [(None, "None"), (b"http://a", "bytes"), (Path("urls.txt"), "a path"), (3, "of type int")]
)
async def test_an_entry_that_is_no_url_is_refused_in_words_after_the_others(site: str, entry: Any, words: str) -> None:
    with pytest.raises(TypeError, match=f"^entry 2 of the URLs is {words}; a URL is a str") as raised:
        await check([f"{site}/health", entry])
    assert [result.verdict for result in raised.value.results] == [Verdict.OK]  # type: ignore[attr-defined]


def test_settings_of_another_type_are_refused_in_words() -> None:
    with pytest.raises(TypeError, match="the settings are of type dict, not Settings"):
        check_urls([], {"retries": 0})  # type: ignore[arg-type] # which is the point


async def test_a_yarl_url_is_a_url(site: str) -> None:
    [result] = await check([URL(site) / "health"])
    assert (result.target.url, result.verdict) == (f"{site}/health", Verdict.OK)


async def test_the_url_of_a_result_is_a_url_with_its_credentials(serve: Serve) -> None:
    server = await serve(reply())
    [first] = await check([server.url.replace("://", "://me:secret@")])
    assert first.target.request
    [second] = await check([first.target.request])
    assert second.target.request == first.target.request
    assert [head.count("Authorization: Basic") for head in server.heads] == [1, 1]


# --- targets ---


async def test_the_data_of_a_target_comes_back(site: str) -> None:
    data = {"row": 1}
    results = await check([Target(f"{site}/health", data=data), Target("ftp://host", data=2, name="b", source="db", line=3)])
    assert results[0].target.data is data
    target = results[1].target
    assert (target.data, target.name, target.source, target.line) == (2, "b", "db", 3)


async def test_a_url_is_checked_once_for_each_target_with_data(site: str) -> None:
    url = f"{site}/health"
    urls: list[str | Target] = [Target(url, data=0), Target(url, data=1), url, url]
    results = await check(urls)
    assert [result.target.data for result in results] == [0, 1, None]


async def test_a_target_has_settings_of_its_own(site: str) -> None:
    own = Settings(accept={404})
    urls: list[str | Target] = [
        f"{site}/status/404",
        Target(f"{site}/status/404", settings=own),
        Target(f"{site}/health", settings=own),
    ]
    assert [result.verdict for result in await check(urls)] == [Verdict.STATUS, Verdict.OK, Verdict.STATUS]


def test_targets_have_settings_of_their_own_in_further_processes_too() -> None:
    with serve_aside() as site:
        port = int(site.rpartition(":")[2])
        urls = [f"http://host{number}.test:{port}/status/404" for number in range(60)]
        own = [CheckSettings(accept={status}, resolve=[("*", port, "127.0.0.1")]) for status in (200, 404)]
        targets = [Target(url, data=number, settings=own[number % 2]) for number, url in enumerate(urls)]
        results = check_sync(targets, Settings(processes=2))
    assert [(result.target.data, result.ok) for result in results] == [(number, number % 2 == 1) for number in range(60)]


async def test_a_result_can_be_checked_again(site: str) -> None:
    [first] = await check([Target(f"{site}/status/404", data=1, settings=CheckSettings(accept={404}))])
    [_, again] = await check([f"{site}/health", first.target])
    assert (again.verdict, again.target.data, again.target.index) == (Verdict.OK, 1, 1)


async def test_settings_of_a_target_that_cannot_be_used_raise_after_the_others_are_checked(site: str) -> None:
    with pytest.raises(SettingsError, match=r"ca_file: cannot read missing\.pem") as raised:
        await check([f"{site}/health", Target(f"{site}/users", settings=Settings(ca_file="missing.pem"))])
    assert [result.verdict for result in raised.value.results] == [Verdict.OK]  # type: ignore[attr-defined]


async def test_a_setting_of_the_run_is_refused_for_a_target(site: str) -> None:
    with pytest.raises(SettingsError, match="concurrency: is a setting of the whole run"):
        await check([Target(f"{site}/health", settings=Settings(concurrency=1))])
    [result] = await check([Target(f"{site}/health", settings=Settings(concurrency=1))], Settings(concurrency=1))
    assert result.ok


async def test_settings_of_a_target_of_another_type_are_refused() -> None:
    with pytest.raises(TypeError, match="the settings of a target are of type dict, not Settings"):
        await check([Target("http://127.0.0.1:9", settings={"accept": 404})])
