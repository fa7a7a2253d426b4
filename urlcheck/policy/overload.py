"""The overload of a host, as an answer reports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overload:
    """A host rejects a request for its load. `retry_after`: the seconds for which it demands a pause, or 0.

    `give_up_after`: the seconds without a request that passes, after which its load is no longer taken for the reason.
    """

    retry_after: float
    give_up_after: float
