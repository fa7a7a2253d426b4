"""Opens a state file: checked before anything is written, locked against other runs, and brought to the latest version.

Everything that can go wrong with SQLite becomes a `StateError` here.
"""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import stat
from contextlib import AbstractContextManager, closing, suppress

from urlcheck.model.errors import StateError
from urlcheck.runtime.file_lock import Lock
from urlcheck.runtime.file_systems import is_on_network
from urlcheck.store import schema
from urlcheck.store.connection import check, connect, fetch_key, format_local, guarding, transaction
from urlcheck.text.safe import clean

_LOCK_SUFFIX = "-lock"
# a file up to this many bytes is looked through for damage at the start; a larger one is only as it is read
_LOOKED_THROUGH = 32 * 1024 * 1024
_KEY_BYTES = 32
# files that this process has open; a lock keeps other processes out, and not this one
_opened: set[tuple[int, int]] = set()


class Database:
    """An open state file. `writer` is used by one thread at a time, and so is `reader`; `key` is for its hashes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock: Lock | None = None
        self._inode: tuple[int, int] | None = None
        self._has_log = False
        self.writer: sqlite3.Connection
        self.reader: sqlite3.Connection
        try:
            with self.guarding("open"):
                self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        with suppress(FileNotFoundError):
            known = os.stat(self.path)  # before it is opened: to close it again would release the locks of the other run
            if (known.st_dev, known.st_ino) in _opened:
                raise self._complain("another run of this process has it open")
        size = self._look_at_header()
        self._lock = Lock.take(f"{os.path.realpath(self.path)}{_LOCK_SUFFIX}")
        if self._lock is None:
            raise self._complain(f"{self._find_holder()} has it open; wait for it, or name another file")
        self.writer = connect(self.path)
        if 0 < size <= _LOOKED_THROUGH:
            [(verdict,)] = self.writer.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise sqlite3.DatabaseError("malformed")
        self._migrate()
        self._choose_journal()
        self.reader = connect(self.path)
        self.reader.execute("PRAGMA query_only = 1")
        self.key = fetch_key(self.reader)

    def _look_at_header(self) -> int:
        """Make the file if there is none, and refuse one that is not ours. Returns its size in bytes."""
        others = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not block; Windows must not convert
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | others, 0o600)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise self._complain("it is not a regular file")
            if status.st_nlink > 1:  # each name would have a lock and a log of its own
                raise self._complain("it has several names (hard links); leave it one")
            check(self.path, os.read(descriptor, schema.HEADER_SIZE), status.st_size)
        finally:
            os.close(descriptor)
        self._inode = (status.st_dev, status.st_ino)
        _opened.add(self._inode)
        return status.st_size

    def _migrate(self) -> None:
        [(version,)] = self.writer.execute("PRAGMA user_version").fetchall()
        if version == schema.VERSION:
            return
        with transaction(self.writer):
            for script in schema.MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    self.writer.execute(statement)
            if not version:
                self.writer.execute("INSERT INTO meta VALUES ('key', ?)", (secrets.token_bytes(_KEY_BYTES),))
            self.writer.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            self.writer.execute(f"PRAGMA user_version = {schema.VERSION}")

    def _choose_journal(self) -> None:
        """Write ahead, but not over a network, where the shared memory that it needs is not shared."""
        if is_on_network(self.path):
            self.writer.execute("PRAGMA journal_mode = TRUNCATE").fetchall()
            return
        self.writer.execute("PRAGMA journal_mode = WAL").fetchall()
        self.writer.execute("PRAGMA synchronous = NORMAL")
        self.writer.execute("PRAGMA wal_autocheckpoint = 0")  # see `checkpoint`
        self._has_log = True

    def checkpoint(self) -> None:
        """Copy from the log what the file lacks, for as long as a disk takes, beside transactions that write on."""
        if self._has_log:
            with suppress(sqlite3.Error), closing(connect(self.path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _find_holder(self) -> str:
        """The process that has the file open, in words."""
        with suppress(sqlite3.Error):
            connection = connect(self.path)
            try:
                sql = "SELECT process, host, started FROM run WHERE process IS NOT NULL ORDER BY id DESC LIMIT 1"
                for process, host, started in connection.execute(sql):
                    where = "" if host == socket.gethostname() else f" on {clean(host, 100)}"
                    return f"process {process}{where}, since {format_local(started)},"
            finally:
                connection.close()
        return "another process"

    def _complain(self, reason: str) -> StateError:
        return StateError(f"cannot use {clean(self.path)}: {reason}")

    def guarding(self, verb: str) -> AbstractContextManager[None]:
        """Errors of SQLite and of the system leave it as `StateError`."""
        return guarding(self.path, verb)

    def close(self, *, tidily: bool = False) -> None:
        """`tidily`: leave one file, without a log beside it."""
        for name in ("reader", "writer"):
            if connection := getattr(self, name, None):
                with suppress(sqlite3.Error):
                    if tidily and name == "writer":
                        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                with suppress(sqlite3.Error):
                    connection.close()
        if self._lock:
            self._lock.release()
            self._lock = None
        if self._inode:
            _opened.discard(self._inode)
            self._inode = None
