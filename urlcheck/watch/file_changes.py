"""Notices that files have changed, and waits until they are written to their end."""

from __future__ import annotations

import os
from collections.abc import Sequence

_Fingerprint = tuple[tuple[int, int, int] | None, ...]


class FileChanges:
    """Compares files with what they were when they were last read. Pipes and devices are left out.

    A file that is gone is followed too, because some editors take it away before they write it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.follow(names)

    def follow(self, names: Sequence[str]) -> None:
        """The files, as they are now, have been read."""
        self._names = [name for name in names if os.path.isfile(name) or not os.path.exists(name)]
        self._read = self._seen = self._look()

    def are_settled(self) -> bool:
        """Whether the files differ from those that were read, and have not changed since the last call."""
        before, self._seen = self._seen, self._look()
        return self._seen == before and self._seen != self._read

    def _look(self) -> _Fingerprint:
        return tuple(map(_fingerprint, self._names))


def _fingerprint(name: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(name)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
