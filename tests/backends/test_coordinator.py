from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from tests.support.clock import PATIENCE
from tests.support.marks import on_posix
from tests.support.program import Launch, Urlcheck, finish
from tests.support.servers import Serve, reply
from urlcheck import Settings, Verdict, check, check_urls
from urlcheck.backends import coordinator as fleet
from urlcheck.backends.process import Child, _import_path
from urlcheck.client.attempt import HttpClient
from urlcheck.model.nouns import Outcome, Result, Target

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine on Linux alone")


def hosts(url: str, count: int, start: int = 1) -> list[str]:
    """As many hosts of one server, whose port is in its URL."""
    port = url.rpartition(":")[2]
    return [f"http://127.0.{number // 250}.{number % 250 + 1}:{port}/{number}" for number in range(start, start + count)]


async def check_all(urls: list[str], processes: int = 3, **settings: object) -> list[Result]:
    return await check(urls, Settings(processes=processes, retries=0, **settings))  # type: ignore[arg-type]


async def test_every_url_comes_out_once_whatever_process_it_was_checked_by(serve: Serve) -> None:
    server = await serve(reply(), host="0.0.0.0")
    urls = [*hosts(server.url, 500), "ftp://example.org/", "http://127.0.0.1:1/"]
    results = await check_all(urls)
    assert [result.target.url for result in results] == urls
    assert [result.verdict for result in results] == [Verdict.OK] * 500 + [Verdict.INVALID, Verdict.CONNECT]


async def test_a_short_list_starts_no_process(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "start_child", None)
    server = await serve(reply())
    results = await check([f"{server.url}/{number}" for number in range(100)], Settings(processes="auto"))
    assert {result.verdict for result in results} == {Verdict.OK}


def test_one_process_is_enough_to_wait_unless_more_are_asked_for() -> None:
    assert fleet.count_processes(Settings(wait=60)) == 1
    assert fleet.count_processes(Settings(wait=60, processes=2)) == 2


@pytest.mark.parametrize("is_busy", [True, False])
async def test_a_long_list_is_shared_where_the_first_process_is_busy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, *, is_busy: bool
) -> None:
    monkeypatch.setattr(fleet, "LONG_LIST", 100)
    monkeypatch.setattr(fleet, "count_processes", lambda _: 2)
    monkeypatch.setattr(fleet, "_BUSY", -1 if is_busy else 2)
    shared = asyncio.Event()
    give = Child.give

    def share(child: Child, targets: list[Target]) -> None:
        shared.set()
        give(child, targets)

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        if is_busy:
            await shared.wait()
        writer.write(reply())

    monkeypatch.setattr(Child, "give", share)
    server = await serve(answer, host="0.0.0.0")
    results = await check(hosts(server.url, 400), Settings(processes="auto", concurrency=64))
    assert {result.verdict for result in results} == {Verdict.OK}
    assert len(results) == 400
    assert shared.is_set() == is_busy


async def test_a_host_stays_with_one_process(serve: Serve) -> None:
    in_flight = most = 0

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0)
        writer.write(reply())
        in_flight -= 1

    server = await serve(answer)
    await check_all([f"{server.url}/{number}" for number in range(200)], per_host=1)
    assert most == 1


def worker_of(pid: int) -> int:
    """A child of a process, by the process table."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return int(children.read().split()[0])


@on_posix
async def test_a_worker_that_is_killed_loses_nothing(launch: Launch, serve: Serve) -> None:
    asked = asyncio.Event()
    released = asyncio.Event()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await released.wait()
        writer.write(reply())

    server = await serve(answer, host="0.0.0.0")
    urls = hosts(server.url, 300)
    process = await launch(*urls, "-j", "2", "-o", "jsonl", "-t", "60s")
    await asked.wait()
    os.kill(worker_of(process.pid), signal.SIGKILL)
    released.set()
    finished = await finish(process)
    assert sorted(record["url"] for record in finished.records) == sorted(urls)
    assert {record["verdict"] for record in finished.records} == {"ok"}
    assert "a process died" in finished.stderr
    assert finished.status == 0


@on_posix
async def test_a_worker_that_is_killed_has_no_post_sent_twice(launch: Launch, serve: Serve) -> None:
    asked = asyncio.Event()
    released = asyncio.Event()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await released.wait()
        writer.write(reply())

    server = await serve(answer, host="0.0.0.0")
    urls = hosts(server.url, 300)
    process = await launch(*urls, "-j", "2", "-o", "jsonl", "-t", "60s", "-X", "POST")
    await asked.wait()
    os.kill(worker_of(process.pid), signal.SIGKILL)
    released.set()
    finished = await finish(process)
    assert sorted(record["url"] for record in finished.records) == sorted(urls)
    assert {record["verdict"] for record in finished.records} == {"ok", "unchecked"}
    assert {record["detail"] for record in finished.records} == {"200 OK", fleet.NOT_REPEATED}
    assert len(server.targets) == len({*server.targets})
    assert finished.status == 1


@on_posix
async def test_a_run_that_is_interrupted_reports_what_every_process_has_left(launch: Launch, serve: Serve) -> None:
    asked = asyncio.Event()

    async def answer(_: str, __: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.Event().wait()

    server = await serve(answer, host="0.0.0.0")
    urls = hosts(server.url, 300)
    process = await launch(*urls, "-j", "3", "-o", "jsonl")
    await asked.wait()
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert sorted(record["url"] for record in finished.records) == sorted(urls)
    assert {record["verdict"] for record in finished.records} == {"unchecked"}
    assert finished.status == 130


async def test_the_deadline_holds_in_every_process(serve: Serve) -> None:
    async def answer(_: str, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    server = await serve(answer, host="0.0.0.0")
    results = await check_all(hosts(server.url, 100), deadline=0.5)
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.UNCHECKED, "past the deadline")}
    assert len(results) == 100


async def test_one_process_and_several_say_the_same(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve({"/404": reply("404 Not Found"), "/moved": reply("302 Found", "Location: /404")})
    urls = [f"{server.url}/404", f"{server.url}/moved", "http://127.0.0.1:1/", "ftp://example.org/", "a..b"]

    def without_times(records: list[dict[str, object]]) -> list[dict[str, object]]:
        kept = [{k: v for k, v in record.items() if k not in ("elapsed_ms", "checked_at")} for record in records]
        return sorted(kept, key=lambda record: str(record["url"]))

    runs = [await urlcheck(*urls, "-j", processes, "-o", "jsonl", "-r", "0") for processes in ("1", "3")]
    assert without_times(runs[0].records) == without_times(runs[1].records)


async def test_no_process_imports_from_the_working_directory(serve: Serve, tmp_path: Path) -> None:
    server = await serve(reply(), host="0.0.0.0")
    for module in ("pickle", "urlcheck"):
        (tmp_path / f"{module}.py").write_text("open('imported', 'w').close()\n")
    program = (sys.executable, "-P", "-m", "urlcheck", *hosts(server.url, 20), "-j", "2", "-o", "jsonl")
    finished = await finish(await create_subprocess_exec(*program, cwd=tmp_path, stdin=DEVNULL, stdout=PIPE, stderr=PIPE))
    assert (finished.status, finished.stderr, len(finished.records)) == (0, "", 20)
    assert not (tmp_path / "imported").exists()


def test_a_process_imports_from_where_the_first_does_and_last_from_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "program.pyz", "/python", "/site"])
    assert _import_path().split(os.pathsep) == [
        "/python",
        "/site",
        str(tmp_path),
        str(tmp_path),
        str(tmp_path / "program.pyz"),
    ]


async def test_a_crash_in_the_first_process_ends_the_run_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object) -> Outcome:
        raise RuntimeError("a mistake of our own")

    monkeypatch.setattr(HttpClient, "attempt", crash)
    endless = (f"http://127.0.0.1:9/{number}" for number in itertools.count())
    with pytest.raises(RuntimeError, match="a mistake of our own"):  # noqa: PT012
        async with asyncio.timeout(PATIENCE):
            async for _ in check_urls(endless, Settings(processes=2, dedupe=False)):
                pass
