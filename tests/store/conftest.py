"""Waits for what a run has written to its state file, and reads it."""

from __future__ import annotations

import asyncio
import sqlite3
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
