"""File descriptors: the limit of this process, and the share of it that a run may use for connections.

The limit belongs to the process, so runs that overlap share it: each run holds an `Allowance`, and all of them together open
no more sockets than the limit leaves free.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

with suppress(ImportError):  # on Windows
    import resource

# a run leaves a quarter of the free descriptors, within these bounds, to name servers, the trust store and temporary files
_LEAST_RESERVE, _MOST_RESERVE = 8, 32
# ... and these to each child process: its two pipes and its handle
_RESERVE_A_CHILD = 4
# descriptors that a process has open as a rule, where the system does not list them
_USUALLY_OPEN = 32
# macOS refuses a soft limit above this (OPEN_MAX) where the hard limit is infinite
_OPEN_MAX = 10_240
_UNLIMITED = sys.maxsize


class Allowance:
    """The sockets that one run may have open, and `taken`, those that it has open or is about to open.

    `children`: processes that the run may start.
    """

    def __init__(self, children: int = 0) -> None:
        self.children = children
        self.taken = 0

    @property
    def limit(self) -> int:
        """The sockets that this run may have open: its share of what the process has left, and at least one."""
        return _process.share

    @property
    def is_used_up(self) -> bool:
        return self.taken >= self.limit

    @property
    def is_overdrawn(self) -> bool:
        """Whether half of the smallest reserve is taken as well."""
        return self.taken >= self.limit + _LEAST_RESERVE // 2

    def measure(self) -> None:
        """Count again what the rest of the process has open."""
        _process.measure()


class _Process:
    """The runs of this process and its limit. Runs may be in several threads, each with an event loop of its own."""

    def __init__(self) -> None:
        self.share = _UNLIMITED
        self._lock = threading.Lock()
        self._runs: list[Allowance] = []
        self._limits_before: tuple[int, int] | None = None

    def enter(self, allowance: Allowance) -> None:
        """A run begins: the first one raises the limit."""
        with self._lock:
            if not self._runs:
                self._limits_before = _raise_limit()
            self._runs.append(allowance)
        self.measure()

    def leave(self, allowance: Allowance) -> None:
        """A run ends: the last one puts the limit back."""
        with self._lock:
            self._runs.remove(allowance)
            if not self._runs:
                _restore_limit(self._limits_before)
        self.measure()

    def measure(self) -> None:
        """Divide among the runs what the limit, less what others have open, leaves."""
        with self._lock:
            limit = soft_limit()
            if not self._runs or limit is None:
                self.share = _UNLIMITED
                return
            free = limit - count_open() + sum(run.taken for run in self._runs)
            free = max(free // 2, free - sum(run.children for run in self._runs) * _RESERVE_A_CHILD) // len(self._runs)
            reserve = min(max(_LEAST_RESERVE, free // 4), _MOST_RESERVE)
            # under a very low limit, a run uses half of what is free rather than nothing
            self.share = max(1, free // 2, free - reserve)


_process = _Process()


@contextmanager
def open_allowance(children: int = 0) -> Iterator[Allowance]:
    """A run's allowance. The soft limit of the process is raised to the hard one until the last run ends."""
    allowance = Allowance(children)
    _process.enter(allowance)
    try:
        yield allowance
    finally:
        _process.leave(allowance)


def soft_limit() -> int | None:
    """The descriptors that this process may have open at once; None where there is no limit."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def count_open() -> int:
    """The descriptors that this process has open."""
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    try:
        return len(os.listdir(folder)) - 1  # without the one that reads the folder
    except OSError as error:
        is_full = error.errno in (errno.EMFILE, errno.ENFILE)
        return soft_limit() or _USUALLY_OPEN if is_full else _USUALLY_OPEN


def are_exhausted() -> bool:
    """Whether this process cannot open another file at the moment."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def _raise_limit() -> tuple[int, int] | None:
    """Raise the soft limit as far as it goes; returns the soft limit from before and the one that was set, if it changed."""
    if sys.platform == "win32":
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft in (hard, resource.RLIM_INFINITY):
        return None
    for wanted in (hard, _OPEN_MAX):
        if wanted == hard or soft < wanted:  # the system refuses more than the hard limit
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return soft, wanted
    return None


def _restore_limit(limits: tuple[int, int] | None) -> None:
    """Put the soft limit back, unless the program has changed it since."""
    if sys.platform == "win32" or limits is None:
        return
    before, raised = limits
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == raised:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
