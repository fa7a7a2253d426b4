"""Chooses what is drawn while a run lasts."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from urlcheck.backends.coordinator import Coordinator
from urlcheck.input.lists import Lists
from urlcheck.reports.registry import load_reporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.settings import OutputSettings, Settings

if TYPE_CHECKING:
    from urlcheck.reports.terminal.display import Display

# seconds in which no failure is shown before the table that lists it, on the same terminal
_SHORT_RUN = 10.0


def show_live(
    checker: Coordinator, settings: Settings, output: OutputSettings, summary: Summary, lists: Lists
) -> contextlib.AbstractContextManager[Display | None]:
    """A live view on standard error, where that is a terminal on which nothing else is written meanwhile."""
    if output.quiet or not output.progress or not sys.stderr.isatty():
        return contextlib.nullcontext()
    to_terminal = [name for name, file in output.outputs if file is None and sys.stdout.isatty()]
    if any(load_reporter(name).streams for name in to_terminal):
        return contextlib.nullcontext()
    from urlcheck.reports.terminal.awaiting import Awaiting  # noqa: PLC0415 - Rich is imported where it draws
    from urlcheck.reports.terminal.console import make_console  # noqa: PLC0415
    from urlcheck.reports.terminal.display import show  # noqa: PLC0415
    from urlcheck.reports.terminal.progress import Progress  # noqa: PLC0415

    console = make_console(sys.stderr, output.color)
    if settings.wait:
        return show(Awaiting(console, summary, checker, settings.wait))
    quiet = _SHORT_RUN if to_terminal else 0.0
    return show(Progress(console, summary, lambda: lists.length, lambda: checker.slowed, quiet))
