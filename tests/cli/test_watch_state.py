"""`--watch --state` as a user runs it: what a watch knows survives its end, however it ends."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.cli.test_watch import QUICK, end, read_error
from tests.support.clock import PATIENCE
from tests.support.marks import on_posix
from tests.support.program import Launch, Program, RunHere, Urlcheck, finish
from tests.support.servers import Serve, reply

STATE = ("--state", "up.db")


async def fetch(page: str, path: str) -> Any:
    def read() -> Any:
        with urlopen(f"{page}api/v1/{path}") as answer:
            return json.load(answer)

    return await asyncio.to_thread(read)


async def find_page(process: Program) -> str:
    found = re.search(r"http://\S+", await read_error(process, "status page"))
    assert found
    return found.group()


async def until(folder: Path, sql: str) -> Any:
    """The first row of a query on the state file, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(sqlite3.OperationalError), closing(sqlite3.connect(folder / "up.db")) as connection:
                if row := connection.execute(sql).fetchone():
                    return row
            await asyncio.sleep(0.05)


@on_posix
async def test_a_target_that_was_down_is_down_since_then_after_a_kill(launch: Launch, serve: Serve, tmp_path: Path) -> None:
    server = await serve(reply("503 Service Unavailable"))
    first = await launch(server.url, *QUICK, *STATE)
    await read_error(first, "down (was suspect")
    since, _ = await until(tmp_path, "SELECT state_since, 1 FROM target JOIN rollup ON target = id WHERE state = 'down'")
    first.kill()
    await finish(first)
    second = await launch(server.url, *QUICK, *STATE, "--serve", "0")
    page = await find_page(second)
    [target] = (await fetch(page, "targets"))["targets"]
    history = await fetch(page, f"targets/{target['id']}/history")
    finished = await end(second)
    assert target["state"] == "down"
    assert (
        target["since"][:19]
        == sqlite3.connect(":memory:")
        .execute("SELECT strftime('%Y-%m-%dT%H:%M:%S', ? / 1000, 'unixepoch')", (since,))
        .fetchone()[0]
    )
    assert (target["uptime_24h"], target["uptime_30d"]) == (0, 0)
    assert [(change["to"], change["verdict"]) for change in history["changes"]] == [("down", "status"), ("suspect", "status")]
    assert {day["uptime"] for day in history["days"]} == {None, 0}
    assert len(history["days"]) == 90
    assert "down" not in finished.stderr


@on_posix
async def test_an_end_by_ctrl_c_writes_the_rest_and_leaves_one_file(
    launch: Launch, serve: Serve, urlcheck: Urlcheck, tmp_path: Path
) -> None:
    server = await serve(reply())
    process = await launch(server.url, *QUICK, *STATE)
    await server.until_asked(2)
    assert (await end(process)).status == 130
    assert [file.name for file in tmp_path.glob("up.db-wal")] == []
    with closing(sqlite3.connect(tmp_path / "up.db")) as connection:
        assert connection.execute("SELECT state, verdict FROM target").fetchall() == [("up", "ok")]
        assert connection.execute("SELECT count(*) FROM result").fetchall() == [(1,)]
    shown = await urlcheck(*STATE, "--history", server.url)
    assert "unknown → up  200 OK" in shown.stdout


@on_posix
async def test_a_second_watch_is_told_who_has_the_file(launch: Launch, serve: Serve, urlcheck: Urlcheck) -> None:
    server = await serve(reply())
    first = await launch(server.url, *QUICK, *STATE)
    await server.until_asked()
    second = await urlcheck(server.url, *QUICK, *STATE)
    await end(first, signal.SIGKILL)
    assert (second.status, second.stderr.count("\n")) == (2, 1)
    assert "has it open" in second.stderr


@on_posix
async def test_a_file_that_cannot_be_written_is_said_in_one_line_and_the_watch_goes_on(
    launch: Launch, serve: Serve, tmp_path: Path
) -> None:
    server = await serve(reply())
    process = await launch(server.url, *QUICK, *STATE, "--deadline", "1000")
    await until(tmp_path, "SELECT 1 FROM rollup")
    with closing(sqlite3.connect(tmp_path / "up.db")) as connection:
        connection.execute("DROP TABLE rollup")
        connection.commit()
    line = await read_error(process, "cannot write up.db", "goes on without it")
    finished = await end(process)
    assert line.startswith("urlcheck: ")
    assert "cannot write" not in finished.stderr
    assert finished.status == 130


@pytest.mark.parametrize(
    "option", [("--max-age", "1d"), ("--last-failed",), ("--fail-on", "new"), ("--grace", "1d"), ("--restart",)]
)
def test_options_of_a_single_run_are_refused(run_here: RunHere, option: tuple[str, ...]) -> None:
    finished = run_here("https://a.example", *QUICK, *STATE, *option)
    assert finished.status == 2
    assert f"{option[0]}: cannot be used together with --watch" in finished.stderr
