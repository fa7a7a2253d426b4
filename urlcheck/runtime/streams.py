"""Standard output and standard error as a program may find them: closed, full, without a reader, of a narrow encoding."""

from __future__ import annotations

import io
import os
import stat
import sys
from contextlib import suppress
from typing import TextIO


def prepare_streams() -> None:
    """To be called before anything is opened or written."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a character that the encoding lacks is escaped


def write_utf8(stream: TextIO) -> TextIO:
    """Have a stream write UTF-8 in every locale, for a format that its readers take for UTF-8. Returns the stream."""
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream


def say(text: str) -> None:
    """Print a line on standard error. A failure to write it is ignored, because no other place can report it."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def measure_width() -> int:
    """The columns of the terminal: those that `COLUMNS` names, or those of standard output, or 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def has_piped_input() -> bool:
    """Whether standard input is a pipe or a file, from which a list may come."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def settle_streams() -> OSError | None:
    """Write the text that is still buffered. Returns the error of standard output, if it cannot be written.

    The interpreter's own last flush then raises no error.
    """
    _settle(sys.stderr)
    return _settle(sys.stdout)


def _settle(stream: TextIO | None) -> OSError | None:
    if stream is None:
        return None
    try:
        stream.flush()
    except OSError as error:
        # the data stays in the buffer, and the interpreter would try again, complain, and end with a status of its own
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        return error
    return None


def _open_closed() -> None:
    """Open standard streams that a shell closed (`2>&-`), so that no socket gets their descriptors."""
    with suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
