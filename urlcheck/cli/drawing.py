"""Makes the display of a run on a terminal. This module imports Rich."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager

from urlcheck.backends.coordinator import Coordinator
from urlcheck.input.lists import Lists
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.awaiting import Awaiting
from urlcheck.reports.terminal.console import make_console
from urlcheck.reports.terminal.display import Display, show
from urlcheck.reports.terminal.progress import Progress


def draw(
    checker: Coordinator, wait: float | None, color: str, summary: Summary, lists: Lists, quiet: float
) -> AbstractContextManager[Display | None] | None:
    """A live view on standard error; None where the terminal cannot go back on its line.

    No failure is shown in the first `quiet` seconds.
    """
    console = make_console(sys.stderr, color)
    if console.is_dumb_terminal:
        return None
    if wait:
        return show(Awaiting(console, summary, checker, wait))
    return show(Progress(console, summary, lambda: lists.length, lambda: checker.slowed, quiet))
