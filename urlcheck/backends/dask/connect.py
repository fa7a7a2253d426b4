"""Connects to a cluster, or starts one on this machine, and keeps Dask quiet."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from multiprocessing import resource_tracker
from typing import Any

import dask
from distributed import Client, LocalCluster

from urlcheck.backends.dask import preload
from urlcheck.backends.dask.cluster import Cluster, list_workers
from urlcheck.backends.dask.thresholds import Thresholds
from urlcheck.backends.local import LocalChecks, open_checks
from urlcheck.model.errors import SettingsError
from urlcheck.runtime.descriptors import open_allowance
from urlcheck.runtime.event_loop import choose_loop
from urlcheck.runtime.shortages import name_shortage
from urlcheck.settings.checks import GrowingChecks
from urlcheck.settings.rules import count_local
from urlcheck.settings.scopes import CheckSettings, RunSettings

# seconds that a scheduler has to answer
_CONNECT_SECONDS = 10
# ... and that it, or a cluster started here, has to close
_CLOSE_SECONDS = 2
_WARNINGS = "PYTHONWARNINGS"
_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")
# workers started here run no tasks, so they need no profile of them
_OF_LOCAL_WORKERS = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.gil.enabled": False,
}


@asynccontextmanager
async def open_cluster(
    settings: RunSettings, checks: Sequence[CheckSettings], thresholds: Thresholds | None = None
) -> AsyncIterator[Cluster]:
    """The workers of the cluster that the settings name. Raises `SettingsError` if it, or a setting, cannot be used."""
    with open_allowance() as allowance, _silence():
        async with open_checks(settings, checks, allowance) as local:
            _refuse_sockets(checks)
            if isinstance(checks, GrowingChecks):
                checks.on_growth = partial(_refuse_unusable, checks, local)
            async with _connect(str(settings.dask), settings.concurrency) as client:
                cluster = Cluster(client, settings, checks, thresholds)
                if await cluster.refuse_unusable(await list_workers(client)):
                    raise SettingsError("dask", cluster.remarks[0])
                yield cluster


def _refuse_unusable(checks: Sequence[CheckSettings], local: LocalChecks) -> None:
    """Raises `SettingsError` if the settings of the latest target cannot be used."""
    _refuse_sockets(checks[-1:])
    local.open_all()


def _refuse_sockets(checks: Sequence[CheckSettings]) -> None:
    """Raises `SettingsError` for a Unix socket, which exists on this machine only."""
    for number, check in enumerate(checks):
        if check.unix_socket is not None:
            error = SettingsError("unix_socket", "cannot be used together with", "dask")
            error.check = number
            raise error


@asynccontextmanager
async def _connect(address: str, most: int) -> AsyncIterator[Client]:
    """A client of the scheduler at this address. `local:N` starts one here, with N workers, but `most` at most."""
    async with AsyncExitStack() as stack:
        count = count_local(address)
        if count is not None:
            address = await stack.enter_async_context(_start(min(count, most)))
        try:
            client = Client(address, asynchronous=True, direct_to_workers=True, set_as_default=False, timeout=_CONNECT_SECONDS)
            stack.push_async_callback(_close, client)
            async with asyncio.timeout(_CONNECT_SECONDS + 1):  # something else may listen there, and never answer
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # only tasks depend on the versions of packages
                    await client
                await list_workers(client)
        except Exception as error:  # noqa: BLE001 - no answer, one that is not Dask's, an unknown protocol
            reason = str(error).partition("\n")[0] or "no answer"
            raise SettingsError("dask", f"no scheduler of Dask can be reached there: {reason}") from None
        yield client


@asynccontextmanager
async def _start(workers: int) -> AsyncIterator[str]:
    """The address of a scheduler in this event loop, which has worker processes of this machine."""
    environment = {**dask.config.get("distributed.nanny.pre-spawn-environ"), "DASK_LOGGING__DISTRIBUTED": "critical"}
    loop = {"distributed.admin.event-loop": "uvloop"} if choose_loop() else {}
    with dask.config.set({**_OF_LOCAL_WORKERS, **loop, "distributed.nanny.pre-spawn-environ": environment}):
        try:
            with _blocking_interrupts():
                cluster: Any = await LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=0,
                    preload=[preload.__name__],
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                    asynchronous=True,
                )
        except (OSError, RuntimeError) as error:
            reason = name_shortage(error) or str(error).partition("\n")[0]
            raise SettingsError("dask", f"the workers cannot be started: {reason}") from None
        try:
            yield cluster.scheduler_address
        finally:
            with suppress(Exception):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await cluster.close()


@contextmanager
def _blocking_interrupts() -> Iterator[None]:
    """A context in which Ctrl-C waits. Processes started in it inherit the blocked signal and never receive Ctrl-C."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    _start_tracker()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_tracker() -> None:
    """Start multiprocessing's resource tracker, with its warnings off: after Ctrl-C it would warn the user.

    If it started while interrupts are blocked, it would unblock them.
    """
    before = os.environ.get(_WARNINGS)
    os.environ[_WARNINGS] = ",".join(filter(None, [before, "ignore:resource_tracker"]))
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ[_WARNINGS]
        else:
            os.environ[_WARNINGS] = before


async def _close(client: Client) -> None:
    """Close a client whose scheduler may be gone."""
    with suppress(Exception):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.close()


@contextmanager
def _silence() -> Iterator[None]:
    """A context in which Dask does not log: the run reports its errors itself."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
