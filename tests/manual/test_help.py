"""`-h`, `--help` and `--manual`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from tests.cli.test_terminal import ENVIRONMENT, PseudoTerminal, terminal
from tests.manual.pages import PAGES
from tests.support.builders import Terminal
from tests.support.marks import on_posix
from tests.support.program import Launch, RunHere, Urlcheck, finish
from urlcheck.cli.command import EXAMPLES, command
from urlcheck.cli.program import run
from urlcheck.options.groups import GroupedOption
from urlcheck.options.topics import TOPICS

__all__ = ["terminal"]


async def show(urlcheck: Urlcheck, option: str, width: int = 80) -> list[str]:
    """The lines of a text of help, at that width."""
    return (await urlcheck(option, env={"COLUMNS": str(width)})).stdout.splitlines()


# --- -h and --help ---


@pytest.mark.parametrize("width", [80, 100])
async def test_the_short_help_fits_a_screen_of_40_lines(urlcheck: Urlcheck, width: int) -> None:
    shown = await show(urlcheck, "-h", width)
    assert len(shown) <= 40
    assert [line for line in shown if len(line) > width] == []


async def test_the_short_help_lists_about_twenty_options(urlcheck: Urlcheck) -> None:
    common = [param for param in command.params if isinstance(param, GroupedOption) and param.common]
    assert 18 <= len(common) <= 22
    shown = "\n".join(await show(urlcheck, "-h"))
    assert [option.opts for option in common if option.opts[-1] not in shown] == []


async def test_the_short_help_points_to_the_long_help(urlcheck: Urlcheck) -> None:
    assert (await show(urlcheck, "-h"))[-1] == "--help lists all options, and --manual explains them."


@pytest.mark.parametrize("option", ["-h", "--help"])
async def test_the_examples_stand_before_the_options(urlcheck: Urlcheck, option: str) -> None:
    shown = await show(urlcheck, option)
    first = shown.index("Examples:")
    assert [line.strip() for line in shown[first + 1 : first + 1 + len(EXAMPLES)]] == list(EXAMPLES)
    assert first < next(number for number, line in enumerate(shown) if line.lstrip().startswith("-"))


@pytest.mark.parametrize(("width", "most"), [(80, 80), (100, 100), (200, 100)])
async def test_the_long_help_is_as_wide_as_the_terminal_up_to_100_columns(urlcheck: Urlcheck, width: int, most: int) -> None:
    shown = await show(urlcheck, "--help", width)
    assert most - 8 <= max(map(len, shown)) <= most


async def test_the_long_help_lists_every_option(urlcheck: Urlcheck) -> None:
    shown = "\n".join(await show(urlcheck, "--help", 100))
    assert [param.opts for param in command.params if isinstance(param, click.Option) and param.opts[-1] not in shown] == []


# --- --manual ---


async def test_without_a_topic_the_topics_are_listed_with_a_line_each(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("--manual")
    assert (finished.status, finished.stderr) == (0, "")
    lines = [line.split(maxsplit=1) for line in finished.stdout.splitlines() if line.startswith("  ")]
    assert lines == [[topic, line] for topic, line in TOPICS.items()]


@pytest.mark.parametrize("topic", TOPICS)
def test_in_a_pipe_a_topic_is_plain_text(run_here: RunHere, topic: str) -> None:
    finished = run_here("--manual", topic)
    assert (finished.status, finished.stderr) == (0, "")
    assert finished.stdout.strip()
    assert [mark for mark in ("\x1b", "```", "](", " \n", "\n\n\n") if mark in finished.stdout] == []


async def test_prose_is_folded_to_the_width_and_code_is_not(urlcheck: Urlcheck) -> None:
    narrow = (await urlcheck("--manual", "waiting", env={"COLUMNS": "60"})).stdout.splitlines()
    assert max(len(line) for line in narrow if "urlcheck --" not in line) <= 60
    [example] = [line for line in narrow if "./deploy.sh" in line]
    assert example.endswith("https://example.org/")


async def test_no_cell_of_a_table_is_cut(urlcheck: Urlcheck) -> None:
    narrow = (await urlcheck("--manual", "verdicts", env={"COLUMNS": "60"})).stdout
    assert narrow.count("…") == PAGES["verdicts"].count("…")


async def test_a_page_is_at_most_100_columns_wide(urlcheck: Urlcheck) -> None:
    wide = (await urlcheck("--manual", "verdicts", env={"COLUMNS": "300"})).stdout.splitlines()
    assert 90 <= max(map(len, wide)) <= 100


async def test_an_ascii_stream_gets_ascii(urlcheck: Urlcheck) -> None:
    shown = (await urlcheck("--manual", "verdicts", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})).stdout
    assert shown.isascii()
    assert "\\u" not in shown


@on_posix
async def test_a_reader_that_goes_away_ends_the_manual_quietly(launch: Launch) -> None:
    read, write = os.pipe()
    os.close(read)
    process = await launch("--manual", "formats", stdout=write)
    os.close(write)
    finished = await finish(process)
    assert (finished.status, finished.stderr) == (141, "")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("format", "did you mean 'formats'?"),
        ("EXPECT", "did you mean 'expectations'?"),
        ("optoins", "did you mean 'options'?"),
        ("c", "did you mean 'configuration' or 'ci' or 'cluster' or 'changelog'?"),
        ("poetry", f"the topics are: {', '.join(TOPICS)}"),
    ],
)
async def test_an_unknown_topic_is_a_usage_error_with_suggestions(urlcheck: Urlcheck, word: str, hint: str) -> None:
    finished = await urlcheck("--manual", word)
    assert (finished.status, finished.stdout) == (2, "")
    assert f"{word!r} is not a topic of the manual; {hint}" in finished.stderr


def test_a_shell_completes_topics() -> None:
    shell = BashComplete(command, {}, "urlcheck", "_URLCHECK_COMPLETE")
    assert [item.value for item in shell.get_completions(["--manual"], "co")] == ["configuration"]


@on_posix
@pytest.mark.parametrize(
    ("pager", "variables", "colored"),
    [("less", {}, True), ("less", {"NO_COLOR": "1"}, False), ("plain", {}, False)],
    ids=["less", "less without color", "a pager that may not know colors"],
)
async def test_on_a_terminal_the_pager_gets_the_page(
    launch: Launch, terminal: PseudoTerminal, tmp_path: Path, *, pager: str, variables: Mapping[str, str], colored: bool
) -> None:
    program = tmp_path / pager
    program.write_text('#!/bin/sh\necho "PAGER $LESS"\ncat\n')
    program.chmod(0o755)
    env = {**ENVIRONMENT, "PAGER": str(program), **variables}
    process = await launch("--manual", "formats", stdin=terminal.follower, stdout=terminal.follower, env=env)
    assert await terminal.finish(process) == 0
    assert terminal.written.startswith(b"PAGER -R" if pager == "less" else b"PAGER")
    assert b"Text from outside" in terminal.written
    assert (b"\x1b[" in terminal.written) is colored


def test_a_thread_that_may_not_set_signals_shows_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(run, ["--manual", "ci"]).result() == 0
    assert "GitHub" in shown.getvalue()


@on_posix
async def test_ctrl_c_is_left_to_the_pager(launch: Launch, terminal: PseudoTerminal, tmp_path: Path) -> None:
    """The program waits until the pager has ended."""
    pager = tmp_path / "pager.py"
    pager.write_text(
        "import os, signal, sys\n"
        "sys.stdin.read()\n"
        "signal.signal(signal.SIGUSR1, lambda *_: None)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "print(os.getpid(), file=sys.stderr, flush=True)\n"
        "signal.sigwait([signal.SIGUSR1])\n"
        "print('THE END', flush=True)\n"
    )
    env = {**ENVIRONMENT, "PAGER": f"{sys.executable} {pager}"}
    process = await launch("--manual", "ci", stdin=terminal.follower, stdout=terminal.follower, env=env)
    assert process.stderr
    number = int(await process.stderr.readline())
    process.send_signal(signal.SIGINT)
    os.kill(number, signal.SIGUSR1)
    assert await terminal.finish(process) == 0
    assert b"THE END" in terminal.written
