"""Rich consoles that obey the terminal, `--color`, `NO_COLOR` and `FORCE_COLOR`; never a global one."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console

# no line of a pipe or file is cut or folded, however long
_UNBOUNDED_WIDTH = 10_000_000


class PlainConsole(Console):
    """A console that leaves a closed pipe to the program; Rich's own ends it with a status of its own."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # called within Rich's handler of the original


def make_console(stream: TextIO, color: str = "auto") -> Console:
    """A console on a stream: as wide as its terminal, or unbounded and plain where there is none."""
    is_terminal = stream.isatty()
    return PlainConsole(
        file=stream,
        force_terminal=is_terminal,
        no_color=False,  # Rich would look at NO_COLOR itself
        color_system="standard" if _wants_color(color, is_terminal=is_terminal) else None,
        width=None if is_terminal else _UNBOUNDED_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _wants_color(color: str, *, is_terminal: bool) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"
