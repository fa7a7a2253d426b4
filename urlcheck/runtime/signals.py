"""Signals in a run: the first that asks for an end stops it, the second ends the program; Ctrl-Z stops all its processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from urlcheck.runtime.termination import ENDING, end_at_once, end_if_output_stalls


@dataclass(slots=True)
class Interruption:
    """The signal that ended the run early; None while there was none."""

    number: int | None = None

    @property
    def exit_status(self) -> int | None:
        """A shell's exit status for a program that the signal ended: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP."""
        return None if self.number is None else 128 + self.number


@contextmanager
def on_interruption(stop: Callable[[], None]) -> Iterator[Interruption]:
    """A context in which the first signal calls `stop` in the running loop, and a second one ends the program at once."""
    loop = asyncio.get_running_loop()
    interruption = Interruption()

    def receive(number: int, _: FrameType | None) -> None:
        if interruption.number is not None:
            end_at_once(128 + number)
        interruption.number = number
        if number != signal.SIGINT:  # a person who pressed Ctrl-C may still read on, as in a pager, or press it again
            end_if_output_stalls(128 + number)
        loop.call_soon_threadsafe(stop)

    heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, receive) for number in heard}
    try:
        yield interruption
    finally:
        for number, action in previous.items():
            signal.signal(number, action)


@contextmanager
def on_hangup(reload: Callable[[], None]) -> Iterator[None]:
    """A context in which SIGHUP calls `reload` in the running loop, unless the terminal was closed.

    To be entered within `on_interruption`, which ends the run when the terminal was closed.
    """
    before = signal.getsignal(signal.SIGHUP) if hasattr(signal, "SIGHUP") else signal.SIG_IGN
    if before in (signal.SIG_IGN, None):  # Windows; or nohup, which has the signal ignored
        yield
        return
    loop = asyncio.get_running_loop()
    terminals = [descriptor for descriptor in range(3) if os.isatty(descriptor)]

    def receive(number: int, frame: FrameType | None) -> None:
        if callable(before) and terminals and not any(map(os.isatty, terminals)):
            before(number, frame)
        else:
            loop.call_soon_threadsafe(reload)

    signal.signal(signal.SIGHUP, receive)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def on_suspension(suspend: Callable[[], None], resume: Callable[[], None]) -> Iterator[None]:
    """A context in which Ctrl-Z calls `suspend` before the process stops, and `resume` when it goes on."""
    is_handled = hasattr(signal, "SIGTSTP") and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL
    if not is_handled:  # Windows; or a shell without job control, which has the signal ignored
        yield
        return

    def receive(number: int, _: FrameType | None) -> None:
        suspend()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # the process stops here
        signal.signal(number, receive)
        resume()

    signal.signal(signal.SIGTSTP, receive)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
