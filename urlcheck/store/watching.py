"""The state file of a watch: the past of its targets, and a thread that writes what is found, a transaction a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from urlcheck.model.errors import StateError
from urlcheck.model.result import Result
from urlcheck.runtime.threads import start_thread
from urlcheck.settings.scopes import CheckSettings
from urlcheck.store.connection import fetch_all, now, transaction
from urlcheck.store.database import Database
from urlcheck.store.facts import Row, pack
from urlcheck.store.identity import Requests, make_identify
from urlcheck.store.rollup import HOUR, Check, Day, Event, Hour, Rollups, count_checks, note_events
from urlcheck.store.runs import Runs

# a watch that is killed loses what was found in this time
_SECONDS = 1.0
# checks that wait for a disk that does not write, at most
_MOST_WAITING = 200_000
# seconds for the last transaction
_FAREWELL = 30.0
# checks between two copies of the log into the file, as each adds some 12 KB to it; milliseconds between two forgettings
_CHECKPOINT_CHECKS, _FORGETTING = 1_000, 24 * HOUR
_DAYS, _HOURS, _EVENTS = 90, 25, 20

_STATE = "SELECT state, state_since FROM target WHERE id = ? AND state IS NOT NULL"
_NUMBER = "SELECT number FROM target JOIN result ON number = result WHERE target.id = ?"
_UPDATE = "UPDATE result SET n = ?, id = ?, url = ?, verdict = ?, checked_at = ?, cached = ?, facts = ? WHERE number = ?"
_INSERT = "INSERT INTO result (n, id, url, verdict, checked_at, cached, facts) VALUES (?, ?, ?, ?, ?, ?, ?)"
_TARGET = """
INSERT INTO target (id, result, verdict, since, streak, last_ok) VALUES (?1, ?2, ?3, ?4, 1, iif(?3 = 'ok', ?4, NULL))
ON CONFLICT (id) DO UPDATE SET
    since = iif((verdict = 'ok') = (excluded.verdict = 'ok'), min(since, excluded.since), excluded.since),
    streak = iif((verdict = 'ok') = (excluded.verdict = 'ok'), streak + 1, 1),
    last_ok = coalesce(excluded.last_ok, last_ok), verdict = excluded.verdict, result = excluded.result
"""


class Past(NamedTuple):
    """The past of a target, as the file has it. Times are in milliseconds since 1970, UTC.

    `state` is None where it was not watched; `events` are the last changes of it, newest first.
    """

    state: str | None
    since: int
    events: Sequence[Event]
    hours: Sequence[Hour]
    days: Sequence[Day]


class WatchStore:
    """A watch's use of a state file. All methods but `add` and `change` wait for the disk.

    `error` is what went wrong on the way: nothing is written any more then. Raises `StateError`.
    """

    def __init__(self, path: str, keep: float, checks: Sequence[CheckSettings]) -> None:
        self.error: StateError | None = None
        self._keep = int(keep * 1000)
        self._database = Database(path)
        try:
            with self._database.guarding("use"):
                with transaction(self._database.writer):
                    self._run = Runs(self._database).begin(None, b"", keep)
                # a watch is never gone on with as a run is, so its results are not those of an unfinished one
                self._database.writer.execute("UPDATE run SET ended = started WHERE id = ?", (self._run.id,))
            self._rollups = Rollups(path)
        except BaseException:
            self._database.close()
            raise
        self.identify: Callable[[str], int] = make_identify(self._database.key)
        self._requests = Requests(self._database.key, checks)
        self._forgotten = now()
        self._in_log = 0
        self._batch = _Batch()
        self._lock = threading.Lock()
        self._arrival, self._end = threading.Event(), threading.Event()
        self._thread = start_thread(self._work, "store")

    def read(self, target: int) -> Past:
        """The past of a target; by one thread at a time. Raises `StateError`."""
        at = now()
        with self._database.guarding("read"):
            rows = fetch_all(self._database.reader, _STATE, target)
        state, since = rows[0] if rows else (None, 0)
        events = self._rollups.events_of_states(target, _EVENTS)
        return Past(
            state, since, events, self._rollups.hours(target, at - _HOURS * HOUR), self._rollups.days(target, _DAYS, at)
        )

    def add(self, result: Result, check: Check | None) -> None:
        """Write this result soon, and count the check."""
        if self.error:
            return
        row = pack(result, self._requests.find(result.target.check))
        with self._lock:
            self._batch.rows.append(row)
            if check:
                self._batch.checks.append(check)
            if len(self._batch.rows) > _MOST_WAITING:
                self.error = StateError(f"cannot write {self._database.path}: its disk is too slow")
        self._arrival.set()

    def change(self, target: int, event: Event) -> None:
        """Write soon that a target is in another state."""
        if self.error:
            return
        with self._lock:
            self._batch.events.append((target, event))
        self._arrival.set()

    def close(self) -> None:
        """Write the rest, and close the file."""
        self._end.set()
        self._arrival.set()
        self._thread.join(_FAREWELL)
        if self._thread.is_alive():
            self.error = self.error or StateError(f"cannot write {self._database.path}: its disk is too slow")
            return  # the thread has the connection
        self._rollups.close()
        try:
            if not self.error:
                with self._database.guarding("write"):
                    sql = "UPDATE run SET ended = ?, process = NULL, host = NULL WHERE id = ?"
                    self._database.writer.execute(sql, (now(), self._run.id))
        except StateError as error:
            self.error = error
        self._database.close(tidily=True)

    def _work(self) -> None:
        while not self.error:
            self._arrival.wait()
            self._end.wait(_SECONDS)
            is_last = self._end.is_set()  # before the batch is taken: nothing comes after it
            self._arrival.clear()
            if is_last:
                self._arrival.set()
            with self._lock:
                batch, self._batch = self._batch, _Batch()
            try:
                self._write(batch)
            except StateError as error:
                self.error = error
            if is_last:
                return

    def _write(self, batch: _Batch) -> None:
        writer = self._database.writer
        with self._database.guarding("write"), transaction(writer):
            for row in batch.rows:
                self._write_result(row)
            count_checks(writer, batch.checks)
            note_events(writer, batch.events)
            states = ((event.after, event.at, target) for target, event in batch.events)
            writer.executemany("UPDATE target SET state = ?, state_since = ? WHERE id = ?", states)
            if now() - self._forgotten > _FORGETTING:
                self._forget()
        self._in_log += len(batch.rows)
        if self._in_log > _CHECKPOINT_CHECKS:
            self._in_log = 0
            self._database.checkpoint()

    def _write_result(self, row: Row) -> None:
        """The last result of a target takes the place of the one before, so that the file does not grow with every check."""
        _, target, _, verdict, checked_at, *_ = row
        writer = self._database.writer
        found = fetch_all(writer, _NUMBER, target)
        number = found[0][0] if found else writer.execute(_INSERT, row).lastrowid
        if found:
            writer.execute(_UPDATE, (*row, number))
        writer.execute(_TARGET, (target, number, verdict, checked_at))

    def _forget(self) -> None:
        """A watch may last longer than its past is kept."""
        self._forgotten = now()
        oldest = self._forgotten - self._keep
        self._database.writer.execute("DELETE FROM event WHERE at < ?", (oldest,))
        self._database.writer.execute("DELETE FROM rollup WHERE hour < ? / 3600000", (oldest,))


class _Batch:
    """The rows of one transaction."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.checks: list[Check] = []
        self.events: list[tuple[int, Event]] = []
