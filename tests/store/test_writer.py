"""The thread that writes the results of a run, before a disk that is slow."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.conftest import Query, SlowDisk, copy_without_log
from tests.support.clock import PATIENCE
from urlcheck.store import writer as module
from urlcheck.store.database import Database
from urlcheck.store.facts import Row
from urlcheck.store.writer import Writer

ROW: Row = (0, 1, "http://a.example/", "ok", 0, 0, "{}")
COUNT = "SELECT count(*) FROM result"


@pytest.fixture
def database(state: Path) -> Iterator[Database]:
    database = Database(str(state))
    yield database
    database.close()


@pytest.fixture
def disk(database: Database) -> SlowDisk:
    return SlowDisk(database.writer)


@pytest.fixture
def writer(database: Database, disk: SlowDisk) -> Iterator[Writer]:
    writer = Writer(database)
    yield writer
    disk.take(10)
    writer.close()
    writer._thread.join(PATIENCE)  # SQLite crashes where a connection is closed that a thread uses


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is written at once."""
    monkeypatch.setattr(module, "_SECONDS", 0.0)


def test_many_rows_do_not_wait_for_their_time(writer: Writer, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 2 * PATIENCE)
    monkeypatch.setattr(module, "_ROWS", 2)
    writer.add(ROW * 2)
    disk.until_asked()
    disk.take()
    writer.close()
    assert writer.error is None


def test_rows_that_wait_for_a_slow_disk_are_bounded(
    writer: Writer, disk: SlowDisk, state: Path, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", 2)
    monkeypatch.setattr(module, "_MOST_WAITING", 3)
    writer.add(ROW)
    disk.until_asked()
    writer.add(ROW * 3)
    assert writer.error is None
    writer.add(ROW)
    assert str(writer.error) == f"cannot write {state}: its disk is too slow"
    disk.take()
    writer.close()
    assert query(COUNT) == [(1,)]  # those that waited are dropped


def test_a_disk_that_hangs_holds_up_the_end_for_some_time_only(
    writer: Writer, disk: SlowDisk, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FAREWELL", 0.0)
    writer.add(ROW)
    disk.until_asked()
    writer.close()
    assert disk.is_holding
    assert str(writer.error) == f"cannot write {state}: its disk is too slow"


def test_an_end_that_comes_just_as_rows_are_taken_is_not_missed(
    writer: Writer, disk: SlowDisk, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.take()
    clear, closer = writer._arrival.clear, threading.Thread(target=writer.close)

    def close_meanwhile() -> None:
        if not closer.ident:
            closer.start()
            writer._is_full.wait(PATIENCE)
        clear()

    monkeypatch.setattr(writer._arrival, "clear", close_meanwhile)
    writer.add(ROW)
    writer._thread.join(PATIENCE)
    assert not writer._thread.is_alive()
    closer.join()
    assert (writer.error, query(COUNT)) == (None, [(1,)])


def test_a_long_log_is_copied_into_the_file_while_the_run_goes_on(
    writer: Writer, disk: SlowDisk, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHECKPOINT_ROWS", 1)
    disk.take(2)
    for _ in range(2):
        writer.add(ROW)
        disk.until_asked()
    writer.close()
    with closing(sqlite3.connect(copy_without_log(state))) as connection:
        assert connection.execute(COUNT).fetchone() > (0,)
