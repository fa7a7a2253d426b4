"""A display that changes in place while a run lasts: on standard error, on a terminal only."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rich.console import RenderableType
from rich.live import Live

from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.console import PlainConsole
from urlcheck.runtime.threads import start_thread

FRAME = 0.1  # seconds
_PATIENCE = 1.0  # with a terminal that stalls


class Display:
    """Drawn by a thread of its own, so that no URL pays for it, and no terminal that stalls holds one up.

    `screen`: it fills the alternate screen, and the text before it is there again when it stops.
    """

    def __init__(self, console: PlainConsole, *, screen: bool = False) -> None:
        self._console = console
        self._spinner = itertools.cycle("-\\|/" if console.is_ascii else "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
        self._live = Live(  # calls `draw` now: subclasses set their attributes before this
            get_renderable=self.draw,
            console=console,
            auto_refresh=False,
            screen=screen,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def can_draw(self) -> bool:
        """Whether the terminal can go back on its line."""
        return not self._console.is_dumb_terminal

    def draw(self) -> RenderableType:
        """The content to show at this moment."""
        raise NotImplementedError

    def add(self, results: Sequence[Result]) -> None:
        """Take results, where those are shown that do not pass."""

    def close(self, summary: Summary) -> None:  # noqa: ARG002 - what is shown comes from it already
        self.stop()

    def tick(self, frame: int) -> None:  # noqa: ARG002 - for who does more than draw
        """Draw one frame; they are numbered from 1."""
        self._live.refresh()

    def print_remaining(self) -> None:
        """Print the lines that stay on the screen, before the display is removed."""

    def start(self) -> None:
        with suppress(OSError):
            self._live.start()
        with suppress(RuntimeError):  # too many threads: the run goes on without
            self._thread = start_thread(self._keep_drawing, "display")

    def stop(self) -> None:
        """Remove the display."""
        if self._end.is_set():
            return
        self._end.set()
        if self._thread:
            self._thread.join(_PATIENCE)
        with suppress(OSError):
            self.print_remaining()
            self._live.stop()

    def _keep_drawing(self) -> None:
        frame = 0
        with suppress(OSError):  # the terminal went away: the run goes on
            while not self._end.wait(FRAME):
                frame += 1
                self.tick(frame)


@contextmanager
def show(display: Display) -> Iterator[Display | None]:
    """Show the display within the context. Yields None on a terminal that cannot go back on its line."""
    if not display.can_draw:
        yield None
        return
    display.start()
    try:
        yield display
    finally:
        display.stop()
