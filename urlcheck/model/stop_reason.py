"""Why a run is stopped."""

from __future__ import annotations

from enum import StrEnum


class StopReason(StrEnum):
    """The value is the detail of targets that are `unchecked` for this reason.

    A run may be stopped for another reason too, which is a text: what this machine has too little of, or what a cluster lacks.
    """

    INTERRUPTED = "interrupted"
    PAST_DEADLINE = "past the deadline"
    PAST_WAIT = "the time to wait was up"
    WATCH_ENDED = "the watch was ended"
    FAILED = "an error ended the run"
