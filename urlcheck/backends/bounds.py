"""The bounds of a run: read-ahead, memory and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from urlcheck.engine.repeat import GRACE_SECONDS
from urlcheck.model.stop_reason import StopReason
from urlcheck.settings.run import RunSettings


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the coordinator reads ahead of the backends, and how long it waits for them.

    `window`: unfinished targets of one backend, so that its workers find hosts that may be asked. `further`: the number of
    windows while a backend could do more if it had other hosts. `awaited`: the number of targets that come on top with `wait`,
    so that those that never pass do not keep the others from being read. `text`: characters of all unfinished URLs, because a
    hostile list may have 65 536 in a line. `farewell_seconds`: the time after which backends that were stopped are closed.
    `balance_seconds`: the time between two looks whether one backend has hosts or places in flight for another.
    """

    window: int = 10_000
    further: int = 5
    awaited: int = 50_000
    text: int = 16 * 1024 * 1024
    farewell_seconds: float = 2.0
    balance_seconds: float = 0.1


def set_alarm(settings: RunSettings, stop: Callable[[StopReason], None]) -> asyncio.TimerHandle | None:
    """Call `stop` with the reason when the time of a run is up, by the earlier of two limits. Returns None without a limit."""
    limits = []
    if settings.deadline:
        limits.append((settings.deadline, StopReason.PAST_DEADLINE))
    if settings.wait:
        limits.append((settings.wait + GRACE_SECONDS, StopReason.PAST_WAIT))
    if not limits:
        return None
    seconds, reason = min(limits)
    return asyncio.get_running_loop().call_later(seconds, stop, reason)
