"""The workers of a cluster: those that come get an actor and a part of the hosts, and the last to go ends the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any
from uuid import uuid4

from distributed import CancelledError, Client, KilledWorker

from urlcheck.backends.dask.actor import EngineActor
from urlcheck.backends.dask.link import ActorLink
from urlcheck.backends.dask.thresholds import Thresholds
from urlcheck.backends.protocol import Backend, Scaled
from urlcheck.backends.remote import RemoteBackend
from urlcheck.settings.files import FileReader
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import CheckSettings, RunSettings
from urlcheck.text.safe import clean

# the object by which a worker tells its version of urlcheck
VERSION_PLACE = "urlcheck.settings.identity:VERSION"
NO_WORKER = "no worker of the cluster was left"
NO_SCHEDULER = "the scheduler of the cluster went away"
# seconds for which the scheduler may not answer, as while it is started again
_SCHEDULER_SECONDS = 5.0
# ... that the first workers have to say their version
_FIRST_SECONDS = 5.0
_MOST_REMARKS = 5
_OF_A_LOST_WORKER = (OSError, TimeoutError, KilledWorker, CancelledError)


class Cluster:
    """A `Scaler` of the workers of a cluster."""

    def __init__(
        self, client: Client, settings: RunSettings, checks: Sequence[CheckSettings], thresholds: Thresholds | None = None
    ) -> None:
        self._remarks: list[str] = []
        self._is_deserted = False
        self._client = client
        self._settings = replace(settings, deadline=None, dask=None)
        self._has_deadline = settings.deadline is not None
        self._checks = checks
        self._thresholds = thresholds or Thresholds()
        self._files = FileReader()
        self._begin = time.monotonic()
        self._backends: dict[str, RemoteBackend] = {}
        self._opening: dict[str, asyncio.Task[RemoteBackend | None]] = {}
        self._accepted: set[str] = set()
        self._refused: set[str] = set()
        self._retry: dict[str, tuple[float, float]] = {}

    @property
    def opened(self) -> Sequence[Backend]:
        return [backend for backend in self._backends.values() if not backend.has_ended]

    @property
    def remarks(self) -> Sequence[str]:
        """Sentences about the first few refused workers, and about a lack of workers."""
        shown = self._remarks[:_MOST_REMARKS]
        if more := len(self._remarks) - len(shown):
            shown.append(f"{more:,} more workers were not used, for reasons like these")
        return [*shown, NO_WORKER] if self._is_deserted else shown

    async def refuse_unusable(self, workers: Iterable[str], seconds: float = _FIRST_SECONDS) -> bool:
        """Ask workers for their version, and refuse those that have another. Returns whether all of them were refused.

        `remarks` give the reasons. Workers that do not answer in time are asked again when they are opened.
        """
        versions = await self._ask_versions([*workers], seconds)
        for worker, version in versions.items():
            self._judge(worker, version)
        return bool(versions) and versions.keys() <= self._refused

    async def begin(self, scaled: Scaled) -> None:
        """Let the run begin: its targets are held until a worker joins."""

    async def watch(self, scaled: Scaled) -> None:
        """Look for workers again and again, until the run ends, or is stopped for lack of a worker or of the scheduler."""
        last_answer = last_worker = time.monotonic()
        try:
            while True:
                try:
                    workers = await list_workers(self._client)
                except (OSError, AttributeError, RuntimeError, TimeoutError):  # the client is closed, or connects again
                    if time.monotonic() - last_answer > _SCHEDULER_SECONDS:
                        self._is_deserted = False
                        scaled.stop(NO_SCHEDULER)
                        return
                else:
                    last_answer = time.monotonic()
                    self._open_those(workers)
                await self._wait_for_openings()
                await scaled.share_out(self._take_opened())
                if self.opened:
                    last_worker = time.monotonic()
                elif not self._has_deadline and time.monotonic() - last_worker > self._thresholds.worker_seconds:
                    scaled.stop(NO_WORKER)
                    return
                # without a deadline, the reason for which the run is stopped says so
                self._is_deserted = self._has_deadline and not self.opened and scaled.unfinished > 0
        finally:
            for task in self._opening.values():
                task.cancel()

    def _open_those(self, workers: Sequence[str]) -> None:
        """Begin to open a backend for each of these workers that has none, while there are places in flight for it."""
        now = time.monotonic()
        for worker in [worker for worker, backend in self._backends.items() if backend.has_ended and worker not in workers]:
            del self._backends[worker]
        for worker in workers:
            backend = self._backends.get(worker)
            if backend and backend.has_ended:
                self._remove_lost(worker, backend)
            elif backend or worker in self._opening or worker in self._refused or now < self._retry.get(worker, (0, 0))[0]:
                continue
            elif len(self.opened) + len(self._opening) < self._settings.concurrency:
                self._opening[worker] = asyncio.get_running_loop().create_task(self._open(worker))

    def _remove_lost(self, worker: str, backend: RemoteBackend) -> None:
        """Note that the backend of a worker, which is still in the list, was lost."""
        del self._backends[worker]
        if backend.refusal:
            self._refuse(worker, backend.refusal)
        else:
            self._postpone(worker)

    def _postpone(self, worker: str) -> None:
        """Try a worker again later, if it is still in the list then."""
        _, pause = self._retry.get(worker, (0.0, self._thresholds.retry_seconds))
        self._retry[worker] = (time.monotonic() + pause, 2 * pause)

    async def _wait_for_openings(self) -> None:
        if self._opening:
            await asyncio.wait(self._opening.values(), timeout=self._thresholds.look_seconds)
        else:
            await asyncio.sleep(self._thresholds.look_seconds)

    def _take_opened(self) -> list[RemoteBackend]:
        """The backends that were opened since the last look."""
        taken = []
        for worker, task in [*self._opening.items()]:
            if task.done():
                del self._opening[worker]
                if not task.cancelled() and (backend := task.result()):
                    self._backends[worker] = backend
                    taken.append(backend)
        return taken

    async def _open(self, worker: str) -> RemoteBackend | None:
        """A backend on this worker; None if it cannot be used, or is gone."""
        if worker not in self._accepted:
            await self.refuse_unusable([worker], self._thresholds.open_seconds)
            if worker not in self._accepted:
                return None
        name = f"urlcheck-{uuid4().hex}"
        future = self._client.submit(EngineActor, actor=True, workers=[worker], key=name, pure=False)
        try:
            async with asyncio.timeout(self._thresholds.open_seconds):
                error = await future.exception()
        except (OSError, TimeoutError) as failure:
            error = failure
        if error:
            future.release()
            if isinstance(error, _OF_A_LOST_WORKER):
                self._postpone(worker)
            else:
                self._refuse(worker, f"{type(error).__name__}: {error}")
            return None
        settings = self._settings
        if settings.wait:  # as much of it as is left
            settings = replace(settings, wait=max(1.0, settings.wait - (time.monotonic() - self._begin)))
        return RemoteBackend(ActorLink(self._client, worker, future, self._files), settings, self._checks)

    async def _ask_versions(self, workers: list[str], seconds: float) -> dict[str, object]:
        """The version of urlcheck on each worker, or the error that it raises. Workers that are gone have none."""
        # a function of the standard library: a worker without urlcheck can call it too
        asked = self._client.run(resolve_name, VERSION_PLACE, workers=workers, on_error="return")
        try:
            async with asyncio.timeout(seconds):
                answers: dict[str, object] = await asked
        except (OSError, TimeoutError, ValueError):
            return {}
        return {worker: answer for worker, answer in answers.items() if not isinstance(answer, OSError)}

    def _judge(self, worker: str, version: object) -> None:
        if version == VERSION:
            self._accepted.add(worker)
        elif isinstance(version, str):
            self._refuse(worker, f"it has urlcheck {version}, and this is urlcheck {VERSION}")
        elif isinstance(version, ModuleNotFoundError):
            self._refuse(worker, f"it has no urlcheck, and this is urlcheck {VERSION}")
        else:
            self._refuse(worker, f"{type(version).__name__}: {version}")

    def _refuse(self, worker: str, reason: str) -> None:
        self._refused.add(worker)
        self._remarks.append(clean(f"the worker {worker} was not used: {reason}"))


async def list_workers(client: Client) -> list[str]:
    """The addresses of the workers that take work. Raises `OSError` or `TimeoutError` if the scheduler does not answer."""
    async with asyncio.timeout(_SCHEDULER_SECONDS):
        scheduler: Any = client.scheduler
        workers: dict[str, int] = await scheduler.ncores_running()
    return [*workers]
