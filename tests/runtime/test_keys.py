"""Keys on a pseudo-terminal, read by this process; a program under such a terminal is seen in tests/cli/test_terminal.py."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support.clock import PATIENCE
from tests.support.marks import on_posix
from tests.support.terminals import Ends, open_terminal, typed_on
from urlcheck.runtime import keys
from urlcheck.runtime.keys import Keys, on_keys

if sys.platform != "win32":
    import termios

pytestmark = on_posix


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """Standard input is one."""
    with open_terminal() as terminal, typed_on(terminal, monkeypatch):
        yield terminal


async def test_a_key_is_taken_as_it_is_pressed(terminal: Ends) -> None:
    taken = asyncio.get_running_loop().create_future()
    with on_keys(taken.set_result):
        os.write(terminal.leader, b"q")
        assert await asyncio.wait_for(taken, PATIENCE) == "q"


async def test_afterwards_the_terminal_is_as_it_was(terminal: Ends) -> None:
    before = termios.tcgetattr(terminal.follower)
    with on_keys(lambda _: None):
        assert termios.tcgetattr(terminal.follower) != before
    assert termios.tcgetattr(terminal.follower) == before


async def test_the_terminal_of_a_program_in_the_background_is_left_alone(
    terminal: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "is_in_foreground", lambda: False)
    before = termios.tcgetattr(terminal.follower)
    with on_keys(lambda _: None):
        assert termios.tcgetattr(terminal.follower) == before


async def test_a_key_that_is_pressed_after_the_end_is_left_to_the_shell(
    terminal: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = select.select

    def end_meanwhile(*_: object) -> object:
        reader.end()
        os.write(terminal.leader, b"q\n")
        return wait([0], [], [], PATIENCE)

    reader = Keys(lambda _: None)
    monkeypatch.setattr(select, "select", end_meanwhile)
    reader.read()
    assert os.read(0, 2) == b"q\n"


async def test_a_key_that_is_pressed_while_another_program_has_the_terminal_is_left_to_that(
    terminal: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_once() -> bool:
        reader.end()
        return False

    reader = Keys(lambda _: None)
    monkeypatch.setattr(keys, "is_in_foreground", look_once)
    os.write(terminal.leader, b"q\n")
    reader.read()
    assert os.read(0, 2) == b"q\n"


def hang_up(terminal: Ends) -> None:
    terminal.hang_up()


def lose_input(_: Ends) -> None:
    """Have standard input give errors."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 0)
    os.close(descriptor)


@pytest.mark.parametrize("lose", [hang_up, lose_input])
async def test_an_input_that_is_lost_gives_no_key_and_is_read_no_more(terminal: Ends, lose: Callable[[Ends], None]) -> None:
    taken: list[str] = []

    def take(key: str) -> None:
        taken.append(key)
        reader.end()

    reader = Keys(take)
    lose(terminal)
    await asyncio.wait_for(asyncio.to_thread(reader.read), PATIENCE)
    await asyncio.sleep(0)
    assert taken == []
