"""Connections to a state file, and the errors of SQLite as `StateError`, in one place."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from urlcheck.model.errors import StateError
from urlcheck.store import schema
from urlcheck.text.safe import clean

DAMAGED = "it is damaged; restore it, or remove it to begin anew"

_BUSY_SECONDS = 5.0
# endings of the files that stand beside a state file while a run writes it
_OF_A_WRITER = ("-wal", "-journal", "-lock")
# errors of values that another program has put into a file: SQLite keeps a text in a column of numbers
_MISUSES = (TypeError, ArithmeticError, LookupError)


@contextmanager
def guarding(path: str, verb: str) -> Iterator[None]:
    """Errors of SQLite, of the system and of values that no urlcheck writes leave it as `StateError`."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, MemoryError, *_MISUSES) as error:
        raise StateError(f"cannot {verb} {clean(path)}: {explain(error)}") from None


class Reader:
    """A state file that is only read, also while a run of another process has it open. Raises `StateError`."""

    def __init__(self, path: str) -> None:
        self.connection: sqlite3.Connection
        with guarding(path, "read"):
            with open(path, "rb") as file:
                check(path, file.read(schema.HEADER_SIZE), os.fstat(file.fileno()).st_size or 1)
            # SQLite makes a log to read the file, for which the folder may be read-only; without a writer it need not
            beside = (f"{os.path.realpath(path)}{suffix}" for suffix in _OF_A_WRITER)
            mode = "mode=ro" if any(map(os.path.exists, beside)) else "mode=ro&immutable=1"
            self.connection = connect(path, mode)
            self.key = fetch_key(self.connection)
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.connection.close()
        if isinstance(error, (sqlite3.Error, ValueError, *_MISUSES)):
            raise StateError(f"cannot read {clean(self._path)}: {explain(error)}") from None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of the statements within."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def fetch_all(connection: sqlite3.Connection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return connection.execute(sql, values).fetchall()


def fetch_key(connection: sqlite3.Connection) -> bytes:
    """The file's own key. Raises `TypeError` for one that is none."""
    [(key,)] = fetch_all(connection, "SELECT value FROM meta WHERE name = 'key'")
    if not isinstance(key, bytes):
        raise TypeError("the key is not of bytes")
    return key


def fetch_together(connection: sqlite3.Connection, columns: str, rest: str, *values: object) -> bytes:
    """The rows of a query, `SELECT columns rest`, as one text: an array of arrays in JSON.

    A thread that fetches rows one by one gives up Python's lock for each, and waits for it while the event loop works.
    """
    sql = f"SELECT json_group_array(json_array({columns})) FROM (SELECT {columns} {rest})"  # noqa: S608 - names of our own
    [(text,)] = connection.execute(sql, values).fetchall()
    return str(text).encode()


def chain_column(rows: Iterable[tuple[int]]) -> Iterator[int]:
    """The values of rows of one column."""
    return (value for (value,) in rows)


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def format_local(milliseconds: int) -> str:
    """`2026-11-24 13:02`, in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(milliseconds / 1000))


def connect(path: str, mode: str = "mode=rw") -> sqlite3.Connection:
    """A connection to a file that exists, for any thread; each statement is a transaction unless one is begun."""
    place = f"file:{quote(os.fsencode(os.path.abspath(path)))}?{mode}"
    return sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def check(path: str, header: bytes, size: int) -> None:
    """Raises `StateError` for a file that is no state file."""
    try:
        schema.check_header(header, size, has_log=os.path.exists(f"{path}-wal"))
    except schema.UnusableFileError as error:
        raise StateError(f"cannot use {clean(path)}: {error}") from None


def explain(error: Exception) -> str:
    """The reason of an error in a few words, with what to do about it."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    text = str(error)
    if isinstance(error, _MISUSES):
        return DAMAGED
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return DAMAGED
    if "locked" in text:
        return "another program has locked it"
    return clean(text, 200)
