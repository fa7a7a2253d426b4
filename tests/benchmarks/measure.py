"""One run of one program: how long it took, and what it used."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# a program that takes longer than this has lost, and must not hold up the rest
LONGEST = 15 * 60.0
# all that a program sees of our environment: what a login sets, and where some Pythons find their own library
_KEPT = {"PATH", "HOME", "TERM", "LANG", "LD_LIBRARY_PATH"}


@dataclass(frozen=True, slots=True)
class Usage:
    """`seconds` by the clock, `cpu` seconds of the program and its children, `memory`: bytes of the largest of them."""

    seconds: float
    cpu: float
    memory: int


class TooLongError(Exception):
    """A program that was ended because it took too long."""


def measure(command: list[str], folder: Path, tree: Path, *, feed: str | None, output: str) -> Usage:
    """Run a program in a folder: its standard output goes to a file there, `feed` comes to it through a pipe.

    `tree` is where Python finds urlcheck. Exit status and standard error are not looked at, its report is. The memory that the
    kernel reports for a child starts at that of who started it, so that the harness must stay smaller than what it measures.
    """
    with contextlib.ExitStack() as stack:
        stdin: int | IO[bytes] = subprocess.DEVNULL
        if feed is not None:
            feeder = subprocess.Popen(["cat", feed], cwd=folder, stdout=subprocess.PIPE, start_new_session=True)
            stack.callback(_end, feeder)
            assert feeder.stdout is not None
            stdin = stack.enter_context(feeder.stdout)
        stdout = stack.enter_context((folder / output).open("wb"))
        stderr = stack.enter_context((folder / "stderr").open("wb"))
        started = time.perf_counter()
        # a session of its own, so that one signal ends all of it, and Ctrl-C is the harness's business alone
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(tree), stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
        stack.callback(_end, process)
        return _await(process, started)


def _await(process: subprocess.Popen[bytes], started: float) -> Usage:
    descriptor = os.pidfd_open(process.pid)
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        if not ended.poll(LONGEST * 1000):
            raise TooLongError
    finally:
        os.close(descriptor)
    seconds = time.perf_counter() - started
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _environment(tree: Path) -> dict[str, str]:
    """A user's: no proxy, and nothing else that a developer's machine adds."""
    return {name: value for name, value in os.environ.items() if name in _KEPT} | {"PYTHONPATH": str(tree)}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of a program and its children."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
