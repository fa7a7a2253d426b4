"""The ends of the program: when its work is done, and when a signal asks for it and there is no run to stop."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

# Ctrl-C, `kill`, and a terminal that is closed; Windows has no SIGHUP
ENDING = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
# seconds from the signal to the first look at the outputs, and between looks; seconds for which a reader may take nothing
_LOOK_SECONDS, _STALL_SECONDS = 0.5, 1.0

_last_acts: list[Callable[[], None]] = []


def end_quietly_on_signals() -> None:
    """From now on a signal ends the program at once, with its status and without a traceback.

    A signal that the parent process has set to be ignored stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end_by_signal)


def end_if_output_stalls(status: int) -> None:
    """End the program as soon as its output stalls. Call it in the main thread; it lasts until `stop_watching`.

    A write to a full pipe cannot be interrupted otherwise: Python resumes it after each signal.
    """
    if not hasattr(signal, "setitimer"):  # Windows, where no signal interrupts a write
        return

    def look(_: int, __: FrameType | None) -> None:
        if _is_stalled():
            end_at_once(status)
        signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS)


def stop_watching() -> None:
    """Everything is written. An alarm that came later would end the process with a status of its own."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def with_last_act(act: Callable[[], None]) -> Iterator[None]:
    """A context in which `act` is called before the program ends at once. It must not wait for anything."""
    _last_acts.append(act)
    try:
        yield
    finally:
        _last_acts.remove(act)


def end_at_once(status: int) -> NoReturn:
    """End the program as it stands, from a signal's handler too, and leave nothing unfinished behind."""
    for act in _last_acts:
        with suppress(Exception):
            act()
    if files := sys.modules.get("urlcheck.runtime.atomic_files"):  # not loaded: no file was opened
        files.discard_all()
    os._exit(status)


def end(status: int) -> NoReturn:
    """End the program, whose work is done and whose text is written. The system frees its memory.

    The interpreter would free it object by object, which takes 10 ms. In Python's development mode it does, and names what was
    left open.
    """
    if sys.flags.dev_mode:
        sys.exit(status)
    atexit._run_exitfuncs()  # noqa: SLF001 - multiprocessing ends its processes in such a way too
    os._exit(status)


def _end_by_signal(number: int, _: FrameType | None) -> None:
    end_at_once(128 + number)


def _is_stalled() -> bool:
    """Whether standard output or standard error is full, and its reader takes nothing for a while.

    Called in a signal's handler: the interrupted write does not refill the pipe that is read meanwhile.
    """
    for descriptor in (1, 2):
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        if not poll.poll(_STALL_SECONDS * 1000):
            return True
    return False
