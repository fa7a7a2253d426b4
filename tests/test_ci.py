"""The snippets of the manual for CI are run as they are written, except for the name under which urlcheck is installed."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import junitparser
import pytest
import yaml

from tests.manual.pages import PAGES, blocks
from tests.support.marks import on_posix
from tests.support.program import Finished, finish
from tests.support.servers import Serve, reply

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / ".github/actions/urlcheck/action.yml").read_text("utf-8"))
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))

pytestmark = on_posix

Shell = Callable[..., Awaitable[Finished]]


def snippets(kind: str = "yaml") -> list[str]:
    """The code blocks of the page on CI."""
    return blocks(PAGES["ci"], kind)


def snippet(word: str) -> Any:
    """The one YAML block that has this word in it."""
    [found] = [text for text in snippets() if word in text]
    return yaml.safe_load(found)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs a script as a runner does: in a folder with a list, where `urlcheck` and `pipx` are this checkout."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, shift in (("urlcheck", 0), ("pipx", 4)):  # pipx run --spec NAME urlcheck ...
        script = commands / name
        script.write_text(f'#!/bin/sh\nshift {shift}\nexec {shlex.quote(sys.executable)} -m urlcheck "$@"\n')
        script.chmod(0o755)

    async def run(script: str, **variables: str) -> Finished:
        env = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": "summary.md", **variables}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *("bash", "-e", "-c", script), cwd=tmp_path, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        return await finish(process)

    return run


@pytest.fixture
def urls(tmp_path: Path, site: str) -> Path:
    """A list with a problem in its second line."""
    file = tmp_path / "urls.txt"
    file.write_text(f"{site}/health\n{site}/status/404\n")
    return file


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """The folder of a runner in which the action has installed this checkout."""
    folder = tmp_path / "runner"
    folder.mkdir()
    (folder / "urlcheck").symlink_to(ROOT)
    return str(folder)


async def test_one_run_annotates_and_sums_up(shell: Shell, urls: Path) -> None:
    [step] = snippet("pipx")
    finished = await shell(step["run"])
    assert (finished.status, finished.stderr) == (1, "")
    assert "::error file=urls.txt,line=2,title=urlcheck%3A status::" in finished.stdout
    assert "1 of 2 URLs failed" in urls.with_name("summary.md").read_text("utf-8")


async def test_the_action_takes_lists_and_options_a_line_each(shell: Shell, urls: Path, installed: str) -> None:
    urls.rename(urls.with_name("my list.txt"))
    step = ACTION["runs"]["steps"][-1]
    inputs = {"FILES": "my list.txt\n", "OPTIONS": "--allow=status\n--user-agent=$(touch broken); a b\n"}
    assert set(inputs) < set(step["env"])
    finished = await shell(step["run"], PYTHON=sys.executable, RUNNER_TEMP=installed, **inputs)
    assert (finished.status, finished.stderr) == (0, "")
    assert "2 URLs: 1 passed, 1 allowed (1 status)" in finished.stdout
    assert not urls.with_name("broken").exists()


async def test_the_action_imports_nothing_from_the_repository_that_it_checks(shell: Shell, urls: Path, installed: str) -> None:
    urls.with_name("click.py").write_text("raise SystemExit('imported')\n")
    step = ACTION["runs"]["steps"][-1]
    finished = await shell(step["run"], PYTHON=sys.executable, RUNNER_TEMP=installed, FILES="urls.txt", OPTIONS="")
    assert (finished.status, finished.stderr) == (1, "")


async def test_the_action_needs_no_list_where_a_configuration_names_the_urls(
    shell: Shell, urls: Path, installed: str, site: str
) -> None:
    urls.with_name("urlcheck.toml").write_text(f'[[target]]\nurl = "{site}/status/404"\n')
    step = ACTION["runs"]["steps"][-1]
    files = ACTION["inputs"]["files"]["default"]
    finished = await shell(step["run"], PYTHON=sys.executable, RUNNER_TEMP=installed, FILES=files, OPTIONS="--retries 0")
    assert (finished.status, finished.stderr) == (1, "")
    assert "file=urlcheck.toml,line=2," in finished.stdout


@pytest.mark.usefixtures("urls")
async def test_the_action_drops_blanks_and_carriage_returns_around_lines(shell: Shell, installed: str) -> None:
    step = ACTION["runs"]["steps"][-1]
    inputs = {"FILES": " \r\n\t urls.txt \r\n", "OPTIONS": "  --allow=status  \r\n \r\n"}
    finished = await shell(step["run"], PYTHON=sys.executable, RUNNER_TEMP=installed, **inputs)
    assert (finished.status, finished.stderr) == (0, "")


@pytest.mark.parametrize(
    "line",
    ["--user-agent 'a; b'", '--user-agent  "a; b"', "--user-agent a; b", "--user-agent=a; b", "--header User-Agent: a; b"],
)
async def test_the_action_takes_the_value_of_an_option_after_a_blank(
    shell: Shell, serve: Serve, urls: Path, installed: str, line: str
) -> None:
    server = await serve(reply())
    urls.write_text(server.url)
    step = ACTION["runs"]["steps"][-1]
    options = f"{line}\n--timeout 5s\n--no-dedupe\n-c 2"
    finished = await shell(step["run"], PYTHON=sys.executable, RUNNER_TEMP=installed, FILES="urls.txt", OPTIONS=options)
    assert (finished.status, finished.stderr) == (0, "")
    assert "\r\nUser-Agent: a; b\r\n" in server.heads[0]


def test_the_action_has_the_inputs_that_are_used() -> None:
    [_, step] = snippet("uses: urlcheck-cli")
    assert step["with"].keys() <= ACTION["inputs"].keys()
    assert (ROOT / step["uses"].partition("@")[0].removeprefix("urlcheck-cli/urlcheck/") / "action.yml").exists()


async def test_gitlab_finds_the_report(shell: Shell, urls: Path) -> None:
    job = snippet("junit")["urls"]
    finished = await shell(job["script"][-1])
    report = junitparser.JUnitXml.fromfile(str(urls.with_name(job["artifacts"]["reports"]["junit"])))
    assert (finished.status, report.tests, report.failures) == (1, 2, 1)


@pytest.mark.usefixtures("urls")
async def test_the_hook_of_pre_commit_checks_the_list(shell: Shell) -> None:
    [repo] = snippet("repos")["repos"]
    [hook] = repo["hooks"]
    assert hook["id"] == HOOK["id"]
    finished = await shell(shlex.join([*shlex.split(HOOK["entry"]), *hook.get("args", HOOK["args"])]))
    assert (finished.status, "✗ 404" in finished.stdout) == (1, True)


def test_the_hook_of_pre_commit_runs_whatever_the_list_is_called() -> None:
    assert (HOOK["always_run"], HOOK["pass_filenames"], HOOK.keys() & {"files", "types"}) == (True, False, set())


async def test_cron_sends_no_mail_while_all_is_well(shell: Shell, urls: Path, site: str) -> None:
    [line] = snippets("crontab")
    command = line.strip().split(" ", 5)[5]
    assert "✗ 404" in (await shell(command)).stdout
    urls.write_text(f"{site}/health\n")
    assert await shell(command) == Finished(0, "", "")
