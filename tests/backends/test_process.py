"""Runs in several processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.backends.builders import hosts, make_targets
from tests.support.clock import PATIENCE
from tests.support.marks import on_posix
from tests.support.program import Launch, Urlcheck, finish
from tests.support.servers import Serve, hold, reply
from urlcheck import Settings, Verdict, check
from urlcheck.backends import codec, messages, remote
from urlcheck.backends.autoscaler import Autoscaler
from urlcheck.backends.coordinator import NOT_REPEATED, Coordinator
from urlcheck.backends.local import open_local
from urlcheck.backends.process import open_process
from urlcheck.backends.protocol import BackendLostError
from urlcheck.backends.remote import PULSES, RemoteBackend
from urlcheck.backends.worker_process import import_path
from urlcheck.input.iterable_source import IterableSource
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.model.result import Result
from urlcheck.settings.scopes import RunSettings

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine on Linux alone")
pytestmark = on_linux


async def check_all(urls: list[str], processes: int = 3, **settings: object) -> list[Result]:
    return await check(urls, Settings(processes=processes, retries=0, **settings))  # type: ignore[arg-type]


async def test_every_url_comes_out_once(serve: Serve) -> None:
    server = await serve(reply(), host="0.0.0.0")
    urls = [*hosts(server.url, 500), "ftp://example.org/", "http://127.0.0.1:1/"]
    results = await check_all(urls)
    assert [result.target.url for result in results] == urls
    assert [result.verdict for result in results] == [Verdict.OK] * 500 + [Verdict.INVALID, Verdict.CONNECT]


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
async def test_the_urls_of_a_process_that_is_killed_are_checked_by_another(launch: Launch, serve: Serve) -> None:
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
async def test_a_post_of_a_process_that_is_killed_is_not_sent_twice(launch: Launch, serve: Serve) -> None:
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
    assert {record["detail"] for record in finished.records} == {"200 OK", NOT_REPEATED}
    assert len(server.targets) == len({*server.targets})
    assert finished.status == 1


@asynccontextmanager
async def open_pair(urls: list[str], hang_seconds: float) -> AsyncIterator[tuple[Coordinator, Autoscaler]]:
    """A run in two processes, the second of which may be silent for so long, and what opens it."""
    settings = Settings(processes=2, timeout=60)
    checks = [settings.check]
    source = IterableSource(urls, TargetBuilder(settings, checks))
    async with open_local(settings, checks, children=1) as first:
        open_second = partial(open_process, replace(settings.part(RunSettings), processes=1), checks, hang_seconds)
        scaler = Autoscaler(open_second, 1, is_asked=True)
        yield Coordinator(source, first, settings, checks, scaler), scaler


async def collect(run: Coordinator) -> list[Result]:
    async with asyncio.timeout(PATIENCE):
        return [result async for result in run.results()]


async def test_a_process_that_is_stopped_is_replaced_by_another(serve: Serve) -> None:
    released = asyncio.Event()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.write(reply())

    server = await serve(answer, host="0.0.0.0")
    urls = hosts(server.url, 100)
    async with open_pair(urls, hang_seconds=0.3) as (run, scaler):
        results = asyncio.create_task(collect(run))
        await server.until_asked(100)  # by both
        scaler.opened[0].suspend()
        released.set()
        assert sorted(result.target.url for result in await results) == sorted(urls)
        assert {result.verdict for result in results.result()} == {Verdict.OK}
        assert run.lost


async def test_a_process_whose_servers_are_slow_is_left_alone(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    released = asyncio.Event()
    read = RemoteBackend._read
    signs = 0

    async def release_after_a_while(backend: RemoteBackend) -> messages.FromBackend | None:
        nonlocal signs
        message = await read(backend)
        signs += isinstance(message, messages.Alive)
        if signs > 2 * PULSES:  # so twice the time in which it may be silent has passed
            released.set()
        return message

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.write(reply())

    monkeypatch.setattr(RemoteBackend, "_read", release_after_a_while)
    server = await serve(answer, host="0.0.0.0")
    async with open_pair(hosts(server.url, 100), hang_seconds=1.0) as (run, _):
        assert {result.verdict for result in await collect(run)} == {Verdict.OK}
        assert not run.lost


def state_of(pid: int) -> str:
    """The letter of a process's state, as `ps` shows it."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]


async def until_state(pid: int, *, stopped: bool) -> None:
    async with asyncio.timeout(PATIENCE):
        while (state_of(pid) == "T") != stopped:
            await asyncio.sleep(0)


async def until_ended(pidfd: int) -> None:
    """Wait for the end of a process that is not a child of this one."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(pidfd, ended.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


@pytest.mark.parametrize("is_stopped", [False, True])
async def test_a_process_ends_with_its_parent(launch: Launch, serve: Serve, *, is_stopped: bool) -> None:
    server = await serve(hold, host="0.0.0.0")
    process = await launch(*hosts(server.url, 100), "-j", "2", "-o", "jsonl", "-t", "60s")
    await server.until_asked(100)
    worker = worker_of(process.pid)
    pidfd = os.pidfd_open(worker)
    if is_stopped:
        os.kill(worker, signal.SIGSTOP)
        await until_state(worker, stopped=True)
    process.kill()
    await until_ended(pidfd)


async def test_ctrl_z_stops_every_process_until_the_first_goes_on(serve: Serve) -> None:
    released = asyncio.Event()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.write(reply())

    server = await serve(answer, host="0.0.0.0")
    program = (sys.executable, "-m", "urlcheck", *hosts(server.url, 100), "-j", "2", "-o", "jsonl", "-t", "60s")
    # a job of its own, as a shell makes it: the system stops no process group that nobody could continue
    process = await create_subprocess_exec(*program, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, process_group=0)
    await server.until_asked(100)
    worker = worker_of(process.pid)
    for _ in range(2):
        process.send_signal(signal.SIGTSTP)
        await until_state(process.pid, stopped=True)
        await until_state(worker, stopped=True)
        process.send_signal(signal.SIGCONT)
        await until_state(worker, stopped=False)
    released.set()
    finished = await finish(process)
    assert (finished.status, len(finished.records), finished.stderr) == (0, 100, "")


@on_posix
async def test_an_interrupted_run_reports_the_unfinished_urls_of_every_process(launch: Launch, serve: Serve) -> None:
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


async def test_one_process_and_several_give_the_same_results(urlcheck: Urlcheck, serve: Serve) -> None:
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


def test_a_process_has_the_import_path_of_the_first_with_the_working_directory_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "program.pyz", "/python", "/site"])
    assert import_path().split(os.pathsep) == [
        "/python",
        "/site",
        str(tmp_path),
        str(tmp_path),
        str(tmp_path / "program.pyz"),
    ]


# --- the backend itself ---


async def open_backend(**settings: object) -> RemoteBackend:
    made = Settings(**settings)  # type: ignore[arg-type]
    return await open_process(made.part(RunSettings), [made.check])


async def take(backend: RemoteBackend) -> list[Result]:
    async with asyncio.timeout(PATIENCE):
        return [result async for batch in backend.results() for result in batch]


async def test_a_backend_gives_a_result_for_every_target_and_ends_when_it_is_finished(serve: Serve) -> None:
    server = await serve(reply("404 Gone \xe9"))
    targets = make_targets([f"{server.url}/{number}" for number in range(20)])
    backend = await open_backend(per_host=4)
    backend.submit(targets)
    assert backend.status.unfinished == 20
    backend.finish()
    results = await take(backend)
    assert {(result.verdict, result.attempts) for result in results} == {(Verdict.STATUS, 1)}
    assert sorted((result.target for result in results), key=lambda target: target.index) == targets
    assert backend.status.unfinished == 0
    await backend.aclose()


async def test_a_backend_gives_back_the_targets_of_hosts_that_nothing_is_in_flight_for(serve: Serve) -> None:
    server = await serve(hold, host="0.0.0.0")
    targets = make_targets(hosts(server.url, 10))
    backend = await open_backend(concurrency=4)
    results = asyncio.create_task(take(backend))
    backend.submit(targets)
    await server.until_asked(4)
    withdrawn = await backend.withdraw()
    assert (len(withdrawn.targets), len(withdrawn.origins)) == (6, 4)
    assert backend.status.unfinished == 4
    backend.stop("the end")
    left = await results
    assert {(result.verdict, result.detail) for result in left} == {(Verdict.UNCHECKED, "the end")}
    assert sorted([*withdrawn.targets, *(result.target for result in left)], key=lambda target: target.index) == targets
    await backend.aclose()


async def test_a_backend_that_ends_too_early_is_lost_with_its_unfinished_targets(serve: Serve) -> None:
    server = await serve(hold)
    targets = make_targets([server.url])
    backend = await open_backend()
    backend.submit(targets)
    results = asyncio.create_task(take(backend))
    await server.until_asked()
    await backend.aclose()
    with pytest.raises(BackendLostError) as loss:
        await results
    assert loss.value.unfinished == targets
    assert backend.status.unfinished == 0


async def test_a_backend_of_another_version_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "VERSION", "0.0.1")
    backend = await open_backend()
    with pytest.raises(BackendLostError):
        await take(backend)
    await backend.aclose()


async def test_a_backend_that_cannot_use_a_message_is_lost_with_its_unfinished_targets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = await open_backend()
    pack = codec.pack_settings
    monkeypatch.setattr(codec, "pack_settings", lambda settings: {**pack(settings), "unknown": 1})
    targets = make_targets(["http://127.0.0.1:9/"])
    backend.submit(targets)
    with pytest.raises(BackendLostError) as loss:
        await take(backend)
    assert loss.value.unfinished == targets
    await backend.aclose()
