"""Opens list files and standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from typing import BinaryIO

from urlcheck.model.errors import InputError

STDIN = "-"


def measure(streams: Sequence[BinaryIO | None]) -> int | None:
    """The bytes that are left to read; None where one of the streams is no regular file."""
    size = 0
    for stream in streams:
        if stream is None or not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return None
        size += os.fstat(stream.fileno()).st_size - stream.tell()
    return size


def is_fifo(name: str) -> bool:
    """Whether the name is that of a pipe in the file system."""
    try:
        return name != STDIN and stat.S_ISFIFO(os.stat(name).st_mode)
    except OSError:
        return False


def open_list(name: str) -> BinaryIO:
    """Raises `InputError`. Unbuffered: a read returns what a pipe has, and no lock is held while it waits for more."""
    try:
        if name == STDIN:
            os.set_blocking(sys.stdin.fileno(), True)  # the parent process may have made it non-blocking
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        return open(name, "rb", buffering=0)
    except (OSError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or "it is closed"
        raise InputError(f"cannot read {'stdin' if name == STDIN else name or repr(name)}: {reason}") from None
