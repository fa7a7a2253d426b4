"""Counts of checks of the last hours or days, in few bytes."""

from __future__ import annotations

from array import array


class Series:
    """How many checks were counted in each of the last `size` slots, and how many of them passed.

    A slot is a number of hours or days since 1970. One that was noted and has no count was in maintenance.
    """

    __slots__ = ("_counted", "_last", "_noted", "_passed")

    def __init__(self, size: int) -> None:
        self._passed = array("I", [0]) * size
        self._counted = array("I", [0]) * size
        self._noted = bytearray(size)
        self._last = 0

    def add(self, slot: int, passed: int, counted: int) -> None:
        """Add checks to a slot. One that is too old, after the clock was set back, is left out."""
        size = len(self._noted)
        for later in range(max(self._last, slot - size) + 1, slot + 1):
            self._passed[later % size] = self._counted[later % size] = self._noted[later % size] = 0
        self._last = max(self._last, slot)
        if slot > self._last - size:
            self._passed[slot % size] += passed
            self._counted[slot % size] += counted
            self._noted[slot % size] = 1

    def find_share(self, first: int, last: int) -> float | None:
        """The share of checks that passed in the slots from the first to the last; None where none was counted."""
        size = len(self._noted)
        slots = [slot % size for slot in range(max(first, self._last - size + 1), min(last, self._last) + 1)]
        counted = sum(self._counted[slot] for slot in slots)
        return sum(self._passed[slot] for slot in slots) / counted if counted else None

    def was_in_maintenance(self, slot: int) -> bool:
        """Whether there were checks in it, none of which counted."""
        size = len(self._noted)
        is_known = self._last - size < slot <= self._last
        return is_known and bool(self._noted[slot % size]) and not self._counted[slot % size]
