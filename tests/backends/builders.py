"""Targets on many hosts, and backends in this event loop whose clients are told what to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence

from tests.engine.test_engine import Client
from tests.support.builders import make_target
from urlcheck.backends.protocol import BackendLostError
from urlcheck.engine.check import Check
from urlcheck.engine.engine import Engine
from urlcheck.engine.status import BackendReport, BackendStatus, HostQueue, OverloadHandler, Withdrawn
from urlcheck.http.url import Origin
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.settings.settings import Settings


def hosts(url: str, count: int, start: int = 1) -> list[str]:
    """As many hosts of one server, whose port is in its URL: each is an address of 127.0.0.0/8."""
    port = url.rpartition(":")[2]
    return [f"http://127.0.{number // 250}.{number % 250 + 1}:{port}/{number}" for number in range(start, start + count)]


def make_targets(urls: Iterable[str]) -> list[Target]:
    """Targets with their numbers."""
    return [make_target(url, index=index) for index, url in enumerate(urls)]


def make_engine(client: Client, settings: Settings) -> Engine:
    """A backend in this event loop."""
    return Engine([Check(settings, client)], settings)


def make_status(limit: int = 10, unfinished: int = 0, in_flight: int = 0, *, hungry: bool | None = None) -> BackendStatus:
    """The status of a backend with so many places and targets."""
    is_hungry = unfinished <= limit if hungry is None else hungry
    return BackendStatus(limit=limit, in_flight=in_flight, unfinished=unfinished, hungry=is_hungry)


class DyingBackend:
    """A backend that gives no result, and is lost with all its targets once it is told so, or is closed."""

    def __init__(self) -> None:
        self.submitted: list[Target] = []
        self.limit = 1
        self.on_overload: OverloadHandler | None = None
        self.calls: list[str] = []
        self._is_lost = asyncio.Event()

    @property
    def status(self) -> BackendStatus:
        return make_status(self.limit, len(self.submitted))

    @property
    def report(self) -> BackendReport:
        return BackendReport()

    def submit(self, targets: Sequence[Target]) -> None:
        self.submitted += targets

    def set_limit(self, in_flight: int) -> None:
        self.limit = in_flight

    async def withdraw(self) -> Withdrawn:
        return Withdrawn([], set())

    async def find_busiest(self) -> HostQueue | None:
        return None

    def set_share(self, origin: Origin, share: int) -> None:
        self.calls.append(f"share: {origin[1]} {share}")

    async def take_queue(self, origin: Origin) -> Withdrawn:
        taken = [target for target in self.submitted if target.request and target.request.origin == origin]
        self.submitted = [target for target in self.submitted if target not in taken]
        return Withdrawn(taken, set())

    def pause(self, origin: Origin, seconds: float) -> None:
        self.calls.append(f"pause: {origin[1]} {seconds}")

    def finish(self) -> None:
        self.calls.append("finish")

    def stop(self, reason: str) -> None:
        self.calls.append(f"stop: {reason}")

    def suspend(self) -> None:
        self.calls.append("suspend")

    def resume(self) -> None:
        self.calls.append("resume")

    def lose(self) -> None:
        self._is_lost.set()

    async def results(self) -> AsyncGenerator[Sequence[Result], None]:
        yield []
        await self._is_lost.wait()
        unfinished, self.submitted = self.submitted, []
        raise BackendLostError(unfinished)

    async def aclose(self) -> None:
        self.calls.append("close")
        self.lose()
