"""How a watch is shown, and how it leaves the terminal to the shell while the program is in the background or ends."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

import pytest

from tests.support.builders import Terminal
from tests.support.endings import Ended, end
from tests.support.marks import on_posix
from tests.support.terminals import Ends, open_terminal, typed_on
from tests.watch.simulation import Simulation
from urlcheck.cli import watch_display
from urlcheck.cli.watch_display import Lines, Screen, choose_display
from urlcheck.runtime.termination import end_at_once
from urlcheck.settings.output import OutputSettings

if sys.platform != "win32":
    import termios

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


def draw_on_text(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error becomes a terminal; to be called in the test, because pytest sets the stream anew before it."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    return terminal


def put(monkeypatch: pytest.MonkeyPatch, *, in_foreground: bool) -> None:
    monkeypatch.setattr(watch_display, "is_in_foreground", lambda _: in_foreground)


def choose(output: OutputSettings | None = None) -> watch_display.WatchDisplay:
    simulation = Simulation(["https://a.example/"], lambda *_: None)  # type: ignore[arg-type]
    return choose_display(simulation.watch, output or OutputSettings())


def test_a_job_in_the_background_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_on_text(monkeypatch)
    put(monkeypatch, in_foreground=False)
    assert isinstance(choose(), Lines)
    put(monkeypatch, in_foreground=True)
    assert isinstance(choose(), Screen)


async def test_a_table_that_goes_on_in_the_background_comes_back_in_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = draw_on_text(monkeypatch)
    put(monkeypatch, in_foreground=True)
    display = choose()
    with display.shown(lambda: None):
        display.suspend()
        put(monkeypatch, in_foreground=False)
        display.resume()
        assert terminal.getvalue().endswith(LEAVE)
        put(monkeypatch, in_foreground=True)
        display.resume()
        assert terminal.getvalue().rfind(ENTER) > terminal.getvalue().rfind(LEAVE)


@pytest.mark.parametrize(
    ("quiet", "said"), [(False, "urlcheck: of interest\nurlcheck: a problem\n"), (True, "urlcheck: a problem\n")]
)
def test_quiet_lines_are_about_problems_alone(capsys: pytest.CaptureFixture[str], said: str, *, quiet: bool) -> None:
    display = choose(OutputSettings(quiet=quiet))
    display.inform("of interest")
    display.say("a problem")
    assert capsys.readouterr().err == said


async def test_a_line_goes_to_standard_error_while_there_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = draw_on_text(monkeypatch)
    put(monkeypatch, in_foreground=True)
    display = choose()
    display.say("before")
    with display.shown(lambda: None):
        display.inform("meanwhile")
    display.say("after")
    lines = re.findall("urlcheck: .*", terminal.getvalue())
    assert lines == ["urlcheck: before", "urlcheck: after"]


# --- on a terminal of the system's ---


@pytest.fixture
def terminal() -> Iterator[Ends]:
    with open_terminal() as terminal:
        yield terminal


@pytest.fixture
def screen(terminal: Ends, monkeypatch: pytest.MonkeyPatch) -> Iterator[watch_display.WatchDisplay]:
    """The table, of a process that does not end."""
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setenv("TERM", "xterm")
    with open(terminal.follower, "w", encoding="utf-8", closefd=False) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield choose()


@on_posix
async def test_ctrl_z_gives_the_shell_its_terminal_as_it_was_until_the_program_goes_on(
    screen: watch_display.WatchDisplay, terminal: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = termios.tcgetattr(terminal.follower)
    with typed_on(terminal, monkeypatch), screen.shown(lambda: None):
        taking_keys = termios.tcgetattr(terminal.follower)
        screen.suspend()
        assert termios.tcgetattr(terminal.follower) == before != taking_keys
        screen.resume()
        assert termios.tcgetattr(terminal.follower) == taking_keys


@on_posix
async def test_a_program_that_ends_at_once_leaves_the_screen(screen: watch_display.WatchDisplay, terminal: Ends) -> None:
    with screen.shown(lambda: None):
        with pytest.raises(Ended):
            end_at_once(143)
        assert terminal.read_all().count(LEAVE.encode()) == 1


@on_posix
async def test_a_program_that_ends_at_once_does_not_leave_a_screen_that_it_has_left(
    screen: watch_display.WatchDisplay, terminal: Ends
) -> None:
    with screen.shown(lambda: None):
        screen.stop()
        with pytest.raises(Ended):
            end_at_once(143)
    assert terminal.read_all().count(LEAVE.encode()) == 1
