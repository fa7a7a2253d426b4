"""Standard output and standard error as a program may find them: closed, full, without a reader, of a narrow encoding."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def prepare_streams() -> None:
    """To be called before anything is opened or written."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # whatever the encoding, nothing is lost over a character


def say(text: str) -> None:
    """A line on standard error; where it cannot be written there is nobody to tell, and nothing else to be done."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def forget_output() -> None:
    """What is still buffered has no reader: let the interpreter's own last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed() -> None:
    """Where a shell closed one (`2>&-`), its descriptor must not become a socket's."""
    with suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
