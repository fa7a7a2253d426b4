"""The number of processes of a run, and their early start: a long list is known before the first request."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.runtime.cores import can_start_again, count_cores
from urlcheck.settings.run import RunSettings

# the most processes of `auto`: with more, the one that reads and reports is the bottleneck
_MOST_BY_ITSELF = 8
# lines of a list that keep one process busy for longer than another takes to start
_MANY_LINES = 3_000
_SAMPLE = 16 * 1024


def count_processes(settings: RunSettings) -> int:
    """The number that is asked for, or one for each core. A run that waits, or that a cluster checks, needs one."""
    if not can_start_again():
        return 1
    if settings.processes != "auto":
        return settings.processes
    return 1 if settings.wait or settings.dask else min(count_cores(), _MOST_BY_ITSELF)


@contextmanager
def started_early(settings: RunSettings, files: Sequence[str]) -> Iterator[list[WorkerProcess]]:
    """Processes for a run that will need them, which start while this one imports its own code.

    The run takes them out of the list; those that it leaves are ended. Unless the settings ask for them, there are none for a
    list that is short, or whose length is not known.
    """
    children: list[WorkerProcess] = []
    try:
        if settings.processes != "auto" or any(_has_many_lines(name) for name in files):
            with suppress(OSError):  # the run tries again, and does without
                while len(children) < min(count_processes(settings), settings.concurrency) - 1:
                    children.append(WorkerProcess())
        yield children
    finally:
        for child in children:
            child.discard()


def _has_many_lines(name: str) -> bool:
    """Whether a regular file is long, by the lines at its beginning and its size."""
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):
            return False
        with open(name, "rb") as file:
            sample = file.read(_SAMPLE)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError):
        return False
    return bool(sample) and sample.count(b"\n") * size / len(sample) > _MANY_LINES
