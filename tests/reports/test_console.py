from __future__ import annotations

import io

import pytest
from rich.text import Text

from tests.builders import Terminal
from urlcheck.reports.console import make_console

RED, PLAIN = "\x1b[31mx\x1b[0m\n", "x\n"


@pytest.mark.parametrize(
    ("stream", "environment", "color", "written"),
    [
        (Terminal, "", "auto", RED),
        (Terminal, "", "always", RED),
        (Terminal, "", "never", PLAIN),
        (io.StringIO, "", "auto", PLAIN),
        (io.StringIO, "", "always", RED),
        (io.StringIO, "", "never", PLAIN),
        (Terminal, "NO_COLOR=1", "auto", PLAIN),
        (Terminal, "NO_COLOR=", "auto", RED),  # no-color.org: not an empty one
        (Terminal, "NO_COLOR=1", "always", RED),
        (io.StringIO, "FORCE_COLOR=1", "auto", RED),
        (io.StringIO, "FORCE_COLOR=", "auto", PLAIN),
        (io.StringIO, "FORCE_COLOR=1", "never", PLAIN),
        (Terminal, "NO_COLOR=1 FORCE_COLOR=1", "auto", PLAIN),
        (Terminal, "TERM=dumb", "auto", PLAIN),
        (Terminal, "TERM=dumb", "always", RED),
        (Terminal, "TERM=xterm-256color", "auto", RED),
        (io.StringIO, "TERM=xterm-256color", "auto", PLAIN),
    ],
)
def test_colour_is_the_options_then_the_environments_then_the_terminals_choice(
    stream: type[io.StringIO], environment: str, color: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in environment.split():
        monkeypatch.setenv(*setting.split("=", 1))
    console = make_console(out := stream(), color)
    console.print(Text("x", "red"))
    assert out.getvalue() == written


@pytest.mark.parametrize("text", ["[red]x[/red]", ":smile:", "https://example.org/ 'x' 1234 None"])
def test_markup_is_neither_obeyed_nor_highlighted(text: str) -> None:
    make_console(stream := Terminal()).print(text)
    assert stream.getvalue() == f"{text}\n"


def test_a_terminal_has_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert make_console(Terminal()).width == 40


def test_a_line_of_a_pipe_is_never_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    make_console(stream := io.StringIO()).print("word " * 20_000)
    assert stream.getvalue().count("\n") == 1


class ClosedPipe(io.StringIO):
    """A stream whose reader went away."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_closed_pipe_is_left_to_the_program() -> None:
    with pytest.raises(BrokenPipeError):
        make_console(ClosedPipe()).print("x")
