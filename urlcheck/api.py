"""The public entry: `open_checker`, used by the command line and by `check`, `check_sync` and `check_urls`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import replace

from urlcheck.backends.autoscaler import Autoscaler
from urlcheck.backends.coordinator import Coordinator
from urlcheck.backends.local import open_local
from urlcheck.backends.protocol import Backend, Scaler
from urlcheck.backends.starting import count_processes
from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.input.iterable_source import IterableSource, Urls
from urlcheck.input.source import Source
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.model.errors import SettingsError
from urlcheck.model.result import Result
from urlcheck.runtime.event_loop import choose_loop
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.checks import Checks
from urlcheck.settings.scopes import CheckSettings, InputSettings, RunSettings
from urlcheck.settings.settings import Settings
from urlcheck.store.opening import open_store


@asynccontextmanager
async def open_checker(
    source: Source, settings: RunSettings, checks: Sequence[CheckSettings], children: list[WorkerProcess] | None = None
) -> AsyncIterator[Coordinator]:
    """A run over the targets of a source, in as many processes as the settings and the list call for, or on a cluster.

    `checks` are the settings that the targets refer to by number; `children`: processes that were started already, from which
    the run takes those that it needs. Raises `SettingsError` for a setting that cannot be used.
    """
    if settings.dask:
        async with _load_cluster()(settings, checks) as cluster:
            yield Coordinator(source, None, settings, checks, cluster)
        return
    processes = min(count_processes(settings), settings.concurrency)
    async with open_local(settings, checks, children=processes - 1) as engine:
        scaler = None
        if processes > 1:
            open_backend = _open_process(settings, checks, children or [])
            scaler = Autoscaler(open_backend, processes - 1, is_asked=settings.processes != "auto")
        yield Coordinator(source, engine, settings, checks, scaler)


def _load_cluster() -> Callable[[RunSettings, Sequence[CheckSettings]], AbstractAsyncContextManager[Scaler]]:
    """The function that opens a cluster. Raises `SettingsError` where Dask is not installed."""
    try:
        from urlcheck.backends.dask.connect import open_cluster  # noqa: PLC0415 - a third of a second, and an extra
    except ModuleNotFoundError as error:
        raise SettingsError("dask", f"needs {error.name}; install it: pip install 'urlcheck-cli[dask]'") from None
    return open_cluster


def _open_process(
    settings: RunSettings, checks: Sequence[CheckSettings], children: list[WorkerProcess]
) -> Callable[[], Awaitable[Backend]]:
    """Returns a function that opens one more process. Its settings have no deadline, because the coordinator enforces it."""

    async def open_backend() -> Backend:
        from urlcheck.backends.process import open_process  # noqa: PLC0415 - most runs need one process

        child = children.pop() if children else None
        backend = await open_process(replace(settings, deadline=None, processes=1), checks, child=child)
        if settings.processes == "auto":  # until then all work is done here
            await backend.until_ready()
        return backend

    return open_backend


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
            await call_in_thread(store.confirm)
            async for batch in batches:
                for result in store.remember(batch, is_cut_short=run.is_cut_short):
                    yield result
        store.is_whole = True
    if store.error:
        raise store.error


def _sort(results: list[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.target.index)
