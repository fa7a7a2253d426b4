"""Too few descriptors, threads, or too little memory: one line and status 2, and what is checked already is not lost."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import socket
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.marks import on_posix
from tests.support.program import Finished, Launch, finish
from tests.support.servers import Serve, reply
from urlcheck import Settings, Verdict, check_urls
from urlcheck.cli.program import run
from urlcheck.client.attempt import HttpClient
from urlcheck.client.resolver import LookupThreads
from urlcheck.http.url import Url
from urlcheck.model.outcome import Outcome
from urlcheck.runtime.event_loop import run as run_loop
from urlcheck.runtime.shortages import name_shortage
from urlcheck.runtime.threads import call_in_thread

NO_THREAD = "can't start new thread"


def caused_by(cause: Exception) -> Exception:
    error = ValueError("a consequence")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "too little memory"),
        (RuntimeError(NO_THREAD), "no thread or process can be started"),
        (OSError(errno.EMFILE, ""), "ulimit -n"),
        (OSError(errno.EAGAIN, ""), "ulimit -u"),
        (ImportError("x.so: failed to map segment from shared object"), "too little memory"),
        (caused_by(MemoryError()), "too little memory"),
    ],
)
def test_a_shortage_is_named(error: Exception, words: str) -> None:
    assert words in (name_shortage(error) or "")


@pytest.mark.parametrize("error", [ImportError("No module named 'x'"), OSError(errno.ENOENT, ""), RuntimeError("else"), None])
def test_another_error_is_no_shortage(error: Exception | None) -> None:
    assert name_shortage(error) is None


@on_posix
@pytest.mark.parametrize("limit", ["-n 6", "-n 8", "-n 10", "-n 11", "-n 12"])
async def test_too_few_descriptors_are_said_in_one_line(limit: str) -> None:
    program = f'ulimit {limit}; exec "$0" -m urlcheck http://127.0.0.1:9/ -o jsonl'
    finished = await finish(
        await create_subprocess_exec("sh", "-c", program, sys.executable, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    )
    assert finished == Finished(2, "", "urlcheck: too many open files; a higher limit helps (ulimit -n)\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not bound the address space")
@pytest.mark.parametrize("kilobytes", range(100_000, 340_000, 60_000))
async def test_too_little_memory_shows_no_traceback(kilobytes: int) -> None:
    program = f'ulimit -v {kilobytes}; exec "$0" -m urlcheck http://127.0.0.1:9/ -r 0 -o jsonl'
    finished = await finish(
        await create_subprocess_exec("sh", "-c", program, sys.executable, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    )
    assert "Traceback" not in finished.stderr  # how much is enough depends on the interpreter, which may not even start
    if finished.status == 2:
        assert (finished.stderr.count("\n"), finished.stderr[:10]) == (1, "urlcheck: ")


async def test_too_few_threads_are_said_in_one_line(launch: Launch, tmp_path: Path) -> None:
    tmp_path.joinpath("sitecustomize.py").write_text(
        f"import threading\ndef start(*_): raise RuntimeError({NO_THREAD!r})\nthreading._start_new_thread = start\n"
    )
    finished = await finish(await launch("ftp://host", env={"PYTHONPATH": str(tmp_path)}))
    assert (finished.status, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert finished.stderr.startswith("urlcheck: no thread or process can be started")


@pytest.fixture(params=[4])
def short(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """After four attempts, or as many as the parameter says, each later one finds no memory."""
    attempt = HttpClient.attempt
    attempts = 0

    async def fail(client: HttpClient, url: Url, method: str, keep: Callable[[], bool]) -> Outcome:
        nonlocal attempts
        attempts += 1
        if attempts > request.param:
            raise MemoryError
        return await attempt(client, url, method, keep)

    monkeypatch.setattr(HttpClient, "attempt", fail)


@pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine on Linux alone")
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("processes", [1, 2])
async def test_a_shortage_in_the_middle_of_a_run_loses_nothing(serve: Serve, processes: int) -> None:
    server = await serve(reply(), host="0.0.0.0")
    port = server.url.rpartition(":")[2]
    urls = [f"http://127.0.0.{number}:{port}/" for number in range(1, 100)]
    results = []
    with pytest.raises(MemoryError):  # noqa: PT012
        async for result in check_urls(urls, Settings(processes=processes, concurrency=4)):
            results.append(result)  # noqa: PERF401
    assert sorted(result.target.url for result in results) == sorted(urls)
    assert {result.verdict for result in results} == {Verdict.OK, Verdict.UNCHECKED}


@pytest.mark.usefixtures("short")
def test_a_run_that_breaks_off_is_reported(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    urls = [f"http://127.0.0.1:9/{number}" for number in range(6)]
    assert run([*urls, "-c", "1", "-r", "0", "-j", "1", "-o", "jsonl", "-o", f"html={report}"]) == 2
    out, err = capfd.readouterr()
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["verdict"] for record in records] == ["connect"] * 4 + ["unchecked"] * 2
    assert report.exists()
    assert err.splitlines()[-1] == "urlcheck: too little memory"


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("short", "verdicts"),
    [
        pytest.param(1, ["connect"], id="is reported"),
        pytest.param(0, [], id="is not where nothing was checked"),
    ],
    indirect=["short"],
)
def test_a_watch_that_breaks_off(capfd: pytest.CaptureFixture[str], verdicts: list[str]) -> None:
    assert run(["http://127.0.0.1:9/", "--watch", "100ms", "-r", "0", "-j", "1", "-o", "table"]) == 2
    out, err = capfd.readouterr()
    assert re.findall(r"(\w+)  http", out) == verdicts
    assert err.splitlines()[-1] == "urlcheck: too little memory"


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def start(*_: object) -> None:
        raise RuntimeError(NO_THREAD)

    return lambda: monkeypatch.setattr(threading, "_start_new_thread", start)


def test_without_a_thread_a_function_is_called_all_the_same(no_threads: Callable[[], None]) -> None:
    no_threads()
    assert run_loop(call_in_thread(int, "7")) == 7


async def test_one_thread_is_enough_to_look_names_up(no_threads: Callable[[], None]) -> None:
    threads = LookupThreads()
    await threads.look_up("127.0.0.1", 80, 0)
    no_threads()
    both = await asyncio.gather(threads.look_up("127.0.0.1", 80, 0), threads.look_up("127.0.0.1", 81, 0))
    assert [found[0][4] for found in both] == [("127.0.0.1", 80), ("127.0.0.1", 81)]


async def test_without_a_thread_to_look_names_up_this_machine_is_at_fault(no_threads: Callable[[], None]) -> None:
    no_threads()
    with pytest.raises(OSError, match="no thread can be started") as raised:
        await LookupThreads().look_up("127.0.0.1", 80, 0)
    assert raised.value.errno == errno.ENOMEM


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_a_connection_starts_no_thread() -> None:
    async def connect() -> int:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        before = os.listdir("/proc/self/task")
        async with server:
            with socket.socket() as client:
                client.settimeout(0)
                await asyncio.get_running_loop().sock_connect(client, server.sockets[0].getsockname())
        return len({*os.listdir("/proc/self/task")}.difference(before))

    assert run_loop(connect()) == 0
