from __future__ import annotations

import os
import signal
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from tests.conftest import Launch, Urlcheck, finish, on_posix
from urlcheck.__main__ import main, run
from urlcheck.cli import command
from urlcheck.errors import InputError


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (click.UsageError("that way"), 2, "Error: that way\n"),
        (InputError("no input"), 2, "urlcheck: no input\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_becomes_an_exit_status_and_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, status: int, said: str
) -> None:
    def end(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(command, "main", end)
    assert run([]) == status
    assert capsys.readouterr().err == said


async def test_an_encoding_that_cannot_say_it_loses_nothing(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("ftp://höst", env={"PYTHONIOENCODING": "ascii"})
    assert finished.status == 1
    assert r"ftp://h\xf6st" in finished.stdout


@on_posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param("--bogus 2>/dev/full", 2, id="a usage error"),
        pytest.param("-f missing.txt 2>/dev/full", 2, id="an input error"),
        pytest.param("--help >/dev/full 2>/dev/full", 2, id="the help"),
        pytest.param("ftp://host -o jsonl=/dev/null 2>/dev/full", 1, id="the summary"),
        pytest.param("-k -o jsonl --allow invalid ftp://host 2>/dev/full", 0, id="a note"),
    ],
)
async def test_the_exit_status_stands_where_standard_error_is_full(arguments: str, status: int) -> None:
    program = f'exec "$0" -m urlcheck {arguments}'
    finished = await finish(await create_subprocess_exec("sh", "-c", program, sys.executable, stdout=PIPE, stderr=PIPE))
    assert (finished.status, finished.stderr) == (status, "")


@on_posix
@pytest.mark.parametrize("option", ["-h", "--help", "--version", "--print-config", "--manual"])
async def test_a_reader_of_the_help_that_goes_away_ends_the_program_quietly(launch: Launch, option: str) -> None:
    read, write = os.pipe()
    os.close(read)
    process = await launch(option, stdout=write)
    os.close(write)
    finished = await finish(process)
    assert (finished.status, finished.stderr) == (141, "")


@on_posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_or_after_the_run_ends_the_program_without_a_word(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("urlcheck.__main__.end_at_once", ended.append)
    monkeypatch.setattr(command, "main", lambda *_, **__: signal.raise_signal(number))
    before = signal.getsignal(number)
    run([])
    assert ended == [128 + number]
    assert signal.getsignal(number) == before


def test_the_console_script_is_the_program() -> None:
    [script] = entry_points(group="console_scripts", name="urlcheck")
    assert script.load() is main


async def test_dash_m_is_called_by_its_name(urlcheck: Urlcheck) -> None:
    assert (await urlcheck("--help")).stdout.startswith("Usage: urlcheck [OPTIONS] [URL]...\n")


@on_posix
@pytest.mark.parametrize(
    ("closed", "options", "status"),
    [
        pytest.param("2>&-", "-o table", 1, id="standard error is not needed"),
        pytest.param(">&-", "-o jsonl=/dev/null", 1, id="standard output is not needed for a file"),
        pytest.param(">&-", "-o table", 2, id="standard output is needed for a table"),
        pytest.param(">&-", "-o jsonl", 2, id="standard output is needed for jsonl"),
    ],
)
async def test_a_stream_may_be_closed(closed: str, options: str, status: int) -> None:
    program = f'exec "$0" -m urlcheck ftp://host {options} {closed}'
    finished = await finish(await create_subprocess_exec("sh", "-c", program, sys.executable, stdout=PIPE, stderr=PIPE))
    assert (finished.status, "Traceback" in finished.stderr) == (status, False)
