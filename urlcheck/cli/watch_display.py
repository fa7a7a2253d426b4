"""Chooses how a watch is shown while it lasts: a table that changes in place, or a line for each change."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from urlcheck.cli.live import can_draw
from urlcheck.runtime.keys import Keys, is_in_foreground, on_keys
from urlcheck.runtime.streams import say
from urlcheck.runtime.termination import with_last_act
from urlcheck.settings.output import OutputSettings
from urlcheck.watch.frames import make_frame
from urlcheck.watch.log import ChangeLog, describe_change, is_first_pass
from urlcheck.watch.view import Change
from urlcheck.watch.watch import Watch
from urlcheck.watch.watched import Watched

if TYPE_CHECKING:
    from urlcheck.reports.terminal.watching import WatchTable

# seconds between two pictures of the table
_FRAME = 0.5
# the descriptor of standard error
_ERROR = 2


class WatchDisplay(Protocol):
    """Shows a watch while it lasts."""

    def say(self, text: str) -> None:
        """Show a line about a problem that is no state of a target."""
        ...

    def inform(self, text: str) -> None:
        """Show another line."""
        ...

    @contextmanager
    def shown(self, stop: Callable[[], None]) -> Iterator[None]:
        """A context in which the display is shown. `stop` ends the watch."""
        ...

    def stop(self) -> None:
        """The watch ends: show nothing more."""
        ...

    def suspend(self) -> None:
        """The program is about to be stopped by its terminal."""
        ...

    def resume(self) -> None:
        """The program goes on."""
        ...


class Lines:
    """Lines on standard error."""

    def __init__(self, watch: Watch, output: OutputSettings) -> None:
        self._quiet = output.quiet
        watch.observers.append(ChangeLog(self.say, quiet=output.quiet))

    def say(self, text: str) -> None:
        say(f"urlcheck: {text}")

    def inform(self, text: str) -> None:
        if not self._quiet:
            self.say(text)

    @contextmanager
    def shown(self, stop: Callable[[], None]) -> Iterator[None]:  # noqa: ARG002 - no key can be pressed
        yield

    def stop(self) -> None:
        """Do nothing: each line is complete."""

    def suspend(self) -> None:
        """Do nothing: lines stay where they are."""

    def resume(self) -> None:
        """Do nothing: lines stay where they are."""


class Screen:
    """The table on the alternate screen, with the latest lines above it; `q` ends the watch.

    Lines that are said before or after it is shown go to standard error.
    """

    def __init__(self, watch: Watch, table: WatchTable) -> None:
        self._watch = watch
        self._table = table
        self._lines: deque[str] = deque(maxlen=table.most_lines)
        self._keys: Keys | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_suspended = False
        watch.observers.append(self)

    def say(self, text: str) -> None:
        if self._timer is None:
            say(f"urlcheck: {text}")
        self._add(datetime.now(UTC), text)

    def inform(self, text: str) -> None:
        self.say(text)

    def note(self, watched: Watched, change: Change | None) -> None:
        if change and not is_first_pass(watched):
            self._add(change.at, describe_change(watched, change))

    def end_round(self) -> None:
        """Do nothing: the table is drawn by the clock."""

    def forget(self, target_id: str) -> None:
        """Do nothing: the lines about a target stay."""

    @contextmanager
    def shown(self, stop: Callable[[], None]) -> Iterator[None]:
        with with_last_act(self._leave_at_once), on_keys(lambda key: stop() if key in "qQ" else None) as keys:
            self._keys = keys
            self._refresh()
            self._table.start()
            try:
                yield
            finally:
                self.stop()

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._keys:
            self._keys.stop()
        self._table.stop()
        self._timer = None  # only now is there nothing left that a second signal would have to undo

    def suspend(self) -> None:
        self._is_suspended = True
        self._table.suspend()
        if self._keys:
            self._keys.stop()

    def resume(self) -> None:
        """Show the table again, once the program is in the foreground: until then the terminal is the shell's."""
        if self._is_suspended and is_in_foreground(_ERROR):
            self._is_suspended = False
            if self._keys:
                self._keys.start()
            self._table.resume()

    def _leave_at_once(self) -> None:
        if self._keys:
            self._keys.stop()
        if self._timer:  # else it has been left
            self._table.leave_at_once()

    def _add(self, at: datetime, text: str) -> None:
        self._lines.append(f"{at.astimezone():%H:%M:%S} {text}")

    def _refresh(self) -> None:
        self.resume()
        rows = self._table.count_rows(len(self._lines))
        self._table.frame = make_frame(self._watch, tuple(self._lines), rows, datetime.now(UTC))
        self._timer = asyncio.get_running_loop().call_later(_FRAME, self._refresh)


def choose_display(watch: Watch, output: OutputSettings) -> WatchDisplay:
    """A table where standard error is a terminal on which nothing else is written meanwhile; else lines.

    A job in the background (`&`) has lines as well, because a table would hide the shell that the terminal belongs to.
    """
    if output.quiet or not output.progress or not can_draw(output) or not is_in_foreground(_ERROR):
        return Lines(watch, output)
    from urlcheck.reports.terminal.watching import open_table  # noqa: PLC0415 - Rich is imported where it draws

    table = open_table(sys.stderr, output.color)
    return Screen(watch, table) if table else Lines(watch, output)
