"""The state file of a watch, on a disk that is slow or fails, and over a long time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.conftest import Query, SlowDisk, alter, copy_without_log
from tests.support.builders import make_result
from tests.support.clock import PATIENCE
from urlcheck import Settings, StateError
from urlcheck.store import watching as module
from urlcheck.store.connection import now
from urlcheck.store.database import Database
from urlcheck.store.rollup import HOUR, Check, Event
from urlcheck.store.watching import WatchStore

RESULT = make_result()
TARGET = RESULT.target.identity
COUNT = "SELECT max(streak) FROM target"  # each check of the one target writes over the one before


def open_store(state: Path) -> WatchStore:
    return WatchStore(str(state), 24 * HOUR / 1000, [Settings().check])


@pytest.fixture
def store(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchStore]:
    """A store that writes every check at once."""
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    store = open_store(state)
    yield store
    store.close()


@pytest.fixture
def disk(store: WatchStore) -> Iterator[SlowDisk]:
    disk = SlowDisk(store._database.writer)
    yield disk
    disk.take(10)


def test_checks_that_wait_for_a_slow_disk_are_bounded(
    store: WatchStore, disk: SlowDisk, state: Path, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    store.add(RESULT, None)
    disk.until_asked()
    for _ in range(2):
        store.add(RESULT, None)
    assert store.error is None
    store.add(RESULT, None)
    assert str(store.error) == f"cannot write {state}: its disk is too slow"
    disk.take()
    store.close()
    assert query(COUNT) == [(1,)]  # those that waited are dropped


def test_a_disk_that_hangs_holds_up_the_end_for_some_time_only(
    store: WatchStore, disk: SlowDisk, state: Path, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FAREWELL", 0.0)
    store.add(RESULT, None)
    disk.until_asked()
    store.close()
    assert disk.is_holding
    assert str(store.error) == f"cannot write {state}: its disk is too slow"
    disk.take()
    store._thread.join(PATIENCE)
    assert query(COUNT) == [(1,)]  # the thread had its connection still


def test_a_long_log_is_copied_into_the_file_while_the_watch_goes_on(
    store: WatchStore, disk: SlowDisk, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHECKPOINT_CHECKS", 0)
    store.add(RESULT, None)
    disk.until_asked()
    store.add(RESULT, None)
    disk.take()
    disk.until_asked()
    with closing(sqlite3.connect(copy_without_log(state))) as connection:
        assert connection.execute(COUNT).fetchone() == (1,)


def test_a_long_watch_forgets_what_is_older_than_it_keeps(
    store: WatchStore, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FORGETTING", -1)
    new = now()
    for at in (new - 26 * HOUR, new):
        store.add(RESULT, Check(TARGET, at, passed=True))
        store.change(TARGET, Event(at, "up", "down", "", "status"))
    store.close()
    assert query("SELECT at FROM event") == [(new,)]
    assert query("SELECT hour FROM rollup") == [(new // HOUR,)]


def test_an_end_that_cannot_be_written_is_said(store: WatchStore, state: Path) -> None:
    alter(state, "ALTER TABLE run RENAME TO gone")
    store.close()
    assert str(store.error) == f"cannot write {state}: no such table: run"


def test_a_file_that_cannot_be_used_is_closed_again(state: Path) -> None:
    Database(str(state)).close()
    alter(state, "ALTER TABLE run RENAME TO gone")
    with pytest.raises(StateError, match="no such table: run"):
        open_store(state)
    Database(str(state)).close()  # nobody has it open
