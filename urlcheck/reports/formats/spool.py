"""Text that is written before what stands above it is known."""

from __future__ import annotations

import shutil
import weakref
from tempfile import SpooledTemporaryFile
from typing import TextIO

_IN_MEMORY = 1024 * 1024


class Spool:
    """Holds a mebibyte in memory, and a longer text in a temporary file; ASCII throughout. Raises `OSError`.

    `errors`: how the codec writes characters outside ASCII, as in `str.encode`.
    """

    def __init__(self, errors: str = "strict") -> None:
        # closed at the end of the last line, or with this object: a run that is broken off closes no reporter
        self._file = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="ascii", errors=errors, newline="\n")  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def write(self, text: str) -> None:
        self._file.write(text)

    def copy_to(self, stream: TextIO) -> None:
        """Copy all that was written, and forget it."""
        with self._file as file:
            file.seek(0)
            shutil.copyfileobj(file, stream)
