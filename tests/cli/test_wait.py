"""`--wait` against servers that come late, come back, or never come."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any

import pytest

from tests.support.clock import PATIENCE
from tests.support.marks import on_posix
from tests.support.ports import find_port
from tests.support.program import Launch, Urlcheck, finish, read_line
from tests.support.servers import RawServer, Serve, hold, reply
from urlcheck import Settings, Verdict, check, check_urls
from urlcheck.backends import coordinator
from urlcheck.backends.bounds import Bounds
from urlcheck.client import session
from urlcheck.client.resolver import ConfirmingResolver, LookupThreads

AttemptTrace = Callable[[], None]


@pytest.fixture
def port() -> int:
    """A port at which nobody listens yet."""
    return find_port()


@asynccontextmanager
async def listen(port: int, answer: bytes, host: str = "127.0.0.1") -> AsyncIterator[None]:
    """A server at a port of the caller's choice, which answers every request the same and keeps the connection."""
    connections = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(accept, host, port, reuse_address=True):
        yield
        for connection in connections:
            connection.close()


class Doorman:
    """Says 503 until it is told to let everybody in; how often it was asked shows how often the others were."""

    def __init__(self) -> None:
        self.lets_in = False

    async def __call__(self, _: str, writer: asyncio.StreamWriter) -> None:
        writer.write(reply() if self.lets_in else reply("503 Service Unavailable"))


@pytest.fixture
def doorman() -> Doorman:
    return Doorman()


@pytest.fixture
async def door(serve: Serve, doorman: Doorman) -> RawServer:
    return await serve(doorman)


def verdicts(records: list[dict[str, Any]]) -> dict[str, str]:
    return {record["url"]: record["verdict"] for record in records}


async def test_a_process_that_starts_late_is_waited_for(launch: Launch, door: RawServer, doorman: Doorman, port: int) -> None:
    urls = [f"http://127.0.0.1:{port}/health", f"http://127.0.0.1:{port}/users", door.url]
    waiting = await launch(*urls, "--wait", "60s", "-o", "jsonl")
    await door.until_asked(3)
    late = await create_subprocess_exec(
        sys.executable, "-m", "urlcheck.demo", "--serve", str(port), stdout=DEVNULL, stderr=PIPE
    )
    try:
        first = await read_line(waiting) + await read_line(waiting)
        doorman.lets_in = True
        finished = await finish(waiting, first)
    finally:
        late.kill()
        await late.communicate()
    assert (finished.status, finished.stderr) == (0, "")
    assert verdicts(finished.records) == dict.fromkeys(urls, "ok")
    assert all(record["attempts"] > 1 for record in finished.records)


async def test_a_server_that_restarts_is_waited_for(launch: Launch, door: RawServer, doorman: Doorman, port: int) -> None:
    urls = [*(f"http://127.0.0.1:{port}/{number}" for number in range(20)), door.url]
    kept = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    async with listen(port, kept):
        waiting = await launch(*urls, "--wait", "60s", "-o", "jsonl")
        await door.until_asked(2)
    await door.until_asked(4)
    async with listen(port, kept.replace(b"503 Busy", b"200 OK")):
        doorman.lets_in = True
        finished = await finish(waiting)
    assert finished.status == 0
    assert verdicts(finished.records) == dict.fromkeys(urls, "ok")


async def test_what_never_comes_has_its_last_verdict_at_the_end(urlcheck: Urlcheck, closed_port: int) -> None:
    finished = await urlcheck(f"http://127.0.0.1:{closed_port}", "--wait", "1s", "-o", "jsonl")
    [record] = finished.records
    assert (finished.status, record["verdict"]) == (1, "connect")
    assert record["detail"].startswith("connection refused")
    assert finished.stderr == "urlcheck: the time to wait, 1 s, was up\n"


async def test_a_server_that_never_answers_is_a_timeout_though_the_time_to_wait_is_shorter(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, loop = await serve(hold), asyncio.get_running_loop()
    began, seconds = loop.time(), 0.0
    with monkeypatch.context() as patch:  # a clock that stands still, as both times are up at nearly the same moment
        patch.setattr(loop, "time", lambda: began + seconds)
        waiting = asyncio.create_task(check([server.url], Settings(wait=0.5)))
        await server.until_asked()
        seconds = 0.5
        for _ in range(100):
            await asyncio.sleep(0)
        seconds = 0.6
        [result] = await waiting
    assert (result.verdict, result.detail, result.attempts) == (Verdict.TIMEOUT, "no response within 500 ms", 1)


async def test_every_url_has_one_record_as_soon_as_it_passes_or_when_the_time_is_up(
    launch: Launch, serve: Serve, door: RawServer, doorman: Doorman, closed_port: int
) -> None:
    at_once, late, never = (await serve(reply())).url, door.url, f"http://127.0.0.1:{closed_port}"
    options = ("--wait", "5s", "--exclude", "skip", "-o", "jsonl")
    waiting = await launch(never, late, at_once, "ftp://host/", "http://skip/", *options)
    first = b"".join([await read_line(waiting) for _ in range(3)])
    doorman.lets_in = True
    first += await read_line(waiting)
    assert late.encode() in first
    finished = await finish(waiting, first)
    assert finished.status == 1
    assert [record["verdict"] for record in finished.records].count("connect") == 1
    assert len(finished.records) == 5
    assert verdicts(finished.records) == {
        "ftp://host/": "invalid",
        "http://skip/": "skipped",
        at_once: "ok",
        late: "ok",
        never: "connect",
    }


@on_posix
async def test_after_ctrl_c_what_has_not_passed_has_its_last_verdict(launch: Launch, serve: Serve, door: RawServer) -> None:
    at_once = (await serve(reply())).url
    waiting = await launch(door.url, at_once, "--wait", "1h", "-o", "jsonl")
    first = await read_line(waiting)
    await door.until_asked(3)
    waiting.send_signal(signal.SIGINT)
    finished = await finish(waiting, first)
    assert finished.status == 130
    assert verdicts(finished.records) == {at_once: "ok", door.url: "status"}
    assert {record["detail"].partition(" (")[0] for record in finished.records} == {"200 OK", "503 Service Unavailable"}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_name_of_several_addresses_is_up_when_one_of_them_answers(urlcheck: Urlcheck, port: int, host: str) -> None:
    async with listen(port, reply(), host):
        finished = await urlcheck(f"localhost:{port}", "--wait", "60s", "-o", "jsonl")
    [record] = finished.records
    assert (record["verdict"], record["address"], record["attempts"]) == ("ok", host, 1)


@on_posix
async def test_several_processes_wait_as_one(launch: Launch, door: RawServer, doorman: Doorman, closed_port: int) -> None:
    _, _, of_door = door.url.rpartition(":")
    late = [f"http://name{number}.localhost:{of_door}/" for number in range(20)]
    never = [f"http://name{number}.localhost:{closed_port}/" for number in range(20)]
    waiting = await launch(*late, *never, "--wait", "8s", "-j", "2", "-o", "jsonl")
    await door.until_asked(3 * len(late))
    doorman.lets_in = True
    finished = await finish(waiting)
    assert (finished.status, finished.stderr) == (1, "urlcheck: the time to wait, 8 s, was up\n")
    assert verdicts(finished.records) == dict.fromkeys(late, "ok") | dict.fromkeys(never, "connect")
    assert len(finished.records) == len(late) + len(never)


async def test_what_never_comes_in_one_process_does_not_keep_the_rest_from_being_checked(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setattr(coordinator, "Bounds", partial(Bounds, window=10))
    never = [f"http://name{number}.localhost:{closed_port}/" for number in range(300)]
    there = (await serve(reply())).url
    async with aclosing(check_urls([*never, there], Settings(wait=60, processes=2, concurrency=20))) as results:
        first = await anext(results)
    assert (first.target.url, first.verdict) == (there, Verdict.OK)


async def test_waiting_is_for_programs_too(door: RawServer, doorman: Doorman) -> None:
    waiting = asyncio.create_task(check([door.url], Settings(wait=60)))
    await door.until_asked(2)
    doorman.lets_in = True
    [result] = await asyncio.wait_for(waiting, PATIENCE)
    assert (result.verdict, result.attempts) == (Verdict.OK, 3)


class Names:
    """Stands in for `socket.getaddrinfo`, under which a name comes to lead elsewhere."""

    def __init__(self, *answers: str | OSError) -> None:
        self._answers = list(answers)

    def __call__(self, _: str, port: int, *, family: int, type: int) -> list[Any]:  # noqa: A002, ARG002 - the library's names
        answer = self._answers.pop(0) if self._answers[1:] else self._answers[0]
        if isinstance(answer, OSError):
            raise answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port))]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(socket.gaierror(socket.EAI_NONAME, "no such name"), id="appears"),
        pytest.param("127.0.0.2", id="moves"),
    ],
)
async def test_a_name_is_followed_when_it(serve: Serve, monkeypatch: pytest.MonkeyPatch, before: str | OSError) -> None:
    server = await serve(reply())
    names = Names(before, before, "127.0.0.1")
    monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, LookupThreads(names)))
    url = f"http://new.example:{server.url.rpartition(':')[2]}/"
    [result] = await check([url], Settings(wait=20))
    assert result.verdict is Verdict.OK
    assert result.attempts < 15  # and not when what a session remembers of names is forgotten elsewhere
