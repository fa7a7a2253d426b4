"""Rich consoles that obey the terminal, its encoding, `--color`, `NO_COLOR` and `FORCE_COLOR`; never a global one."""

from __future__ import annotations

import os
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console

# no line of a pipe or file is cut or folded, however long
_UNBOUNDED_WIDTH = 10_000_000
# ASCII substitutes for the characters that reports draw with
_SUBSTITUTES = str.maketrans(
    {"✓": "+", "✗": "x", "→": "->", "…": "...", "━": "=", "╸": "-", "─": "-", "│": "|", "•": "*"}
    | dict.fromkeys("▁▂▃", ".")
    | dict.fromkeys("▄▅▆", ":")
    | dict.fromkeys("▇█", "#")
)


class PlainConsole(Console):
    """A console that leaves a closed pipe to the program; Rich's own ends it with a status of its own."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # called within Rich's handler of the original

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - as Rich has it
        """Leave the cursor visible: it would stay hidden after a run is suspended or killed."""
        return False

    @property
    def is_ascii(self) -> bool:
        """Whether the encoding, or the font of an old Windows console, may lack the characters that reports draw with."""
        return self.legacy_windows or not self.encoding.startswith("utf")

    def spell(self, text: str) -> str:
        """The text in characters that the encoding has, so that it is measured as it is shown."""
        if not self.is_ascii:
            return text
        return text.translate(_SUBSTITUTES).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def shorten(self, text: str, width: int) -> str:
        """The text, without its middle where it is wider: the host and the end of the path tell most about a URL."""
        text = self.spell(text)
        if cell_len(text) <= width:
            return text
        mark = self.spell("…")
        tail = max(0, width - len(mark)) // 2
        head = max(0, width - len(mark) - tail)
        return f"{set_cell_size(text, head)}{mark}{set_cell_size(text[::-1], tail)[::-1]}"

    def cut(self, text: str, width: int) -> str:
        """The text, without its end where it is wider."""
        text = self.spell(text)
        mark = self.spell("…")
        return text if cell_len(text) <= width else f"{set_cell_size(text, max(0, width - len(mark)))}{mark}"


def make_console(stream: TextIO, color: str = "auto", *, width: int | None = None) -> PlainConsole:
    """A console on a stream: `width` wide, else as wide as its terminal. Without a terminal it is unbounded and plain."""
    is_terminal = stream.isatty()
    return PlainConsole(
        file=stream,
        force_terminal=is_terminal,
        no_color=False,  # Rich would look at NO_COLOR itself
        color_system="standard" if _wants_color(color, is_terminal=is_terminal) else None,
        width=width or (None if is_terminal else _UNBOUNDED_WIDTH),
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
