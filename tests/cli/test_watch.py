"""`--watch` as a user runs it, against servers that fail and come back."""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from tests.support.clock import PATIENCE
from tests.support.marks import on_linux, on_posix
from tests.support.program import Finished, Launch, Program, RunHere, Urlcheck, finish, read_line
from tests.support.servers import RawServer, Serve, hold, reply

QUICK = ("--watch", "100ms", "--retries", "0")


class Service:
    """Answers 200 until it is told to fail."""

    def __init__(self) -> None:
        self.status = "200 OK"

    async def __call__(self, _: str, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(self.status))


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def server(serve: Serve, service: Service) -> RawServer:
    return await serve(service)


async def read_error(process: Program, *words: str) -> str:
    """The next line of standard error that has all of these words."""
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while line := (await process.stderr.readline()).decode():
            if all(word in line for word in words):
                return line
    raise AssertionError(f"no line has {words}")


async def end(process: Program, number: int = signal.SIGINT, before: bytes = b"") -> Finished:
    process.send_signal(number)
    return await finish(process, before)


async def test_every_check_has_a_record(launch: Launch, server: RawServer) -> None:
    process = await launch(server.url, *QUICK, "-o", "jsonl")
    lines = [await read_line(process) for _ in range(4)]
    assert {json.loads(line)["verdict"] for line in lines} == {"ok"}
    assert (await end(process)).status == 130


@on_posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_it_with_the_last_result_of_each_target(
    launch: Launch, server: RawServer, number: int, status: int
) -> None:
    process = await launch(server.url, "a b", *QUICK)
    await server.until_asked(3)
    finished = await end(process, number)
    assert finished.status == status
    header, _, *rows = [line.split() for line in finished.stdout.splitlines() if line]
    assert header[0] == "STATUS"
    assert [row[1] for row in rows[:2]] == ["200", "invalid"]
    assert "2 targets: 1 up, 1 " in finished.stdout
    assert "interrupted" not in finished.stdout


async def test_the_deadline_ends_it_with_the_status_of_the_last_results(urlcheck: Urlcheck, serve: Serve) -> None:
    up, down = await serve(reply()), await serve(reply("404 Not Found"))
    finished = await urlcheck(up.url, *QUICK, "--deadline", "300ms")
    assert finished.status == 0
    assert "the deadline of 300 ms passed" in finished.stdout
    assert (await urlcheck(down.url, *QUICK, "--deadline", "300ms")).status == 1


async def test_a_target_that_was_never_checked_is_unchecked(launch: Launch, serve: Serve) -> None:
    silent = await serve(hold)
    process = await launch(silent.url, *QUICK, "-o", "jsonl")
    await silent.until_asked()
    [record] = (await end(process)).records
    assert (record["verdict"], record["detail"]) == ("unchecked", "the watch was ended")


async def test_changes_are_lines_on_standard_error(launch: Launch, server: RawServer, service: Service) -> None:
    process = await launch(server.url, *QUICK, "-o", "jsonl=out.jsonl", "-q")
    await server.until_asked(2)
    service.status = "404 Not Found"
    down = await read_error(process, "down")
    assert down.endswith(f"Z down (was suspect): {server.url} 404 Not Found\n")
    service.status = "200 OK"
    assert (await end(process)).status == 130


async def test_a_target_that_recovers_is_a_change(launch: Launch, server: RawServer, service: Service) -> None:
    service.status = "404 Not Found"
    process = await launch(server.url, *QUICK, "--confirm", "1")
    await read_error(process, "down (was unknown)")
    service.status = "200 OK"
    await read_error(process, "up (was down")
    await end(process)


@on_linux
async def test_an_output_that_fails_is_said_at_once_and_the_watch_goes_on(launch: Launch, server: RawServer) -> None:
    process = await launch(server.url, *QUICK, "-o", "jsonl=/dev/full")
    assert "an output is lost: cannot write /dev/full: No space left on device" in await read_error(process, "output")
    await server.until_asked(len(server.heads) + 2)
    finished = await end(process)
    assert finished.status == 2
    assert "1 target: 1 up" in finished.stdout


async def test_processes_share_the_targets(launch: Launch, serve: Serve) -> None:
    servers = [await serve(reply()) for _ in range(8)]
    process = await launch(*(server.url for server in servers), *QUICK, "-j", "2", "-o", "jsonl")
    for server in servers:
        await server.until_asked(3)
    finished = await end(process)
    assert finished.status == 130
    assert set(finished.verdicts.values()) == {"ok"}


@on_posix
async def test_a_signal_has_the_list_read_anew(launch: Launch, server: RawServer, tmp_path: Path) -> None:
    tmp_path.joinpath("urls.txt").write_text(f"{server.url}/old\n")
    process = await launch("-f", "urls.txt", *QUICK)
    await server.until_asked()
    tmp_path.joinpath("urls.txt").write_text(f"{server.url}/new\n{server.url}/old\n")
    process.send_signal(signal.SIGHUP)
    await read_error(process, "read anew: 1 target added, 0 removed")
    async with asyncio.timeout(PATIENCE):
        while "/new" not in server.targets:
            await server.until_asked(len(server.heads) + 1)
    assert (await end(process)).status == 130


@on_posix
async def test_the_configuration_is_read_anew(launch: Launch, server: RawServer, service: Service, tmp_path: Path) -> None:
    target = f'[[target]]\nurl = "{server.url}"\n'
    tmp_path.joinpath("urlcheck.toml").write_text(f'watch = "100ms"\nretries = 0\n{target}')
    service.status = "418 I'm a Teapot"
    process = await launch()
    await read_error(process, "down", "418")
    tmp_path.joinpath("urlcheck.toml").write_text(f'watch = "200ms"\nretries = 0\nconcurrency = 5\n{target}accept = 418\n')
    process.send_signal(signal.SIGHUP)
    assert "read anew: 0 targets added, 0 removed" in await read_error(process, "configuration")
    assert await read_error(process, "a new start") == "urlcheck: a new start is needed for: concurrency\n"
    await read_error(process, "up (was down")
    await end(process)


@on_posix
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("watch = 'soon'\n", "urlcheck.toml:1: watch: 'soon' is not a duration"),
        ("no toml", "not TOML"),
        ("watch = '100ms'\n[[target]]\nurl = 'a.example'\nca-file = 'missing.pem'\n", "missing.pem"),
        ("watch = '100ms'\nfile = 'missing.txt'\n", "cannot read missing.txt"),
        ("watch = '100ms'\nfile = '/dev/null'\n", "no URL in the input"),
    ],
)
async def test_a_list_or_configuration_that_cannot_be_used_changes_nothing(
    launch: Launch, server: RawServer, tmp_path: Path, text: str, reason: str
) -> None:
    tmp_path.joinpath("urlcheck.toml").write_text(f'watch = "100ms"\n[[target]]\nurl = "{server.url}"\n')
    process = await launch("--config", "urlcheck.toml")
    await server.until_asked()
    tmp_path.joinpath("urlcheck.toml").write_text(text)
    process.send_signal(signal.SIGHUP)
    line = await read_error(process, "as before")
    assert reason in line
    await server.until_asked(len(server.heads) + 2)
    assert (await end(process)).status == 130


@on_posix
async def test_what_was_read_from_a_pipe_is_kept(launch: Launch, server: RawServer, tmp_path: Path) -> None:
    tmp_path.joinpath("urls.txt").write_text(f"{server.url}/file\n")
    process = await launch("-f", "-", "-f", "urls.txt", *QUICK, stdin=PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{server.url}/pipe\n".encode())
    process.stdin.close()
    await server.until_asked(2)
    process.send_signal(signal.SIGHUP)
    await read_error(process, "read anew: 0 targets added, 0 removed")
    await end(process)


@on_posix
async def test_secrets_of_a_configuration_that_is_read_anew_are_hidden(
    launch: Launch, server: RawServer, service: Service, tmp_path: Path
) -> None:
    target = f'watch = "100ms"\nretries = 0\n[[target]]\nurl = "{server.url}"\n'
    tmp_path.joinpath("urlcheck.toml").write_text(target)
    process = await launch("-o", "jsonl", env={"TOKEN": "hunter2hunter2"})
    first = await read_line(process)
    tmp_path.joinpath("urlcheck.toml").write_text(f'{target}header = "Authorization: Bearer ${{TOKEN}}"\n')
    process.send_signal(signal.SIGHUP)
    await read_error(process, "read anew")
    service.status = "404 hunter2hunter2"
    await read_error(process, "down")
    finished = await end(process, before=first)
    assert "hunter2" not in finished.stdout + finished.stderr
    assert finished.records[-1]["detail"] == "404 ${TOKEN}"
    assert "Bearer hunter2hunter2" in server.heads[-1]


async def test_a_change_is_posted(launch: Launch, server: RawServer, service: Service, aiohttp_server: AiohttpServer) -> None:
    posts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        posts.put_nowait(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    hook = f"http://127.0.0.1:{(await aiohttp_server(app)).port}/hook"
    process = await launch(server.url, f"{server.url}/?token=secret-token", *QUICK, "--notify", hook)
    await server.until_asked(4)
    service.status = "404 Not Found"
    async with asyncio.timeout(PATIENCE):
        notice = await posts.get()
    service.status = "200 OK"
    changes = {change["url"]: (change["from"], change["to"], change["detail"]) for change in notice["changes"]}
    assert set(changes) <= {server.url, f"{server.url}/?token=****"}
    assert {*changes.values()} == {("up", "down", "404 Not Found")}
    await end(process)


async def test_the_page_is_served_and_its_address_is_said(launch: Launch, server: RawServer) -> None:
    process = await launch(server.url, *QUICK, "--serve", "0")
    assert "the status page is at http://127.0.0.1:" in await read_error(process, "page")
    await end(process)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--confirm 2", "--confirm: needs --watch"),
        ("--notify http://a/", "--notify: needs --watch"),
        ("--serve 80", "--serve: needs --watch"),
        ("--watch 1m --wait 1m", "--wait: cannot be used together with --watch"),
        ("--watch 1m --notify-repeat 1h", "--notify-repeat: needs --notify"),
        ("--watch 1m --allow-host a", "--allow-host: needs --serve"),
        ("--watch 1m --serve 0.0.0.0:0", "--serve: other machines can reach this address, so it needs --serve-token-file"),
        (
            "--watch 1m --serve 0 --serve-token-file missing",
            "--serve-token-file: cannot read missing: No such file or directory",
        ),
    ],
)
def test_options_that_need_or_exclude_each_other_are_refused(run_here: RunHere, arguments: str, message: str) -> None:
    finished = run_here("a.example", *arguments.split())
    assert (finished.status, finished.stderr) == (2, f"urlcheck: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--watch 1ms", "'1ms' is too short: write 100ms or more"),
        ("--watch 1m --notify ftp://a/", "not an absolute http(s) URL"),
        ("--watch 1m --serve a:b", "'a:b' is not [HOST:]PORT with a port up to 65535"),
        ("--watch 1m --serve ::1:80", "an IPv6 address stands in brackets, as in [::1]:9115"),
    ],
)
def test_values_that_cannot_be_used_are_refused(run_here: RunHere, arguments: str, message: str) -> None:
    finished = run_here("a.example", *arguments.split())
    assert finished.status == 2
    assert message in finished.stderr


def test_a_configuration_of_a_watch_has_no_effect_on_a_single_run(run_here: RunHere, tmp_path: Path) -> None:
    tmp_path.joinpath("urlcheck.toml").write_text("confirm = 3\nnotify = 'https://hooks.example/'\n")
    assert run_here("--config", str(tmp_path / "urlcheck.toml"), "a b", "-o", "jsonl").status == 1
