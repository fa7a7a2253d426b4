"""The table of a watch leaves the terminal to the shell while the program is in the background."""

from __future__ import annotations

import sys

import pytest

from tests.support.builders import Terminal
from tests.watch.simulation import Simulation
from urlcheck.cli import watch_display
from urlcheck.cli.watch_display import Lines, Screen, choose_display
from urlcheck.settings.output import OutputSettings

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error becomes a terminal; to be called in the test, because pytest sets the stream anew before it."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    return terminal


def put(monkeypatch: pytest.MonkeyPatch, *, in_foreground: bool) -> None:
    monkeypatch.setattr(watch_display, "is_in_foreground", lambda _: in_foreground)


def choose() -> watch_display.WatchDisplay:
    return choose_display(Simulation(["https://a.example/"], lambda *_: None).watch, OutputSettings())  # type: ignore[arg-type]


def test_a_job_in_the_background_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    open_terminal(monkeypatch)
    put(monkeypatch, in_foreground=False)
    assert isinstance(choose(), Lines)
    put(monkeypatch, in_foreground=True)
    assert isinstance(choose(), Screen)


async def test_a_table_that_goes_on_in_the_background_comes_back_in_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
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
