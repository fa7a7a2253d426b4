"""Logs the changes of states, a line each, where there is no terminal to draw on."""

from __future__ import annotations

from collections.abc import Callable

from urlcheck.model.record import format_time
from urlcheck.text.durations import format_duration
from urlcheck.watch.view import Change, State
from urlcheck.watch.watched import Watched

_NO_ANSWERS = "no target answers any more; this machine's network is suspected"


class ChangeLog:
    """An observer that reports each change to `say`, except that a target is up at its first check.

    `quiet`: only what is down or degraded.
    """

    def __init__(self, say: Callable[[str], None], *, quiet: bool = False) -> None:
        self._say = say
        self._quiet = quiet

    def note(self, watched: Watched, change: Change | None) -> None:
        if change is None or is_first_pass(watched):
            return
        if not self._quiet or watched.state in (State.DOWN, State.DEGRADED):
            self._say(f"{format_time(change.at)} {describe_change(watched, change)}")

    def end_round(self) -> None:
        """Do nothing: the end of a round is no change."""

    def forget(self, target_id: str) -> None:
        """Do nothing: the log keeps no targets."""


def is_first_pass(watched: Watched) -> bool:
    """Whether a target is up, and never was anything else."""
    return watched.state is State.UP and len(watched.changes) == 1


def describe_change(watched: Watched, change: Change) -> str:
    """`down (was suspect): https://example.org/ connection refused (3 attempts)`."""
    title = f"{watched.name}: {watched.url}" if watched.name else watched.url
    line = f"{change.after} (was {_describe_before(watched, change)}): {title}"
    if change.after is State.UNKNOWN:
        return f"{line} {_NO_ANSWERS}"
    return f"{line} {change.detail}" if change.detail else line


def _describe_before(watched: Watched, change: Change) -> str:
    """The state before, and for how long the target was in it, where that is known."""
    earlier = next((each for each in watched.changes if each.after is change.before and each.at < change.at), None)
    if earlier is None or (seconds := (change.at - earlier.at).total_seconds()) < 1:
        return str(change.before)
    return f"{change.before} for {format_duration(round(seconds))}"
