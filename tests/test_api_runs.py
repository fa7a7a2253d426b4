"""What a run leaves behind in the program that makes it, and what the package shows of itself."""

from __future__ import annotations

import asyncio
import pickle
import pydoc
import re
import socket
import threading
from collections.abc import Iterator

import pytest

import urlcheck
from tests.support.clock import PATIENCE
from tests.support.descriptors import settle
from tests.support.marks import on_posix
from urlcheck import Response, Settings, check, check_sync, make_record
from urlcheck.client import session
from urlcheck.client.resolver import AddressInfo, ConfirmingResolver, LookupThreads
from urlcheck.demo.site import serve_aside
from urlcheck.runtime.descriptors import count_open, soft_limit


@pytest.fixture
def site_aside() -> Iterator[str]:
    with serve_aside() as site:
        yield site


def test_check_sync_needs_no_event_loop(site_aside: str) -> None:
    [result] = check_sync([f"{site_aside}/health"])
    assert result.ok


async def test_check_sync_refuses_to_block_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match=r"await check\(urls\)"):
        check_sync([])


@pytest.mark.parametrize("processes", [1, 2])
def test_results_are_the_same_whichever_process_checked_the_url(site_aside: str, processes: int) -> None:
    port = int(site_aside.rpartition(":")[2])
    urls = [f"http://host{number}.test:{port}/health" for number in range(20)]
    for result in check_sync(urls, Settings(processes=processes, resolve=[("*", port, "127.0.0.1")])):
        assert isinstance(result.outcome, Response)
        assert result.outcome.headers["content-type"] == "application/json; charset=utf-8"
        assert pickle.loads(pickle.dumps(result)) == result
        assert result.to_dict() == make_record(result)


@on_posix
def test_the_limit_of_descriptors_is_put_back(site_aside: str) -> None:
    before = soft_limit()
    check_sync([f"{site_aside}/health"])
    assert soft_limit() == before


def look_up(host: str, port: int, **_: object) -> list[AddressInfo]:
    """Stands in for `socket.getaddrinfo`, which would ask a name server."""
    if "missing" in host:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def count_all(before: set[threading.Thread]) -> tuple[int, int]:
    """Threads and descriptors, once the threads that were told to end have ended. Those of other tests are left alone."""
    for thread in set(threading.enumerate()) - before:
        if thread.name == "lookup":
            thread.join(PATIENCE)
    return threading.active_count(), count_open()


@pytest.mark.parametrize("has_ares", [False, True])
def test_many_runs_leave_threads_tasks_and_descriptors_as_they_were(
    site_aside: str, monkeypatch: pytest.MonkeyPatch, *, has_ares: bool
) -> None:
    if not has_ares:
        monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, LookupThreads(look_up)))
    names = ["localhost"] if has_ares else ["localhost", *(f"{kind}{n}" for n in range(4) for kind in ("host", "missing"))]
    port = site_aside.rpartition(":")[2]
    counts = []
    before = set(threading.enumerate())
    with asyncio.Runner() as runner:
        for _ in range(40):
            results = runner.run(check([f"http://{name}:{port}/health" for name in names], Settings(retries=0)))
            assert [result.ok for result in results] == ["missing" not in name for name in names]
            assert asyncio.all_tasks(runner.get_loop()) == set()
            counts.append(count_all(before))
    threads, descriptors = zip(*counts, strict=True)
    assert max(threads[-10:]) - max(threads[:10]) < 5
    settle()
    assert count_open() < max(descriptors[:10]) + 10


def test_the_names_of_the_package_are_its_public_ones() -> None:
    assert [name for name in dir(urlcheck) if not name.startswith("_")] == sorted(urlcheck.__all__)


def test_help_shows_every_public_name() -> None:
    plain = re.sub(".\b", "", pydoc.render_doc(urlcheck, renderer=pydoc.TextDoc()))  # without what is overstruck
    assert [name for name in urlcheck.__all__ if f"class {name}" not in plain and f" {name}(" not in plain] == []
