"""Status codes in words."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby


def format_statuses(codes: Collection[int]) -> str:
    """`200-299,304`, as `--accept` takes them."""
    ranges = []
    # codes that follow each other have the same distance to their positions
    for _, group in groupby(enumerate(sorted(codes)), lambda pair: pair[1] - pair[0]):
        first, *others = (code for _, code in group)
        ranges.append(f"{first}-{others[-1]}" if others else str(first))
    return ",".join(ranges) or "none"
