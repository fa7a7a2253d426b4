from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.descriptors import settle
from tests.support.marks import on_posix
from tests.support.program import finish
from tests.support.servers import Serve, hold, reply
from urlcheck import Settings, check, check_urls
from urlcheck.api import open_checker
from urlcheck.engine.concurrency_limit import ConcurrencyLimit
from urlcheck.engine.job import Job
from urlcheck.input.iterable_source import IterableSource
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.runtime.descriptors import are_exhausted, count_open, open_allowance, soft_limit

if sys.platform != "win32":
    import resource

pytestmark = on_posix
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine")
ENDLESS = -1 if sys.platform == "win32" else resource.RLIM_INFINITY


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """A soft limit below the hard one, so that there is something to raise."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (600, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def nothing_left() -> Iterator[None]:
    """Have every descriptor of this process in use."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    settle()
    with ExitStack() as stack:
        last = os.dup(0)
        stack.callback(os.close, last)
        resource.setrlimit(resource.RLIMIT_NOFILE, (last, hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (600, hard))
        yield


def test_the_soft_limit_is_raised_while_a_run_is_open() -> None:
    with open_allowance():
        assert soft_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert soft_limit() == 600


def test_the_last_of_the_runs_that_overlap_puts_the_limit_back() -> None:
    first, second = open_allowance(), open_allowance()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert soft_limit() != 600
    second.__exit__(None, None, None)
    assert soft_limit() == 600


def test_a_limit_that_the_program_sets_during_a_run_stays() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open_allowance():
        resource.setrlimit(resource.RLIMIT_NOFILE, (500, hard))
    assert soft_limit() == 500


@pytest.mark.parametrize(
    ("soft", "hard", "most", "raised"),
    [
        pytest.param(256, 4_096, 4_096, 4_096, id="to the hard limit"),
        pytest.param(256, 4_096, 1_024, 256, id="not where the hard limit is refused"),
        pytest.param(256, ENDLESS, 10_240, 10_240, id="to what macOS grants where there is no hard limit"),
        pytest.param(20_000, ENDLESS, 10_240, 20_000, id="and never lowered to that"),
        pytest.param(256, ENDLESS, 1_024, 256, id="not where that is refused too"),
        pytest.param(ENDLESS, ENDLESS, 10_240, ENDLESS, id="not where there is no limit"),
    ],
)
def test_the_limit_is_raised_as_far_as_the_system_lets_it(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, most: int, raised: int
) -> None:
    limits = soft, hard

    def set_limits(_: int, wanted: tuple[int, int]) -> None:
        nonlocal limits
        if wanted[0] == ENDLESS or wanted[0] > most:
            raise ValueError
        limits = wanted

    with monkeypatch.context() as system:
        system.setattr(resource, "getrlimit", lambda _: limits)
        system.setattr(resource, "setrlimit", set_limits)
        with open_allowance():
            assert limits == (raised, hard)


def test_a_system_without_such_a_limit_bounds_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with open_allowance() as allowance:
        assert allowance.limit == sys.maxsize
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 600


async def test_a_run_of_the_library_raises_the_limit_and_puts_it_back(serve: Serve) -> None:
    server = await serve(reply())
    limits = [soft_limit() async for _ in check_urls([server.url])]
    assert limits == [resource.getrlimit(resource.RLIMIT_NOFILE)[1]]
    assert soft_limit() == 600


async def test_a_run_that_is_stopped_puts_the_limit_back(serve: Serve) -> None:
    server = await serve(hold)
    run = asyncio.create_task(check([server.url]))
    await server.until_asked()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert soft_limit() == 600


@pytest.mark.parametrize(
    ("limit", "children", "room"),
    [
        pytest.param(1000, 0, 968, id="most of what is free"),
        pytest.param(100, 0, 75, id="a quarter is left"),
        pytest.param(40, 0, 30, id="eight are left at least"),
        pytest.param(12, 0, 6, id="half of a few"),
        pytest.param(1, 0, 1, id="one"),
        pytest.param(0, 0, 1, id="one, where none is free"),
        pytest.param(100, 5, 60, id="four are left for each child process"),
    ],
)
def test_a_run_may_open_as_many_sockets_as_the_limit_leaves(
    monkeypatch: pytest.MonkeyPatch, limit: int, children: int, room: int
) -> None:
    monkeypatch.setattr("urlcheck.runtime.descriptors.soft_limit", lambda: 20 + limit)
    monkeypatch.setattr("urlcheck.runtime.descriptors.count_open", lambda: 20)
    with open_allowance(children) as allowance:
        assert allowance.limit == room


def test_runs_that_overlap_share_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urlcheck.runtime.descriptors.soft_limit", lambda: 400)
    monkeypatch.setattr("urlcheck.runtime.descriptors.count_open", lambda: 0)
    with open_allowance() as first:
        with open_allowance() as second:
            assert first.limit == second.limit == 168
        assert first.limit == 368


def test_the_sockets_of_a_run_leave_its_allowance_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urlcheck.runtime.descriptors.soft_limit", lambda: 400)
    monkeypatch.setattr("urlcheck.runtime.descriptors.count_open", lambda: 100)
    with open_allowance() as allowance:
        allowance.taken = 100
        allowance.measure()
        assert allowance.limit == 368


def test_open_descriptors_are_counted() -> None:
    settle()
    before = count_open()
    descriptor = os.dup(0)
    assert count_open() == before + 1
    os.close(descriptor)


def test_it_is_known_whether_a_descriptor_is_left() -> None:
    assert not are_exhausted()
    with nothing_left():
        assert are_exhausted()
        assert count_open() == soft_limit()


async def test_what_others_take_for_a_while_is_no_verdict(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(reply())
    others = ExitStack()
    tighten = ConcurrencyLimit.tighten

    def tighten_and_have_more(limit: ConcurrencyLimit, job: Job) -> bool:
        others.close()
        return tighten(limit, job)

    monkeypatch.setattr("urlcheck.runtime.descriptors._raise_limit", lambda: None)
    monkeypatch.setattr(ConcurrencyLimit, "tighten", tighten_and_have_more)
    settings = Settings(retries=0)
    source = IterableSource([server.url], TargetBuilder(settings, [settings]))
    async with open_checker(source, settings, [settings]) as run:
        others.enter_context(nothing_left())
        [result] = [result async for result in run.results()]
    assert (result.detail, result.attempts) == ("200 OK", 1)
    assert soft_limit() == 600  # as it does only after a shortage


# --- programs under a limit ---


async def run_under(limit: str, *arguments: str, cwd: Path) -> tuple[int | None, dict[str, int], str]:
    """The exit status of the command line, the number of results of each verdict, and standard error."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'ulimit {limit}; exec "$@"', "sh", sys.executable, "-m", "urlcheck", "-o", "jsonl", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
    )
    finished = await finish(process)
    verdicts = [record["verdict"] for record in finished.records]
    return finished.status, {verdict: verdicts.count(verdict) for verdict in verdicts}, finished.stderr


class Crowd:
    """Answers only when so many requests wait for it at once; or all the rest of so many, which is the end of the list."""

    def __init__(self, size: int, total: int) -> None:
        self._size = size
        self._left = total
        self._gate = asyncio.Event()
        self._waiting = 0

    async def __call__(self, _: str, writer: asyncio.StreamWriter) -> None:
        gate = self._gate
        self._waiting += 1
        if self._waiting >= min(self._size, self._left):
            self._left -= self._waiting
            self._waiting, self._gate = 0, asyncio.Event()
            gate.set()
        await gate.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@on_linux
@pytest.mark.parametrize(
    ("limit", "crowd"),
    [
        pytest.param("-n 64", 24, id="64, hard"),
        pytest.param("-n 128", 60, id="128, hard"),
        pytest.param("-Sn 64", 100, id="64, soft"),
    ],
)
async def test_connections_that_are_kept_do_not_hold_a_run_back(serve: Serve, tmp_path: Path, limit: str, crowd: int) -> None:
    server = await serve(Crowd(crowd, 1200), host="0.0.0.0", keeps=True)
    port = server.url.rpartition(":")[2]
    hosts = [f"http://127.0.{number // 200}.{1 + number % 200}:{port}/{turn}\n" for turn in range(3) for number in range(400)]
    tmp_path.joinpath("list").write_text("".join(hosts), encoding="ascii")
    options = ("-f", "list", "-c", str(max(crowd, 100)), "-t", "20s", "--retries", "0", "-j", "1")
    assert (await run_under(limit, *options, cwd=tmp_path))[:2] == (0, {"ok": 1200})


@on_linux
async def test_a_run_that_the_limit_holds_back_says_so_once(serve: Serve, tmp_path: Path) -> None:
    server = await serve(Crowd(20, 200), host="0.0.0.0")
    port = server.url.rpartition(":")[2]
    tmp_path.joinpath("list").write_text("".join(f"127.0.0.{1 + number}:{port}\n" for number in range(200)), encoding="ascii")
    _, verdicts, said = await run_under("-n 64", "-f", "list", "-j", "1", cwd=tmp_path)
    assert verdicts == {"ok": 200}
    assert said.count("the limit of 64 open files held the run back to ") == 1
    assert said.rstrip().endswith("requests in flight; `ulimit -n` raises it")


async def test_a_short_list_under_a_low_limit_is_not_held_back(serve: Serve, tmp_path: Path) -> None:
    server = await serve(reply())
    assert "ulimit" not in (await run_under("-n 64", server.url, cwd=tmp_path))[2]


@on_linux
@pytest.mark.parametrize("limit", [26, 32])
async def test_a_very_low_limit_is_slow_and_no_verdict(serve: Serve, tmp_path: Path, limit: int) -> None:
    server = await serve(reply(), host="0.0.0.0")
    port = server.url.rpartition(":")[2]
    hosts = [f"127.0.0.{1 + number}:{port}" for number in range(50)]
    assert (await run_under(f"-n {limit}", *hosts, cwd=tmp_path))[:2] == (0, {"ok": 50})
