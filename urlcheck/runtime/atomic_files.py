"""Files that are written under temporary names and renamed once they are whole. Those that are not are removed at the end."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

_unfinished: set[str] = set()


def open_temporary(file: str) -> tuple[str, TextIO]:
    """Create a file beside the given one, under an unpredictable name, open for writing. Raises `OSError`."""
    temporary = f"{file}.{os.urandom(8).hex()}.part"
    _unfinished.add(temporary)
    try:
        return temporary, open(temporary, "x", encoding="utf-8")
    except OSError:
        _unfinished.discard(temporary)
        raise


def commit(temporary: str, file: str) -> None:
    """Move the finished file into place. Raises `OSError`."""
    os.replace(temporary, file)
    _unfinished.discard(temporary)


def discard(temporary: str) -> None:
    """Delete the unfinished file."""
    with suppress(OSError):
        os.unlink(temporary)
    _unfinished.discard(temporary)


def discard_all() -> None:
    """Delete all unfinished files, because the program ends."""
    for temporary in [*_unfinished]:
        discard(temporary)
