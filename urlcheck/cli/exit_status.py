"""The exit status of the program."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The statuses that the program itself chooses. A run that a signal ends has 128 plus the number of the signal."""

    PASSED = 0
    FAILED = 1
    UNUSABLE = 2
    INTERRUPTED = 130
    CLOSED_PIPE = 141
