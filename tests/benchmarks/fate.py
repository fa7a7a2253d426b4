"""What becomes of a request to a host of the simulated internet: decided by its address alone, so that every program that asks
meets the same internet, and an ideal one can be computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from hashlib import blake2b
from statistics import NormalDist

SEED = b"urlcheck"

MEDIAN, SIGMA = 0.120, 0.7
# two of the slowest answers, a redirect and its target, still come in time
SHORTEST, LONGEST = 0.005, 2.0


class Kind(Enum):
    """How a host answers."""

    ANSWER = auto()
    SILENCE = auto()
    RESET = auto()
    REDIRECT = auto()
    NOT_FOUND = auto()


# shares of the hosts; the rest answers
_SHARES = ((Kind.SILENCE, 0.02), (Kind.RESET, 0.01), (Kind.REDIRECT, 0.05), (Kind.NOT_FOUND, 0.05))


@dataclass(frozen=True, slots=True)
class Fate:
    """`latency`: seconds between a request and its answer, or its reset."""

    kind: Kind
    latency: float

    def duration(self, timeout: float) -> float:
        """The seconds that a check of this host takes whoever asks, redirect included."""
        if self.kind is Kind.SILENCE:
            return timeout
        return min(self.latency * (2 if self.kind is Kind.REDIRECT else 1), timeout)

    @property
    def passes(self) -> bool:
        return self.kind in (Kind.ANSWER, Kind.REDIRECT)


@cache
def fate_of(host: bytes) -> Fate:
    """The fate of the requests to an address, as the Host header has it, without its port."""
    digest = blake2b(host, key=SEED, digest_size=16).digest()
    share, rank = (_fraction(digest[start : start + 8]) for start in (0, 8))
    latency = MEDIAN * math.exp(SIGMA * NormalDist().inv_cdf(rank))
    return Fate(_kind_at(share), min(max(latency, SHORTEST), LONGEST))


def _fraction(digest: bytes) -> float:
    """Eight bytes as a number between 0 and 1, both excluded."""
    return ((int.from_bytes(digest, "big") >> 11) + 0.5) / 2**53


def _kind_at(share: float) -> Kind:
    for kind, part in _SHARES:
        if share < part:
            return kind
        share -= part
    return Kind.ANSWER
