"""The entries of an input that an interrupted run has finished: they are passed over without being read again."""

from __future__ import annotations

from typing import Protocol


class Finished(Protocol):
    """Positions of entries that have a result already, from 0."""

    def has(self, position: int) -> bool:
        """Whether the entry at this position has a result."""
        ...

    def count(self, start: int, stop: int) -> int:
        """How many of the entries from `start` up to `stop` have one."""
        ...
