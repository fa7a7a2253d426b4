"""A watch under a clock of its own: days pass in no time, and a function says what each check finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.support.builders import RESPONSE, make_target
from urlcheck.input.target_builder import Item
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.settings.watch import WatchSettings
from urlcheck.watch.maintenance import Calendar, Window
from urlcheck.watch.view import Change, State
from urlcheck.watch.watch import Watch
from urlcheck.watch.watched import Watched

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
Find = Callable[[str, float], Verdict]

# verdicts by a letter: passed, failed with an answer, silent, slow
LETTERS = {"o": Verdict.OK, "x": Verdict.STATUS, "t": Verdict.TIMEOUT, "s": Verdict.SLOW}


def make_finding(verdict: Verdict, target: Target | None = None, at: datetime = START) -> Result:
    """A result with that verdict, as quickly as one can be made."""
    outcome = None if verdict is Verdict.UNCHECKED else RESPONSE
    return Result(target or make_target(), outcome, verdict, str(verdict), verdict is Verdict.OK, 1, at)


class Recorder:
    """An observer that keeps everything it is told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, State, State]] = []
        self.rounds = 0

    def note(self, watched: Watched, change: Change | None) -> None:
        if change:
            self.changes.append((watched.url, change.before, change.after))

    def end_round(self) -> None:
        self.rounds += 1

    def forget(self, target_id: str) -> None: ...


class Simulation:
    """`seconds` have passed since the start; `checks` counts them. `find` says what a check of a URL finds at that time."""

    def __init__(
        self, urls: Sequence[str], find: Find, windows: Sequence[Window] = (), *, takes: float = 0.0, **settings: object
    ) -> None:
        self.seconds = 0.0
        self.checks = 0
        self.asked: list[tuple[float, str]] | None = []
        self.find = find
        self._takes = takes
        self.watch = Watch(WatchSettings(**{"watch": 30, **settings}), lambda: self.seconds, self.now)  # type: ignore[arg-type]
        self.recorder = Recorder()
        self.watch.observers.append(self.recorder)
        self.windows = windows
        self.load(urls)

    def load(self, urls: Sequence[str]) -> None:
        targets: list[Item] = [make_target(url, index=index) for index, url in enumerate(urls)]
        self.watch.load(targets, Calendar(self.windows))

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def run(self, until: float) -> None:
        """Go on until that many seconds after the start."""
        while (pause := self.watch.find_pause()) is not None and self.seconds + pause <= until:
            self.seconds += pause + 1e-6
            self.step()
        self.seconds = until
        self.step()

    def step(self) -> None:
        """Check what is due. Each check takes its time."""
        for item in self.watch.take_due():
            target = item.target if isinstance(item, Result) else item
            if self.asked is not None:
                self.asked.append((round(self.seconds, 3), target.url))
            self.checks += 1
            self.seconds += self._takes
            finding = make_finding(self.find(target.url, self.seconds), target, self.now())
            self.watch.add([replace(item, checked_at=self.now()) if isinstance(item, Result) else finding])

    def states(self) -> list[State]:
        """In the order of the input."""
        return [watched.state for watched in self.watch.roster]
