"""The entry to everything below: a run over a source, as the command line and Python programs use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace

from urlcheck.backends.autoscaler import Autoscaler
from urlcheck.backends.coordinator import Coordinator
from urlcheck.backends.local import open_local
from urlcheck.backends.protocol import Backend
from urlcheck.input.iterable_source import IterableSource, Urls
from urlcheck.input.source import Source
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.model.result import Result
from urlcheck.runtime.cores import can_start_again, count_cores
from urlcheck.runtime.event_loop import choose_loop
from urlcheck.settings.checks import Checks
from urlcheck.settings.scopes import CheckSettings, InputSettings, RunSettings
from urlcheck.settings.settings import Settings
from urlcheck.store.opening import open_store

# with more processes than this the reading and reporting one is the bottleneck; who knows better asks for a number
_MOST_BY_ITSELF = 8


@asynccontextmanager
async def open_checker(source: Source, settings: RunSettings, checks: Sequence[CheckSettings]) -> AsyncIterator[Coordinator]:
    """A run over the targets of a source, in as many processes as the settings and the list call for.

    `checks` are the settings that the targets refer to by number. Raises `SettingsError` for a setting that cannot be used.
    """
    processes = min(count_processes(settings), settings.concurrency)
    async with open_local(settings, checks, children=processes - 1) as engine:
        scaler = None
        if processes > 1:
            scaler = Autoscaler(_open_process(settings, checks), processes - 1, is_asked=settings.processes != "auto")
        yield Coordinator(source, engine, settings, checks, scaler)


def _open_process(settings: RunSettings, checks: Sequence[CheckSettings]) -> Callable[[], Awaitable[Backend]]:
    """A function that opens another process, which leaves the deadline to this one."""

    async def open_backend() -> Backend:
        from urlcheck.backends.process import open_process  # noqa: PLC0415 - most runs need one process

        return await open_process(replace(settings, deadline=None, processes=1), checks)

    return open_backend


def count_processes(settings: RunSettings) -> int:
    """The number that is asked for, or one for each core. A run that waits has little to do, and needs one."""
    if not can_start_again():
        return 1
    if settings.processes != "auto":
        return settings.processes
    return 1 if settings.wait else min(count_cores(), _MOST_BY_ITSELF)


async def check(urls: Urls, settings: Settings | None = None) -> list[Result]:
    """Check every URL: the results, in the order of the input. Raises as `check_urls` does.

    What the iterable raises is raised after the targets before it are checked: its attribute `results` has their results.
    """
    results: list[Result] = []
    try:
        async with aclosing(check_urls(urls, settings)) as finished:
            async for result in finished:
                results.append(result)  # noqa: PERF401 - those before an error are kept
    except Exception as error:
        with suppress(AttributeError):  # a class with slots
            error.results = _sort(results)  # type: ignore[attr-defined]
        raise
    return _sort(results)


def check_sync(urls: Urls, settings: Settings | None = None) -> list[Result]:
    """`check` for programs without an event loop. Raises `RuntimeError` inside a running one, which it would block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner(loop_factory=choose_loop()) as runner:
            return runner.run(check(urls, settings))
    raise RuntimeError("check_sync blocks the event loop that is running here; write: await check(urls)")


def check_urls(urls: Urls, settings: Settings | None = None) -> AsyncGenerator[Result, None]:
    """Check every URL and yield each result as it is reached, in bounded memory.

    `urls` is an iterable or an asynchronous iterable of texts, `Target`s or URL objects such as `yarl.URL`. What it raises is
    raised once the targets before it are checked. Raises `SettingsError`, `TypeError` for what is not a URL, and `StateError`
    for a state file that cannot be used; where it fails in the middle, after the results.
    """
    if not isinstance(settings, Settings | None):
        raise TypeError(f"the settings are of type {type(settings).__name__}, not Settings")
    settings = settings or Settings()
    checks = Checks(settings)
    builder = TargetBuilder(settings.part(InputSettings), checks)
    return _check(IterableSource(urls, builder), settings, checks, builder)


async def _check(source: Source, settings: Settings, checks: Checks, builder: TargetBuilder) -> AsyncGenerator[Result, None]:
    async with open_store(settings, checks, builder) as store:
        run_settings = settings.part(RunSettings)
        async with open_checker(store.recall(source), run_settings, checks) as run, aclosing(run.batches()) as batches:
            async for batch in batches:
                for result in store.remember(batch):
                    yield result
        store.is_whole = True
    if store.error:
        raise store.error


def _sort(results: list[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.target.index)
