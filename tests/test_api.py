from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing

import pytest

import urlcheck
from tests.support.servers import Serve, hold, reply
from urlcheck import Response, Settings, SettingsError, Verdict, check, check_urls
from urlcheck.demo.site import serve_aside


async def test_the_results_of_check_are_in_the_order_of_the_input(serve: Serve) -> None:
    last_is_done = asyncio.Event()

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        if target == "/last":
            last_is_done.set()
        await last_is_done.wait()
        writer.write(reply())

    server = await serve(answer)
    urls = [f"{server.url}/{name}" for name in ("first", "second", "last")]
    assert [result.target.url for result in await check(urls)] == urls


async def test_a_result_holds_the_facts_and_the_verdict(site: str) -> None:
    [result] = await check([f"{site}/status/404"])
    assert isinstance(result.outcome, Response)
    assert (result.outcome.status, result.verdict, result.detail) == (404, Verdict.STATUS, "404 Not Found")
    assert result.checked_at.tzinfo is not None


async def test_no_url_gives_no_result() -> None:
    assert await check([]) == []


async def test_results_come_while_others_are_under_way(serve: Serve) -> None:
    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        if target == "/held":
            await hold(target, writer)
        writer.write(reply())

    server = await serve(answer)
    async with aclosing(check_urls([f"{server.url}/held", f"{server.url}/done"])) as results:
        assert (await anext(results)).target.url == f"{server.url}/done"


async def as_asynchronous(urls: list[str]) -> AsyncIterator[str]:
    for url in urls:
        yield url


def as_generator(urls: list[str]) -> Iterator[str]:
    yield from urls


@pytest.mark.parametrize("form", [list, tuple, as_generator, as_asynchronous])
async def test_urls_may_be_any_iterable(site: str, form: Callable[[list[str]], AsyncIterator[str]]) -> None:
    urls = [f"{site}/health", f"{site}/users"]
    assert [result.target.url for result in await check(form(urls))] == urls


async def test_an_endless_iterable_is_read_no_further_than_needed(site: str) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield f"{site}/health?{read}"

    async with aclosing(check_urls(endless(), Settings(concurrency=2))) as results:
        await anext(results)
    assert read <= 50_100  # of one host, as far as others are looked for behind it


async def test_a_broken_iterable_raises_its_own_error(site: str) -> None:
    def broken() -> Iterator[str]:
        yield f"{site}/health"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await check(broken())


async def test_settings_are_respected(site: str) -> None:
    settings = Settings(accept={404}, exclude=("health",), max_redirects=0, dedupe=False)
    paths = ["/status/404", "/status/404", "/health", "/redirect/1"]
    results = await check([site + path for path in paths], settings)
    assert [result.verdict for result in results] == [Verdict.OK, Verdict.OK, Verdict.SKIPPED, Verdict.STATUS]


@pytest.mark.parametrize(("field", "value"), [("include", ("(",)), ("base_url", "nowhere"), ("ca_file", "missing.pem")])
async def test_a_setting_that_cannot_be_used_raises_a_value_error(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field}: ") as raised:
        await check(["http://127.0.0.1:9"], Settings(**{field: value}))  # type: ignore[arg-type]
    assert raised.type is SettingsError


def test_closing_the_results_leaves_no_task_behind() -> None:
    async def close_after_one(site: str) -> set[asyncio.Task[object]]:
        async with aclosing(check_urls([f"{site}/health", f"{site}/delay/30"])) as results:
            await anext(results)
        return asyncio.all_tasks() - {asyncio.current_task()}

    with serve_aside() as site:
        assert asyncio.run(close_after_one(site)) == set()


def test_breaking_out_of_the_loop_ends_cleanly() -> None:
    async def break_after_one(site: str) -> Verdict:
        async for result in check_urls([f"{site}/health", f"{site}/delay/30"]):
            verdict = result.verdict
            break
        return verdict

    with serve_aside() as site:  # what would be left behind is a warning, and so an error
        assert asyncio.run(break_after_one(site)) is Verdict.OK


@pytest.mark.parametrize("name", urlcheck.__all__)
def test_what_is_public_is_there(name: str) -> None:
    assert hasattr(urlcheck, name)
