"""Computes the delay before a retry of a failure."""

from __future__ import annotations

import random
from collections.abc import Callable

# seconds before the first retry, and the most before any
FIRST, LONGEST = 1.0, 30.0


def backoff(attempts: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds to wait after this many attempts: about 1, 2, 4 … 30, each between half and one and a half of that.

    The jitter keeps URLs that failed together from coming back together; its lower bound keeps a retry from coming at once.
    """
    return min(FIRST * 2.0 ** min(attempts - 1, 16), LONGEST / 1.5) * (0.5 + jitter())
