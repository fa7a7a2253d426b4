"""Changes of a URL since the run before."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """`NEW`: it does not pass, and passed or was not listed last time; `STILL`: it did not pass then either.

    `FIXED`: it passes, and did not pass last time.
    """

    NEW = "new"
    STILL = "still"
    FIXED = "fixed"
