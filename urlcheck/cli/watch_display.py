"""Chooses how a watch is shown while it lasts: a table that changes in place, or a line for each change."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from urlcheck.runtime.streams import say
from urlcheck.settings.settings import OutputSettings
from urlcheck.watch.log import ChangeLog
from urlcheck.watch.watch import Watch


class WatchDisplay:
    """Lines on standard error: changes, and what else there is to say."""

    def __init__(self, watch: Watch, output: OutputSettings) -> None:
        watch.observers.append(ChangeLog(self.say, quiet=output.quiet))

    def say(self, text: str) -> None:
        """Show a line."""
        say(f"urlcheck: {text}")

    def stop(self) -> None:
        """The watch ends: show nothing more."""

    def shown(self, stop: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002 - no key can be pressed
        """Within, it is shown. `stop` ends the watch."""
        return nullcontext()


def choose_display(watch: Watch, output: OutputSettings) -> WatchDisplay:
    """The display of a watch."""
    return WatchDisplay(watch, output)
