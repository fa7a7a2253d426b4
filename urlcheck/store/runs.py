"""The runs in a state file: the one that is unfinished, its results, and what becomes of them at its end."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from urlcheck.store.connection import chain_column, fetch_all, fetch_together, now, transaction
from urlcheck.store.database import Database
from urlcheck.store.facts import Row, read_rows

_REPLAYED = 1_000  # rows that are read at a time
_COLUMNS = "n, id, url, verdict, checked_at, cached, facts"

# changes of a verdict, and what did not pass where there was nothing before
_EVENTS = """
INSERT INTO event
SELECT done.id, done.checked_at, target.verdict, done.verdict, coalesce(json_extract(done.facts, '$.detail'), '')
FROM done LEFT JOIN target ON target.id = done.id
WHERE NOT done.cached AND (done.verdict <> 'ok' OR done.id IN (SELECT id FROM target WHERE verdict <> 'ok'))
    AND done.verdict IS NOT target.verdict
"""
# in the order of the key, so that rows are appended; a clock that was set back leaves no beginning in the future
_TARGETS = """
INSERT INTO target
SELECT id, url, verdict, checked_at, 1, iif(verdict = 'ok', checked_at, NULL), checked_at, facts
FROM done WHERE NOT cached ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    since = iif((verdict = 'ok') = (excluded.verdict = 'ok'), min(since, excluded.since), excluded.since),
    streak = iif((verdict = 'ok') = (excluded.verdict = 'ok'), streak + 1, 1),
    last_ok = coalesce(excluded.last_ok, last_ok),
    url = excluded.url, verdict = excluded.verdict, checked_at = excluded.checked_at, facts = excluded.facts
"""


class Run(NamedTuple):
    """A run: its number, the identities of its inputs (None if they cannot be read again) and settings, and when it began."""

    id: int
    inputs: bytes | None
    settings: bytes
    started: int


class Positions:
    """The positions in the input that have a result: a byte each."""

    def __init__(self, positions: Iterator[int]) -> None:
        self._done = bytearray()
        self.total = 0
        found = list(positions)
        if found:
            self._done = bytearray(max(found) + 1)
            self.total = len(found)
        for position in found:
            self._done[position] = 1

    def has(self, position: int) -> bool:
        return position < len(self._done) and self._done[position] == 1

    def count(self, start: int, stop: int) -> int:
        return self._done.count(1, start, stop)


class Runs:
    """The table of runs. All methods but `replay` use the writer's connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_unfinished(self) -> Run | None:
        """The run that was interrupted."""
        sql = "SELECT id, inputs, settings, started FROM run WHERE ended IS NULL ORDER BY id DESC LIMIT 1"
        rows = fetch_all(self._database.writer, sql)
        return Run(*rows[0]) if rows else None

    def begin(self, inputs: bytes | None, settings: bytes) -> Run:
        """A new run. The results of an interrupted one become what is known of their URLs."""
        with transaction(self._database.writer):
            self._fold()
            sql = "INSERT INTO run (inputs, settings, started, process, host) VALUES (?, ?, ?, ?, ?)"
            started = now()
            values = (inputs, settings, started, os.getpid(), socket.gethostname())
            number = self._database.writer.execute(sql, values).lastrowid
        return Run(number or 0, inputs, settings, started)

    def go_on(self, run: Run) -> None:
        """This process goes on with an interrupted run."""
        with transaction(self._database.writer):
            sql = "UPDATE run SET process = ?, host = ? WHERE id = ?"
            self._database.writer.execute(sql, (os.getpid(), socket.gethostname(), run.id))

    def leave(self, run: Run) -> None:
        """The run stays unfinished."""
        with transaction(self._database.writer):
            self._database.writer.execute("UPDATE run SET process = NULL, host = NULL WHERE id = ?", (run.id,))

    def end(self, run: Run, counts: Mapping[str, int]) -> None:
        """The run is finished: its results become what is known of their URLs."""
        with transaction(self._database.writer):
            self._fold()
            assigned = "".join(f", {name} = :{name}" for name in counts)
            sql = f"UPDATE run SET ended = :ended, process = NULL, host = NULL{assigned} WHERE id = :id"  # noqa: S608 - own names
            self._database.writer.execute(sql, {"ended": now(), "id": run.id, **counts})

    def forget(self, seconds: float) -> None:
        """Drop the runs, events, hours and URLs that were older than this when the last run began.

        By the clock of now a clock that was set forward would have everything forgotten.
        """
        [(last,)] = fetch_all(self._database.writer, "SELECT max(started) FROM run")
        if last is None:
            return
        oldest = min(now(), last) - int(seconds * 1000)
        with transaction(self._database.writer):
            for sql in (
                "DELETE FROM run WHERE ended < ?",
                "DELETE FROM event WHERE at < ?",
                "DELETE FROM target WHERE checked_at < ?",
                "DELETE FROM rollup WHERE hour < ? / 3600000",
            ):
                self._database.writer.execute(sql, (oldest,))

    def list_positions(self) -> Positions:
        """The positions of the results that the unfinished run has."""
        return Positions(chain_column(self._database.writer.execute("SELECT n FROM done")))

    def list_identities(self) -> set[bytes | int]:
        """The identities of their URLs."""
        return {*chain_column(self._database.writer.execute("SELECT id FROM done"))}

    def replay(self, finished: Positions) -> Iterator[list[Row]]:
        """The results at these positions, in the order of the input. Raises `StateError`."""
        last = -1
        while True:
            with self._database.guarding("read"):
                rest = "FROM done WHERE n > ? ORDER BY n LIMIT ?"
                rows = read_rows(fetch_together(self._database.reader, _COLUMNS, rest, last, _REPLAYED))
            if not rows:
                return
            last = rows[-1][0]
            yield [row for row in rows if finished.has(row[0])]

    def _fold(self) -> None:
        self._database.writer.execute(_EVENTS)
        self._database.writer.execute(_TARGETS)
        self._database.writer.execute("DELETE FROM done")
        self._database.writer.execute("UPDATE run SET ended = ? WHERE ended IS NULL", (now(),))
