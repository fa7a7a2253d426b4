"""The lock between processes; a second program that finds it taken is seen in tests/cli/test_watch_state.py."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from tests.support.descriptors import settle
from tests.support.marks import on_posix
from urlcheck.runtime.descriptors import count_open
from urlcheck.runtime.file_lock import Lock

if sys.platform != "win32":
    import fcntl

pytestmark = on_posix


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have the system refuse each lock with that error."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "lockf", fail)


def test_a_lock_is_no_lock_on_a_file_that_its_last_holder_has_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    settle()
    before = count_open()
    lock_file = fcntl.lockf
    removed: list[Path] = []

    def lock_late(*arguments: int) -> None:
        if not removed:
            removed.append(path)
            path.unlink()
        lock_file(*arguments)

    monkeypatch.setattr(fcntl, "lockf", lock_late)
    lock = Lock.take(str(path))
    assert lock
    assert path.exists()
    assert count_open() == before + 1
    lock.release()


def test_a_lock_that_another_has_is_not_taken_and_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle()
    before = count_open()
    refuse(monkeypatch, errno.EAGAIN)
    assert Lock.take(str(tmp_path / "lock")) is None
    assert count_open() == before


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, errno.ENOLCK)
    lock = Lock.take(str(tmp_path / "lock"))
    assert lock
    lock.release()
    assert os.listdir(tmp_path) == []
