"""Chooses the display that is shown while a run lasts."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from urlcheck.backends.coordinator import Coordinator
from urlcheck.input.lists import Lists
from urlcheck.reports.outputs import list_outputs
from urlcheck.reports.registry import load_reporter
from urlcheck.reports.sink import Sink
from urlcheck.reports.summary import Summary
from urlcheck.reports.waiting import WaitingLog, saying
from urlcheck.runtime.streams import say
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.settings import Settings

# seconds in which no failure is shown before the table that lists it, on the same terminal
_SHORT_RUN = 10.0


class Live(Sink, Protocol):
    """A display that is shown while a run lasts; `stop` removes it."""

    def stop(self) -> None: ...


def show_live(
    checker: Coordinator, settings: Settings, output: OutputSettings, summary: Summary, lists: Lists
) -> AbstractContextManager[Live | None]:
    """A live view on standard error, where that is a terminal on which nothing else is written meanwhile.

    Elsewhere, a run that waits says from time to time where it stands.
    """
    if output.quiet or not output.progress:
        return nullcontext()
    if can_draw(output):
        from urlcheck.cli.drawing import draw  # noqa: PLC0415 - Rich is imported where it draws

        quiet = _SHORT_RUN if _list_on_terminal(output) else 0.0
        if view := draw(checker, settings.wait, output.color, summary, lists, quiet):
            return view
    return saying(WaitingLog(checker, summary, settings.wait, say)) if settings.wait else nullcontext()


def can_draw(output: OutputSettings) -> bool:
    """Whether standard error is a terminal to which no report streams."""
    return sys.stderr.isatty() and not any(load_reporter(name).streams for name in _list_on_terminal(output))


def _list_on_terminal(output: OutputSettings) -> list[str]:
    """The formats that are written to a terminal."""
    return [name for name, file in list_outputs(output) if file is None and sys.stdout.isatty()]
