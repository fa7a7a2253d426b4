"""What a person sees: the real command line on a pseudo-terminal."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import PATIENCE
from tests.support.marks import on_posix
from tests.support.program import Launch, Program
from tests.support.servers import RawServer, Serve, hold, reply

pytestmark = on_posix

HIDE, ERASE = b"\x1b[?25l", b"\x1b[2K"
ENVIRONMENT = {"TERM": "xterm", "COLUMNS": "100"}


class PseudoTerminal:
    """A terminal to give to a program, and what was written on it."""

    def __init__(self) -> None:
        self._leader, self.follower = os.openpty()
        self.written = b""

    async def until(self, text: bytes) -> None:
        """Wait until that was written."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.written:
                self.written += await asyncio.to_thread(os.read, self._leader, 65536)

    def press(self, keys: bytes) -> None:
        """Type something."""
        os.write(self._leader, keys)

    async def finish(self, process: Program) -> int:
        """The exit status of a program whose terminal this is; its standard output, where that is a pipe, is not kept."""
        os.close(self.follower)
        self.follower = -1
        async with asyncio.timeout(PATIENCE):
            try:
                while chunk := await asyncio.to_thread(os.read, self._leader, 65536):
                    self.written += chunk
            except OSError:  # nobody has it open any more
                pass
            return await process.wait()

    def close(self) -> None:
        os.close(self._leader)
        if self.follower >= 0:
            os.close(self.follower)


@pytest.fixture
def terminal() -> Iterator[PseudoTerminal]:
    terminal = PseudoTerminal()
    yield terminal
    terminal.close()


@pytest.fixture
async def half_held(serve: Serve) -> RawServer:
    """Answers at once, but for `/held`."""

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        if target.startswith("/held"):
            await hold(target, writer)
        writer.write(reply())

    return await serve(answer)


async def test_the_bar_shows_what_is_done_of_how_many(launch: Launch, terminal: PseudoTerminal, half_held: RawServer) -> None:
    urls = [f"{half_held.url}/{name}" for name in ("done", "held")]
    process = await launch(*urls, stderr=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"1 of 2")
    process.terminate()
    await terminal.finish(process)


async def test_the_length_of_a_list_is_known(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer, tmp_path: Path
) -> None:
    tmp_path.joinpath("urls.txt").write_text(f"# a list\n{half_held.url}/done\n\n{half_held.url}/held\n")
    process = await launch("-f", "urls.txt", stderr=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"1 of 2")
    process.terminate()
    await terminal.finish(process)


async def test_of_a_pipe_what_is_done_is_counted(launch: Launch, terminal: PseudoTerminal, half_held: RawServer) -> None:
    process = await launch(stdin=PIPE, stderr=terminal.follower, env=ENVIRONMENT)
    assert process.stdin is not None
    process.stdin.write(f"{half_held.url}/done\n".encode())
    await terminal.until(b"1 checked")
    process.terminate()
    await terminal.finish(process)


async def test_a_run_that_waits_shows_what_for_and_how_long(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    process = await launch(f"{half_held.url}/held", "--wait", "60m", stderr=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"waiting for 1")
    await terminal.until(b" left")
    assert re.search(rb"(1 h|59 min \d+ s) left", terminal.written)
    process.terminate()
    await terminal.finish(process)


async def test_after_ctrl_c_the_bar_is_gone_and_the_table_drawn(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    process = await launch(f"{half_held.url}/held", stderr=terminal.follower, stdout=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"0 of 1")
    process.send_signal(signal.SIGINT)
    assert await terminal.finish(process) == 130
    after_bar = terminal.written.rpartition(ERASE)[2]
    assert b"of 1" not in after_bar
    assert b"unchecked" in after_bar


async def test_a_run_that_is_ended_at_once_leaves_a_cursor(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    process = await launch(f"{half_held.url}/held", stderr=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"0 of 1")
    process.kill()
    await terminal.finish(process)
    assert HIDE not in terminal.written


async def test_failures_are_shown_as_they_happen_where_no_table_follows(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    urls = ["ftp://host/", f"{half_held.url}/held"]
    process = await launch(*urls, "-o", "jsonl=out.jsonl", stderr=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"unsupported scheme 'ftp'")
    process.terminate()
    await terminal.finish(process)


async def test_a_short_run_does_not_say_everything_twice(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    urls = ["ftp://host/", f"{half_held.url}/held"]
    process = await launch(*urls, stderr=terminal.follower, stdout=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"URLs/s")
    process.terminate()
    await terminal.finish(process)
    assert terminal.written.count(b"unsupported scheme") == 1


@pytest.mark.parametrize("option", ["--quiet", "--no-progress"])
async def test_the_bar_may_be_left_out(launch: Launch, terminal: PseudoTerminal, half_held: RawServer, option: str) -> None:
    process = await launch(f"{half_held.url}/held", option, stderr=terminal.follower, env=ENVIRONMENT)
    await half_held.until_asked()
    process.terminate()
    await terminal.finish(process)
    assert terminal.written == b""


async def test_where_results_stream_to_the_terminal_there_is_no_bar(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    process = await launch(
        *("-o", "jsonl", f"{half_held.url}/held"), stderr=terminal.follower, stdout=terminal.follower, env=ENVIRONMENT
    )
    await half_held.until_asked()
    process.terminate()
    await terminal.finish(process)
    assert ERASE not in terminal.written
    assert terminal.written.splitlines()[1:] == [b"urlcheck: interrupted"]


async def test_a_dumb_terminal_is_sent_no_control_sequence(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    process = await launch(
        *(f"{half_held.url}/done", f"{half_held.url}/held"),
        stderr=terminal.follower,
        stdout=terminal.follower,
        env={"TERM": "dumb"},
    )
    await half_held.until_asked(2)
    process.terminate()
    assert await terminal.finish(process) == 143
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f]", terminal.written)
    assert b"read and not checked" in terminal.written


@pytest.mark.parametrize("columns", ["40", "100"])
async def test_a_terminal_in_an_ascii_locale_is_sent_ascii(
    launch: Launch, terminal: PseudoTerminal, site: str, columns: str
) -> None:
    environment = {**ENVIRONMENT, "COLUMNS": columns, "PYTHONIOENCODING": "ascii"}
    urls = [*(f"{site}/status/{status}" for status in range(200, 225)), f"{site}/例え/{'é' * 60}", f"{site}/redirect/1"]
    process = await launch(*urls, stderr=terminal.follower, stdout=terminal.follower, env=environment)
    assert await terminal.finish(process) == 1
    assert terminal.written.isascii()
    assert not re.search(rb"\\u2[0-9a-f]{3}", terminal.written)  # what we draw with has substitutes


# --- the table of a watch ---

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


async def test_the_table_of_a_watch_fills_the_alternate_screen_until_q_is_pressed(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    follower = terminal.follower
    process = await launch(
        *(half_held.url, "a b", "--watch", "100ms"), stdin=follower, stdout=follower, stderr=follower, env=ENVIRONMENT
    )
    await terminal.until(b"1 of 2 down")
    await half_held.until_asked(2)
    terminal.press(b"q")
    assert await terminal.finish(process) == 1
    before, _, after = terminal.written.partition(LEAVE)
    assert ENTER in before
    assert b"a blank inside" in before
    assert b"2 targets: 1 up, 1 down" in after


async def test_ctrl_c_ends_a_watch_and_leaves_the_terminal_as_it_was(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    import termios  # noqa: PLC0415 - not on Windows

    follower = terminal.follower
    before = termios.tcgetattr(follower)
    process = await launch(
        *(half_held.url, "--watch", "100ms"), stdin=follower, stdout=follower, stderr=follower, env=ENVIRONMENT
    )
    await terminal.until(b"CHECKS")
    process.send_signal(signal.SIGINT)
    await terminal.until(LEAVE)
    assert termios.tcgetattr(follower) == before
    assert await terminal.finish(process) == 130


async def test_a_watch_without_progress_has_lines_and_no_table(launch: Launch, terminal: PseudoTerminal) -> None:
    process = await launch("a b", "--watch", "100ms", "--no-progress", stderr=terminal.follower, env=ENVIRONMENT)
    await terminal.until(b"down (was suspect): a b a blank inside")
    process.send_signal(signal.SIGTERM)
    assert await terminal.finish(process) == 143
    assert b"\x1b" not in terminal.written


async def test_a_second_signal_leaves_the_alternate_screen_too(
    launch: Launch, terminal: PseudoTerminal, half_held: RawServer
) -> None:
    import termios  # noqa: PLC0415 - not on Windows

    follower = terminal.follower
    before = termios.tcgetattr(follower)
    process = await launch(
        *(half_held.url, "--watch", "100ms"), stdin=follower, stdout=follower, stderr=follower, env=ENVIRONMENT
    )
    await terminal.until(b"CHECKS")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    await terminal.until(LEAVE)
    assert termios.tcgetattr(follower) == before
    assert await terminal.finish(process) in (143, 130)
