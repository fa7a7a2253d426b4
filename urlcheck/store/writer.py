"""A thread that writes finished results: a transaction four times a second, or as soon as there are 2,000."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from urlcheck.model.errors import StateError
from urlcheck.runtime.threads import start_thread
from urlcheck.store.connection import transaction
from urlcheck.store.database import Database
from urlcheck.store.facts import Value

# a run that is killed repeats what was finished in this time, and in the one that the transaction takes
_SECONDS, _ROWS = 0.25, 2_000
# rows that wait for a disk that does not write, at most
_MOST_WAITING = 200_000
# seconds for the last transaction
_FAREWELL = 30.0

# rows of one statement, largest first: a thread gives up Python's lock at each, and waits to have it back while the event loop
# works; and each size that is new to SQLite is compiled
_SIZES = (500, 100, 20, 5, 1)
# rows between two copies of the log into the file
_CHECKPOINT_ROWS = 100_000
_INSERT = "INSERT INTO result (n, id, url, verdict, checked_at, cached, facts) VALUES "
_WIDTH = 7  # values of a row
_ROW = f"({', '.join('?' * _WIDTH)})"
_STATEMENTS = {size: _INSERT + ", ".join([_ROW] * size) for size in _SIZES}


class Writer:
    """Takes rows from the event loop and never holds it up. `error` is what ended it before its time.

    `has_ended`: the thread needs the database no more.
    """

    def __init__(self, database: Database) -> None:
        self.error: StateError | None = None
        self._database = database
        self._values: list[Value] = []
        self._rows_in_log = 0
        self._checkpoint: threading.Thread | None = None
        self._is_full = threading.Event()
        self._is_ended = False
        self._arrival = threading.Event()
        self._thread = start_thread(self._work, "store")

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def add(self, values: Sequence[Value]) -> None:
        """Write these rows soon, given as their values one after the other. Rows that come after an error are dropped."""
        if self.error or not values:
            return
        self._values += values
        self._arrival.set()
        if len(self._values) >= _ROWS * _WIDTH:
            self._is_full.set()
            if len(self._values) > _MOST_WAITING * _WIDTH:
                self.error = StateError(f"cannot write {self._database.path}: its disk is too slow")

    def close(self) -> None:
        """Write the rest, and end the thread."""
        self._is_ended = True
        self._arrival.set()
        self._is_full.set()
        self._thread.join(_FAREWELL)
        if self._checkpoint:
            self._checkpoint.join(_FAREWELL)
        if not self.has_ended and not self.error:
            self.error = StateError(f"cannot write {self._database.path}: its disk is too slow")

    def _work(self) -> None:
        while not self.error:
            self._arrival.wait()
            self._is_full.wait(_SECONDS)
            is_last = self._is_ended  # before the rows are taken: none comes after it
            self._arrival.clear()
            self._is_full.clear()
            values, self._values = self._values, []
            try:
                if values:
                    self._write(values)
            except StateError as error:
                self.error = error
            if is_last:
                return
            if self._is_ended:
                self._arrival.set()
                self._is_full.set()

    def _write(self, values: Sequence[Value]) -> None:
        self._rows_in_log += len(values) // _WIDTH
        if self._rows_in_log > _CHECKPOINT_ROWS and not (self._checkpoint and self._checkpoint.is_alive()):
            self._rows_in_log = 0
            self._checkpoint = start_thread(self._database.checkpoint, "store log")
        with self._database.guarding("write"), transaction(self._database.writer):
            start = 0
            for size, statement in _STATEMENTS.items():
                while start + size * _WIDTH <= len(values):
                    self._database.writer.execute(statement, values[start : start + size * _WIDTH])
                    start += size * _WIDTH
