from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

import click
import pytest

from tests.support.endings import Ended, end
from tests.support.marks import on_posix
from tests.support.program import Finished, Launch, Urlcheck, finish
from urlcheck.__main__ import main
from urlcheck.cli import program
from urlcheck.cli.command import command
from urlcheck.cli.program import run
from urlcheck.model.errors import InputError
from urlcheck.reports.registry import FORMATS
from urlcheck.runtime import termination

pytestmark = pytest.mark.user


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (click.UsageError("that way"), 2, "urlcheck: that way\n"),
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
        pytest.param("--bogus", 2, id="a usage error"),
        pytest.param("-f missing.txt", 2, id="an input error"),
        pytest.param("--help", 2, id="the help"),
        pytest.param("ftp://host -o jsonl=results.jsonl", 1, id="the summary"),
        pytest.param("-k -o jsonl=results.jsonl --allow invalid ftp://host", 0, id="a note"),
    ],
)
async def test_the_exit_status_stands_where_standard_error_is_full(launch: Launch, arguments: str, status: int) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        stdout = full.fileno() if arguments == "--help" else DEVNULL
        process = await launch(*arguments.split(), stdout=stdout, stderr=full.fileno())
    assert await process.wait() == status


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
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("module", ["click", "uvloop", "aiohttp"])
async def test_a_signal_while_modules_are_imported_ends_the_program_without_a_word(
    launch: Launch, tmp_path: Path, name: str, status: int, module: str
) -> None:
    tmp_path.joinpath(f"{module}.py").write_text(f"import os, signal\nos.kill(os.getpid(), signal.{name})\n")
    finished = await finish(await launch("ftp://host", is_loaded=False))
    assert finished == Finished(status, "", "")


@on_posix
async def test_a_signal_that_the_parent_ignores_stays_ignored(launch: Launch, tmp_path: Path) -> None:
    tmp_path.joinpath("uvloop.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGHUP)\nraise ImportError\n")
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = await launch("ftp://host", "--allow", "invalid", is_loaded=False)
    finally:
        signal.signal(signal.SIGHUP, previous)
    assert (await finish(process)).status == 0


@on_posix
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("form", ["jsonl", "table"])
async def test_a_full_pipe_without_a_reader_does_not_outlive_a_signal(
    launch: Launch, name: str, status: int, form: str
) -> None:
    unread, stdout = os.pipe()
    try:
        urls = [f"ftp://host/{number}" for number in range(1000)]
        process = await launch("-o", form, "--show", "all", *urls, stdout=stdout)
        await asyncio.to_thread(os.read, unread, 1)
        process.send_signal(signal.Signals[name])
        assert await finish(process) == Finished(status, "", "")
    finally:
        os.close(stdout)
        os.close(unread)


@on_posix
async def test_a_slow_reader_is_given_everything_after_a_signal(launch: Launch) -> None:
    read, stdout = os.pipe()
    with open(read, "rb") as reader:
        process = await launch("-o", "jsonl", *(f"ftp://host/{number}" for number in range(1000)), stdout=stdout)
        os.close(stdout)
        first = await asyncio.to_thread(reader.read, 1)
        process.send_signal(signal.SIGTERM)
        content = first + await asyncio.to_thread(reader.read)
    assert (await finish(process)).status == 143
    assert content.count(b"\n") == 1000


@on_posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("option", ["--help", "--version", "--print-config", *FORMATS])
@pytest.mark.parametrize("both", [False, True], ids=["standard output", "both streams"])
async def test_a_full_standard_output_is_one_line_and_a_status(launch: Launch, option: str, *, both: bool) -> None:
    arguments = [option] if option.startswith("-") else ["ftp://host", "-o", option]
    with open("/dev/full", "wb", buffering=0) as full:
        process = await launch(*arguments, stdout=full.fileno(), stderr=full.fileno() if both else PIPE)
        said = await process.stderr.read() if process.stderr else b""
    assert (await process.wait(), said.count(b"\n")) == (2, 0 if both else 1)


@on_posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
async def test_python_adds_nothing_where_standard_output_is_full(launch: Launch) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        finished = await finish(await launch("ftp://host", stdout=full.fileno(), is_loaded=False))
    assert finished == Finished(2, "", "urlcheck: cannot write standard output: No space left on device\n")


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (MemoryError(), "urlcheck: too little memory\n"),
        (OSError(errno.EMFILE, "Too many open files"), "urlcheck: too many open files; a higher limit helps (ulimit -n)\n"),
        (ValueError("\x1b[31m"), "urlcheck: internal error: ValueError('\\x1b[31m') at test_main.py:"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_that_nothing_expects_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: Exception, said: str
) -> None:
    def end(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(command, "main", end)
    assert run([]) == 2
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1


def test_pythons_development_mode_shows_the_traceback_of_such_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object, **__: object) -> None:
        raise ValueError("unexpected")

    monkeypatch.setattr(command, "main", end)
    monkeypatch.setattr(program, "sys", SimpleNamespace(flags=SimpleNamespace(dev_mode=True)))
    with pytest.raises(ValueError, match="unexpected"):
        run([])


@contextmanager
def without_reader() -> Iterator[TextIO]:
    """A pipe whose reader is gone."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8") as stream:
        yield stream


@contextmanager
def on_full_disk() -> Iterator[TextIO]:
    with open("/dev/full", "w", encoding="utf-8") as stream:
        yield stream


@on_posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize(
    ("output", "status", "said"),
    [
        (without_reader, 141, ""),
        (on_full_disk, 2, "urlcheck: cannot write standard output: No space left on device\n"),
    ],
)
def test_text_that_is_still_buffered_at_the_end_counts(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: Callable[[], AbstractContextManager[TextIO]],
    status: int,
    said: str,
) -> None:
    def write(*_: object, **__: object) -> int:
        sys.stdout.write("a report")
        return 0

    monkeypatch.setattr(command, "main", write)
    with output() as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert run([]) == status
    assert capsys.readouterr().err == said


@pytest.fixture
def import_failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Has the import of the program raise an exception. The process neither ends nor handles signals."""

    def fail(error: BaseException) -> None:
        def find_spec(name: str, *_: object) -> None:
            if name == program.__name__:
                raise error

        monkeypatch.delitem(sys.modules, program.__name__)
        monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find_spec), *sys.meta_path])

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(termination, "end_quietly_on_signals", lambda: None)
    return fail


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 2, "urlcheck: too little memory\n"),
        (OSError(errno.EMFILE, ""), 2, "urlcheck: too many open files; a higher limit helps (ulimit -n)\n"),
        (ImportError("x.so: failed to map segment from shared object"), 2, "urlcheck: too little memory\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_modules_that_cannot_be_loaded_are_one_line(
    import_failing: Callable[[BaseException], None],
    capfd: pytest.CaptureFixture[str],
    raised: BaseException,
    status: int,
    said: str,
) -> None:
    import_failing(raised)
    with pytest.raises(Ended, match=str(status)):
        main()
    assert capfd.readouterr().err == said


def test_an_installation_that_lacks_a_module_shows_which(import_failing: Callable[[BaseException], None]) -> None:
    import_failing(ModuleNotFoundError("No module named 'click'"))
    with pytest.raises(ModuleNotFoundError, match="click"):
        main()


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
