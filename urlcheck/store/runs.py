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
_COLUMNS = "number, n, id, url, verdict, checked_at, cached, facts"

# changes of a verdict, and what did not pass where there was nothing before
_EVENTS = """
INSERT INTO event (target, at, "from", "to", detail)
SELECT result.id, checked_at, target.verdict, result.verdict, coalesce(json_extract(facts, '$.detail'), '')
FROM result LEFT JOIN target ON target.id = result.id
WHERE number > ? AND NOT cached AND result.verdict IS NOT target.verdict
    AND (result.verdict <> 'ok' OR result.id IN (SELECT id FROM target WHERE verdict <> 'ok'))
"""
# in the order of the key, so that rows are appended; a clock that was set back leaves no beginning in the future
_TARGETS = """
INSERT INTO target (id, result, verdict, since, streak, last_ok)
SELECT id, number, verdict, checked_at, 1, iif(verdict = 'ok', checked_at, NULL)
FROM result WHERE number > ? AND NOT cached ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    since = iif((verdict = 'ok') = (excluded.verdict = 'ok'), min(since, excluded.since), excluded.since),
    streak = iif((verdict = 'ok') = (excluded.verdict = 'ok'), streak + 1, 1),
    last_ok = coalesce(excluded.last_ok, last_ok), verdict = excluded.verdict, result = excluded.result
"""
# those of earlier runs, most of which are superseded; then those of this run: cached ones, and a URL's that was listed twice
_SUPERSEDED = """
DELETE FROM result WHERE number <= ?1 AND number NOT IN (SELECT result FROM target WHERE result <= ?1)
"""
_SURPLUS = """
DELETE FROM result WHERE number > ?
    AND NOT EXISTS (SELECT 1 FROM target WHERE target.id = result.id AND target.result = result.number)
"""


class Run(NamedTuple):
    """A run: its number, that of the result before its first one, and when it began.

    `inputs` and `settings` identify them; `inputs` is None where they cannot be read again.
    """

    id: int
    first: int
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
    """The table of runs. All but `replay` use the writer's connection, `begin` and `go_on` in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        """How many there are."""
        [(number,)] = fetch_all(self._database.writer, "SELECT count(*) FROM run")
        return int(number)

    def find_unfinished(self) -> Run | None:
        """The run that was interrupted."""
        sql = "SELECT id, first, inputs, settings, started FROM run WHERE ended IS NULL ORDER BY id DESC LIMIT 1"
        rows = fetch_all(self._database.writer, sql)
        return Run(*rows[0]) if rows else None

    def begin(self, inputs: bytes | None, settings: bytes, keep: float) -> Run:
        """A new run. The results of an interrupted one become what is known of their URLs.

        What was older than `keep` seconds when the last run began is forgotten: by the clock of now, one that was set forward
        would have everything forgotten.
        """
        self._fold()
        self._forget(int(keep * 1000))
        first = self.find_last()
        sql = "INSERT INTO run (first, inputs, settings, started, process, host) VALUES (?, ?, ?, ?, ?, ?)"
        started = now()
        values = (first, inputs, settings, started, os.getpid(), socket.gethostname())
        number = self._database.writer.execute(sql, values).lastrowid
        return Run(number or 0, first, inputs, settings, started)

    def go_on(self, run: Run) -> None:
        """This process goes on with an interrupted run."""
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

    def find_last(self) -> int:
        """The number of the last result."""
        [(last,)] = fetch_all(self._database.writer, "SELECT coalesce(max(number), 0) FROM result")
        return int(last)

    def list_positions(self, run: Run) -> Positions:
        """The positions of the results that an unfinished run has."""
        return Positions(chain_column(self._database.writer.execute("SELECT n FROM result WHERE number > ?", (run.first,))))

    def list_identities(self, run: Run) -> set[bytes | int]:
        """The identities of their URLs."""
        return {*chain_column(self._database.writer.execute("SELECT id FROM result WHERE number > ?", (run.first,)))}

    def replay(self, run: Run, last: int) -> Iterator[list[Row]]:
        """The results of an unfinished run up to this number. Raises `StateError`."""
        number = run.first
        while True:
            with self._database.guarding("read"):
                rest = "FROM result WHERE number > ? AND number <= ? ORDER BY number LIMIT ?"
                rows = read_rows(fetch_together(self._database.reader, _COLUMNS, rest, number, last, _REPLAYED))
            if not rows:
                return
            number = rows[-1][0]
            yield [row[1:] for row in rows]

    def _fold(self) -> None:
        """Make the results of an unfinished run what is known of their URLs."""
        if run := self.find_unfinished():
            writer = self._database.writer
            writer.execute(_EVENTS, (run.first,))
            writer.execute(_TARGETS, (run.first,))
            writer.execute(_SUPERSEDED, (run.first,))
            [(is_any,)] = fetch_all(writer, "SELECT (SELECT count(*) FROM result) > (SELECT count(*) FROM target)")
            if is_any:
                writer.execute(_SURPLUS, (run.first,))
            writer.execute("UPDATE run SET ended = ? WHERE ended IS NULL", (now(),))

    def _forget(self, milliseconds: int) -> None:
        [(last,)] = fetch_all(self._database.writer, "SELECT max(started) FROM run")
        if last is None:
            return
        oldest = max(min(now(), last) - milliseconds, 0)
        for sql in (
            "DELETE FROM run WHERE ended < ?",
            "DELETE FROM event WHERE at < ?",
            "DELETE FROM target WHERE result IN (SELECT number FROM result WHERE checked_at < ?)",
            "DELETE FROM result WHERE checked_at < ?",
            "DELETE FROM rollup WHERE hour < ? / 3600000",
        ):
            self._database.writer.execute(sql, (oldest,))
