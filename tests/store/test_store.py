"""A run's use of its state file, which may fail at any time: the run goes on without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import SlowDisk, alter
from tests.support.builders import NOT_FOUND, drain, make_result
from tests.support.clock import PATIENCE
from urlcheck import Settings, StateError, Target
from urlcheck.input.iterable_source import IterableSource
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.store import writer
from urlcheck.store.store import Store

URL = "https://example.org/"


class Sitting:
    """A run of one URL, from its beginning on, and what went wrong with its file."""

    def __init__(self, state: Path, **settings: Any) -> None:
        run = Settings(state=state, dedupe=False, **settings)
        checks = [run.check]
        builder = TargetBuilder(run, checks)
        self.errors: list[StateError] = []
        self.store = Store(run, checks)
        self.store.begin(builder, lambda: [URL])
        self.store.confirm()
        self.store.on_error = self.errors.append
        self.source = self.store.recall(IterableSource([URL], builder))
        target = builder.build(URL, "arguments")
        assert isinstance(target, Target)
        self.failure = make_result(NOT_FOUND, target)

    @property
    def said(self) -> list[str]:
        return [str(error) for error in self.errors]

    def end(self) -> None:
        self.store.is_whole = True
        self.store.end()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every result is written at once."""
    monkeypatch.setattr(writer, "_SECONDS", 0.0)


def test_what_cannot_be_written_is_said_once(state: Path) -> None:
    run = Sitting(state)
    alter(state, "ALTER TABLE result RENAME TO gone")
    run.store.remember([run.failure], is_cut_short=False)
    run.store._writer._thread.join(PATIENCE)
    for _ in range(2):
        run.store.remember([run.failure], is_cut_short=False)
    run.end()
    assert run.said == [f"cannot write {state}: no such table: result"]


def test_a_result_that_the_file_says_nothing_of_any_more_is_left_as_it_is(state: Path) -> None:
    first = Sitting(state)
    first.store.remember([first.failure], is_cut_short=False)
    first.end()
    run = Sitting(state, grace=3_600)
    alter(state, "ALTER TABLE target RENAME TO gone")
    assert run.store.remember([run.failure], is_cut_short=False) == [run.failure]
    run.end()
    assert run.said == [f"cannot read {state}: no such table: target"]


async def test_a_target_that_the_file_says_nothing_of_any_more_is_asked(state: Path) -> None:
    run = Sitting(state, max_age=3_600)
    alter(state, "ALTER TABLE target RENAME TO gone")
    assert [type(item) for item in await drain(run.source)] == [Target]
    run.end()
    assert run.said == [f"cannot read {state}: no such table: target"]


def test_an_end_that_cannot_be_written_is_said(state: Path) -> None:
    run = Sitting(state)
    alter(state, "ALTER TABLE run RENAME TO gone")
    run.end()
    assert run.said == [f"cannot write {state}: no such table: run"]


def test_a_connection_that_a_hanging_disk_holds_is_not_closed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_FAREWELL", 0.0)
    run, closings = Sitting(state), list[None]()
    database = run.store._database
    disk = SlowDisk(database.writer)
    run.store.remember([run.failure], is_cut_short=False)
    disk.until_asked()
    with monkeypatch.context() as watched:
        watched.setattr(database, "close", lambda **_: closings.append(None))
        run.end()
    assert (run.said, closings) == ([f"cannot write {state}: its disk is too slow"], [])
    disk.take()
    run.store._writer._thread.join(PATIENCE)
    database.close()


def test_a_run_that_was_interrupted_before_its_first_result_goes_on(state: Path) -> None:
    Sitting(state).store.end()
    run = Sitting(state)
    assert run.store.finished
    assert run.store.finished.total == 0
    assert run.store.said
    assert "going on with the run of" in run.store.said
    run.end()
