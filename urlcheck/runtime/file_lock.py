"""A lock between processes: a file that stands beside what it protects, and is gone afterwards."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Lock:
    """A lock that lasts until it is released or the process ends. After a kill the file stays, and locks nothing."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: str) -> Self | None:
        """The lock, or None where another process has it. Raises `OSError`."""
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock(descriptor):
                os.close(descriptor)
                return None
            with suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    return cls(path, descriptor)
            os.close(descriptor)  # the one who had it has removed the file meanwhile

    def release(self) -> None:
        """Let others have it."""
        with suppress(OSError):
            os.unlink(self._path)  # while it is locked; Windows removes no open file
        os.close(self._descriptor)


def _lock(descriptor: int) -> bool:
    """Whether the lock is ours now."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True
    return True
