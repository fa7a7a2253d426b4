"""Waits for what a run has written to its state file, reads it, changes it, and makes its disk slow."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import PATIENCE

_UNFINISHED = "SELECT count(*) FROM result WHERE number > (SELECT first FROM run WHERE ended IS NULL)"

Query = Callable[..., list[tuple[Any, ...]]]
UntilStored = Callable[[int], Awaitable[None]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state file of the runs of a test."""
    return tmp_path / "links.db"


@pytest.fixture
def query(state: Path) -> Query:
    """Reads the state file as `sqlite3` does."""

    def fetch(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(state)) as connection:
            return connection.execute(sql, values).fetchall()

    return fetch


@pytest.fixture
def until_stored(state: Path, query: Query) -> UntilStored:
    """Waits until an unfinished run has written so many results."""

    async def wait(count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(sqlite3.OperationalError):  # there is no table yet
                    if state.exists() and state.stat().st_size and query(_UNFINISHED) == [(count,)]:
                        return
                await asyncio.sleep(0.02)

    return wait


def alter(state: Path, sql: str, *values: object) -> None:
    """Change the state file as another program may."""
    with closing(sqlite3.connect(state)) as connection:
        connection.execute(sql, values)
        connection.commit()


class SlowDisk:
    """The disk of a state file that takes a transaction only when it is told to: each waits at its beginning."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.is_holding = False
        self._asked, self._taken = threading.Semaphore(0), threading.Semaphore(0)
        connection.set_trace_callback(self._hold)

    def until_asked(self) -> None:
        """Wait for the next transaction."""
        assert self._asked.acquire(timeout=PATIENCE)

    def take(self, transactions: int = 1) -> None:
        """Let so many go on."""
        self._taken.release(transactions)

    def _hold(self, statement: str) -> None:
        if statement.startswith("BEGIN"):
            self.is_holding = True
            self._asked.release()
            self._taken.acquire(timeout=PATIENCE)
            self.is_holding = False


def copy_without_log(state: Path) -> Path:
    """The state file as a copy of it alone has it."""
    return Path(shutil.copy(state, state.with_name("copy.db")))
