"""Pipes that nobody reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def open_full_pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe without room; a write fails where it would wait for a reader."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with suppress(BlockingIOError):
        while True:
            os.write(write, bytes(65536))
    try:
        yield read, write
    finally:
        os.close(read)
        os.close(write)
