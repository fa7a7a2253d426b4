"""Files that are written aside and renamed when they are whole; none of them outlives the program, however it ends."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

_unfinished: set[str] = set()


def open_temporary(file: str) -> tuple[str, TextIO]:
    """Create a file beside the given one, under an unpredictable name, open for writing. Raises `OSError`."""
    aside = f"{file}.{os.urandom(8).hex()}.part"
    _unfinished.add(aside)
    try:
        return aside, open(aside, "x", encoding="utf-8")
    except OSError:
        _unfinished.discard(aside)
        raise


def commit(aside: str, file: str) -> None:
    """Move the finished file into place. Raises `OSError`."""
    os.replace(aside, file)
    _unfinished.discard(aside)


def discard(aside: str) -> None:
    """Delete the unfinished file."""
    with suppress(OSError):
        os.unlink(aside)
    _unfinished.discard(aside)


def discard_all() -> None:
    """Delete all unfinished files, because the program ends."""
    for aside in [*_unfinished]:
        discard(aside)
