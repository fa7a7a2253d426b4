"""Ctrl-C, SIGTERM and SIGHUP: the first asks a run to stop, the second ends the program at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from urlcheck.asides import end_at_once
from urlcheck.threads import ENDING


@dataclass(slots=True)
class Interruption:
    """The signal that ended the run early; None while there was none."""

    number: int | None = None

    @property
    def exit_status(self) -> int | None:
        """What a shell reports of a program that the signal ended: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP."""
        return None if self.number is None else 128 + self.number


@contextmanager
def on_interruption(stop: Callable[[], None]) -> Iterator[Interruption]:
    """Within, the first signal calls `stop` in the running loop; a second does not return."""
    loop = asyncio.get_running_loop()
    interruption = Interruption()

    def receive(number: int, _: FrameType | None) -> None:
        if interruption.number is not None:
            end_at_once(128 + number)
        interruption.number = number
        loop.call_soon_threadsafe(stop)

    heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, receive) for number in heard}
    try:
        yield interruption
    finally:
        for number, action in previous.items():
            signal.signal(number, action)
