from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.text import Text

from tests.support.builders import AsciiFile, Terminal
from urlcheck.reports.terminal.console import make_console

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


def test_what_the_encoding_lacks_is_substituted_or_written_out() -> None:
    console = make_console(AsciiFile())
    assert console.spell("✓ ✗ → … ━━╸ ▁▄█ é") == r"+ x -> ... ==- .:# \xe9"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_the_encoding_has_stays_as_it_is(stream: type[io.StringIO]) -> None:
    assert make_console(stream()).spell("✓ ✗ → … ━━╸ ▁▄█ é") == "✓ ✗ → … ━━╸ ▁▄█ é"


def test_an_old_windows_console_is_drawn_on_in_ascii() -> None:
    console = make_console(Terminal())
    console.legacy_windows = True
    assert console.spell("✓ é") == "+ é"


@pytest.mark.parametrize(("width", "shown"), [(23, "https://example.org/a/b"), (12, "https:…g/a/b"), (3, "h…b"), (1, "…")])
def test_a_url_is_shortened_to_a_width(width: int, shown: str) -> None:
    assert make_console(io.StringIO()).shorten("https://example.org/a/b", width) == shown


def test_a_url_is_shortened_in_ascii() -> None:
    assert make_console(AsciiFile()).shorten("https://example.org/a/b", 13) == "https.../a/b"[:5] + "...g/a/b"


def test_a_wide_character_is_not_cut_in_two() -> None:
    assert cell_len(make_console(io.StringIO()).shorten("例" * 20, 10)) <= 10


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
