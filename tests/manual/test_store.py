"""The examples of the page on the store are run as they are written."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.manual.pages import PAGES, blocks, sections
from tests.support.program import Urlcheck

PAGE = PAGES["store"]
QUERIES = [shlex.split(line) for block in blocks(sections(PAGE)["The file"], "sh") for line in block.splitlines()]
SNIPPETS = [yaml.safe_load(block) for block in blocks(sections(PAGE)["In CI"], "yaml")]


@pytest.fixture
async def state(urlcheck: Urlcheck, tmp_path: Path, site: str) -> Path:
    """The state file of two runs over the demo site, from a list of its own."""
    (tmp_path / "urls.txt").write_text(f"{site}/health\n{site}/status/404\n", encoding="utf-8")
    for _ in range(2):
        await urlcheck("-f", "urls.txt", "--state", "links.db", "-r", "0")
    return tmp_path / "links.db"


async def test_every_query_of_the_page_is_valid_and_most_find_something(state: Path) -> None:
    assert len(QUERIES) == 8
    with closing(sqlite3.connect(state)) as connection:
        found = [len(connection.execute(sql).fetchall()) for _, _, sql in QUERIES]
    assert found == [1, 0, 1, 1, 2, 2, 2, 0]


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the program sqlite3 is not installed")
async def test_the_queries_run_in_the_program_sqlite3(state: Path, site: str) -> None:
    commands = [subprocess.run(command, cwd=state.parent, check=True, capture_output=True, text=True) for command in QUERIES]
    assert commands[0].stdout.startswith(f"{site}/status/404|404|404 Not Found|20")
    assert all(not command.stderr for command in commands)


async def test_every_command_at_the_top_of_the_page_runs(urlcheck: Urlcheck, state: Path, site: str) -> None:
    [block] = blocks(PAGE.partition("\n## ")[0], "sh")
    (state.parent / "big.txt").write_text(f"{site}/health\n", encoding="utf-8")
    statuses = []
    for line in block.splitlines():
        program, *arguments = shlex.split(line.replace("example.org/page", f"{site}/health"), comments=True)
        finished = await urlcheck(*arguments)
        assert (program, finished.stderr) == ("urlcheck", "")
        statuses.append(finished.status)
    assert statuses == [0, 1, 1, 0, 0, 0, 0]


def find_command(script: str) -> list[str]:
    _, *arguments = shlex.split(script)
    return arguments


async def test_the_command_of_github_passes_over_what_passed_and_what_is_old(urlcheck: Urlcheck, state: Path) -> None:
    [command] = [step["run"] for step in SNIPPETS[0] if "run" in step]
    assert state.exists()
    finished = await urlcheck(*find_command(command))
    assert (finished.status, finished.stderr) == (0, "")
    assert "1 still failing, 1 cached" in finished.stdout


async def test_the_command_of_gitlab_writes_the_report_that_it_uploads(urlcheck: Urlcheck, state: Path) -> None:
    job: dict[str, Any] = SNIPPETS[1]["urls"]
    finished = await urlcheck(*find_command(job["script"][-1]))
    assert finished.status == 0
    assert (state.parent / job["artifacts"]["reports"]["junit"]).exists()


def test_the_snippets_cache_the_file_that_their_command_names() -> None:
    github, gitlab = SNIPPETS
    named = [find_command(step["run"])[find_command(step["run"]).index("--state") + 1] for step in github if "run" in step]
    assert {step["with"]["path"] for step in github if "uses" in step} == {*named} == {*gitlab["urls"]["cache"]["paths"]}


async def test_facts_hold_what_the_page_says(state: Path) -> None:
    with closing(sqlite3.connect(state)) as connection:
        [(text,)] = connection.execute("SELECT facts FROM result WHERE verdict = 'status'")
    assert {"status", "detail", "elapsed", "source", "line"} <= json.loads(text).keys()


async def test_the_query_of_uptime_counts_the_checks_of_a_watch(state: Path, site: str) -> None:
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("INSERT INTO rollup SELECT id, strftime('%s') / 3600, 3, 4 FROM target WHERE verdict = 'ok'")
        assert connection.execute(QUERIES[-1][-1]).fetchall() == [(f"{site}/health", 75.0)]
