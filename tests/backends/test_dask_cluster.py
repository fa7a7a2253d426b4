"""Workers of a cluster that come, go and fail, with a stand-in for Dask's client; test_dask.py has real ones."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from contextlib import suppress
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.backends.test_worker import Link
from tests.support.clock import in_no_time, now
from urlcheck import Settings
from urlcheck.backends import codec, messages
from urlcheck.backends.protocol import Backend, BackendLostError
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import RunSettings

if TYPE_CHECKING:
    from urlcheck.backends.dask.cluster import Cluster

NEVER = object()  # an answer that does not come


class Client:
    """Stands in for Dask's. Its workers say the version that they are told to, and their actors fail as they are told to.

    `asked` and `opened` are the workers and the times at which they were asked for their version, and for an actor.
    """

    def __init__(self, *workers: str) -> None:
        self.workers = workers
        self.version: object = VERSION
        self.failure: object = None
        self.asked: list[tuple[str, float]] = []
        self.opened: list[tuple[str, float]] = []
        self.scheduler = self

    async def ncores_running(self) -> dict[str, int]:
        return dict.fromkeys(self.workers, 1)

    async def run(self, *_: object, workers: Sequence[str], on_error: str) -> dict[str, object]:
        assert on_error == "return"
        self.asked += [(worker, now()) for worker in workers]
        return dict.fromkeys(workers, await _answer(self.version))

    def submit(self, *_: object, workers: Sequence[str], **__: object) -> Future:
        self.opened += [(worker, now()) for worker in workers]
        return Future(self.failure)


class Future:
    """Stands in for the one of an actor."""

    def __init__(self, failure: object) -> None:
        self._failure = failure

    async def exception(self) -> object:
        return await _answer(self._failure)

    def release(self) -> None:
        pass


async def _answer(answer: object) -> object:
    if answer is NEVER:
        await asyncio.Event().wait()
    return answer


class Run:
    """Stands in for the coordinator, which takes the results of what it is given until that is lost."""

    unfinished = 1

    def __init__(self) -> None:
        self.joined: list[Backend] = []
        self.lost = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def share_out(self, joining: Sequence[Backend]) -> None:
        self.joined += joining
        self._tasks += [asyncio.create_task(self._receive(backend)) for backend in joining]

    async def _receive(self, backend: Backend) -> None:
        try:
            async for _ in backend.results():
                pass
        except BackendLostError:
            self.lost += 1

    def stop(self, reason: str) -> None:
        raise AssertionError(reason)


class SilentLink(Link):
    """The link to an actor that has nothing to say."""

    async def receive(self) -> bytes | None:
        await asyncio.Event().wait()
        return None


class MakeCluster(Protocol):
    def __call__(self, client: Client, link: Link | None = None, **values: Any) -> Cluster: ...


@pytest.fixture
def make_cluster(monkeypatch: pytest.MonkeyPatch) -> MakeCluster:
    """The workers of a client, under the clock of the event loop; `link` leads to each of them."""
    module = importlib.import_module("urlcheck.backends.dask.cluster")  # with Dask, which takes half a second

    def make(client: Client, link: Link | None = None, **values: Any) -> Cluster:
        settings = Settings(**values)
        monkeypatch.setattr(module, "ActorLink", lambda *_: link or SilentLink())
        made: Cluster = module.Cluster(client, settings.part(RunSettings), [settings.check])
        return made

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=now))
    return make


async def watch(cluster: Cluster, seconds: float) -> Run:
    """A run that lasts so long."""
    run = Run()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await cluster.watch(run)
    return run


def times(noted: Sequence[tuple[object, float]]) -> list[float]:
    return [time for _, time in noted]


# --- none at all ---


@in_no_time
async def test_without_workers_a_run_with_a_deadline_says_so_beside_its_results(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(Client(), deadline=60)
    await watch(cluster, 5)
    assert cluster.remarks == ["no worker of the cluster was left"]


# --- those that are lost ---


@in_no_time
async def test_a_worker_that_lost_its_actor_gets_another_after_a_pause_that_doubles(make_cluster: MakeCluster) -> None:
    client = Client("a")
    run = await watch(make_cluster(client, Link()), 60)
    assert times(client.opened) == pytest.approx([0, 5, 15, 35], abs=3)
    assert run.lost == 4


@in_no_time
async def test_a_worker_whose_engine_refuses_to_work_is_not_asked_again(make_cluster: MakeCluster) -> None:
    client = Client("a")
    cluster = make_cluster(client, Link(messages.Refused("no way through this proxy")))
    run = await watch(cluster, 60)
    assert (client.opened, run.lost) == ([("a", 0)], 1)
    assert cluster.remarks == ["the worker a was not used: no way through this proxy"]


@pytest.mark.parametrize("error", ["builtins:OSError", "distributed:KilledWorker", "distributed:CancelledError"])
@in_no_time
async def test_a_worker_that_is_lost_before_it_has_an_actor_is_tried_again(make_cluster: MakeCluster, error: str) -> None:
    client = Client("a")
    client.failure = resolve_name(error)("actor", "a", 1)
    cluster = make_cluster(client)
    asyncio.get_running_loop().call_later(4, setattr, client, "failure", None)
    run = await watch(cluster, 60)
    assert times(client.opened) == pytest.approx([0, 5], abs=2)
    assert (len(run.joined), cluster.remarks) == (1, [])


@in_no_time
async def test_a_worker_that_does_not_make_the_actor_in_time_is_tried_again(make_cluster: MakeCluster) -> None:
    client = Client("a")
    client.failure = NEVER
    cluster = make_cluster(client)
    await watch(cluster, 50)
    assert times(client.opened) == pytest.approx([0, 35], abs=2)
    assert cluster.remarks == []


@in_no_time
async def test_a_worker_that_does_not_say_its_version_in_time_is_asked_again(make_cluster: MakeCluster) -> None:
    client = Client("a")
    client.version = NEVER
    cluster = make_cluster(client)
    assert not await cluster.refuse_unusable(client.workers)
    client.version = VERSION
    run = await watch(cluster, 5)
    assert (times(client.asked), cluster.remarks) == ([0, 5], [])
    assert len(run.joined) == 1


# --- those that are refused ---


@in_no_time
async def test_a_worker_of_another_version_that_comes_later_is_not_used(make_cluster: MakeCluster) -> None:
    client = Client("a")
    client.version = "9.9"
    cluster = make_cluster(client)
    run = await watch(cluster, 60)
    assert (client.asked, client.opened, run.joined) == ([("a", 0)], [], [])
    assert cluster.remarks == [f"the worker a was not used: it has urlcheck 9.9, and this is urlcheck {VERSION}"]


@in_no_time
async def test_a_worker_whose_urlcheck_is_broken_is_not_used(make_cluster: MakeCluster) -> None:
    client = Client("a")
    client.version = ImportError("cannot import name 'VERSION'")
    cluster = make_cluster(client)
    assert await cluster.refuse_unusable(client.workers)
    assert cluster.remarks == ["the worker a was not used: ImportError: cannot import name 'VERSION'"]


@in_no_time
async def test_a_worker_that_cannot_make_the_actor_is_not_asked_again(make_cluster: MakeCluster) -> None:
    client = Client("a")
    client.failure = AttributeError("no EngineActor")
    cluster = make_cluster(client)
    run = await watch(cluster, 60)
    assert (client.opened, run.joined) == ([("a", 0)], [])
    assert cluster.remarks == ["the worker a was not used: AttributeError: no EngineActor"]


@in_no_time
async def test_a_worker_that_is_gone_when_it_is_asked_is_not_refused(make_cluster: MakeCluster) -> None:
    client = Client("a")
    client.version = OSError("gone")
    cluster = make_cluster(client)
    assert not await cluster.refuse_unusable(client.workers)
    assert cluster.remarks == []


@in_no_time
async def test_of_many_workers_that_are_refused_the_last_are_only_counted(make_cluster: MakeCluster) -> None:
    client = Client(*"abcdefg")
    client.version = "9.9"
    cluster = make_cluster(client)
    await cluster.refuse_unusable(client.workers)
    assert [remark.split(" was")[0] for remark in cluster.remarks[:-1]] == [f"the worker {name}" for name in "abcde"]
    assert cluster.remarks[-1] == "2 more workers were not used, for reasons like these"


# --- those that are used ---


@in_no_time
async def test_no_more_workers_are_used_than_requests_may_be_in_flight(make_cluster: MakeCluster) -> None:
    client = Client(*"abc")
    run = await watch(make_cluster(client, concurrency=2), 10)
    assert ([worker for worker, _ in client.opened], len(run.joined)) == (["a", "b"], 2)


@pytest.mark.parametrize(("seconds", "left"), [(60, 540), (1200, 1)])
@in_no_time
async def test_a_worker_that_comes_later_waits_as_long_as_is_left(make_cluster: MakeCluster, seconds: int, left: int) -> None:
    link = SilentLink()
    cluster = make_cluster(Client("a"), link, wait=600)
    await asyncio.sleep(seconds)
    await watch(cluster, 5)
    [hello] = link.outgoing
    assert isinstance(hello, messages.Hello)
    assert codec.unpack_settings(RunSettings, hello.run).wait == left
