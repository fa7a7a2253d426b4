"""Keys that are pressed while a program runs, without a line's end."""

from __future__ import annotations

import asyncio
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from urlcheck.runtime.threads import start_thread

with suppress(ImportError):  # on Windows
    import termios
    import tty

_LOOK_SECONDS = 0.25


class Keys:
    """Hands over each key in the running loop. It reads standard input alone, and only in the foreground of its terminal.

    A thread reads: an event loop would leave the terminal, which other programs share, in a mode in which reads do not wait.
    """

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._end = threading.Event()
        self._before: list[Any] | None = None

    def start(self) -> None:
        """Take keys as they are pressed; Ctrl-C and Ctrl-Z are signals as before."""
        if sys.platform == "win32":
            return
        with suppress(termios.error, OSError):
            if is_in_foreground():
                self._before = termios.tcgetattr(0)
                tty.setcbreak(0)

    def stop(self) -> None:
        """Restore the terminal."""
        if sys.platform == "win32":
            return
        with suppress(termios.error, OSError):
            if self._before is not None and is_in_foreground():
                termios.tcsetattr(0, termios.TCSANOW, self._before)
        self._before = None

    def read(self) -> None:
        """Runs in a thread until `end`."""
        while True:
            try:
                ready, _, _ = select.select([0], [], [], _LOOK_SECONDS)
                if self._end.is_set():  # a key that is pressed from now on is for the shell
                    return
                if not (ready and is_in_foreground()):  # a read in the background would stop the program
                    self._end.wait(_LOOK_SECONDS if ready else 0)
                    continue
                key = os.read(0, 1)
            except OSError:
                return
            if not key:
                return
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._take, key.decode("ascii", "replace"))

    def end(self) -> None:
        """Read no more."""
        self._end.set()
        self.stop()


@contextmanager
def on_keys(take: Callable[[str], None]) -> Iterator[Keys | None]:
    """A context in which `take` is called with each key pressed. Yields None where standard input is no terminal."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        yield None
        return
    keys = Keys(take)
    keys.start()
    with suppress(RuntimeError):  # too many threads: Ctrl-C ends the program as well
        start_thread(keys.read, "keys")
    try:
        yield keys
    finally:
        keys.end()


def is_in_foreground(descriptor: int = 0) -> bool:
    """Whether this program may read from its terminal, and change it, without being stopped."""
    if sys.platform == "win32":  # no job waits in the background there
        return True
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # it does not control this program, so it does not stop it either
        return True
