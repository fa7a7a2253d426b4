"""Measures latencies: quantiles, a histogram and the slowest hosts, in memory that does not grow with their number."""

from __future__ import annotations

import math
from collections import Counter

# a bucket's bounds lie so far apart, so a quantile is at most one per cent off (DDSketch, doi.org/10.14778/3352063.3352135)
_GAMMA = 1.02
_SCALE = 1 / math.log(_GAMMA)
_SHORTEST = 1e-6
# hosts that are looked at before all but the slowest are forgotten
_HOSTS, _SLOWEST = 1_000, 100


class Latencies:
    """Counts durations in buckets of a logarithmic scale. All durations in seconds; `shortest` and `longest` are exact."""

    def __init__(self) -> None:
        self.count = 0
        self.shortest = math.inf
        self.longest = 0.0
        self._buckets: Counter[int] = Counter()
        self._slowest: dict[str, float] = {}
        self._threshold = 0.0

    def add(self, seconds: float, host: str) -> None:
        """Count a duration, and the host that took it."""
        self.count += 1
        self.shortest = min(self.shortest, seconds)
        self.longest = max(self.longest, seconds)
        self._buckets[math.ceil(math.log(max(seconds, _SHORTEST)) * _SCALE)] += 1
        if seconds > self._threshold and seconds > self._slowest.get(host, 0.0):
            self._slowest[host] = seconds
            if len(self._slowest) > _HOSTS:
                self._forget_the_fast()

    def quantile(self, fraction: float) -> float:
        """The duration that this fraction of all does not exceed, to one per cent; 0 without durations."""
        rank = max(1, math.ceil(fraction * self.count))
        for bucket in sorted(self._buckets):
            rank -= self._buckets[bucket]
            if rank <= 0:
                return min(max(_middle(bucket), self.shortest), self.longest)
        return 0.0

    def histogram(self, bars: int) -> list[tuple[float, int]]:
        """At most `bars` bars of equal width on the logarithmic scale, up to the longest duration: upper bound, count."""
        if not self._buckets:
            return []
        low, high = min(self._buckets) - 1, max(self._buckets)
        width = max(1, math.ceil((high - low) / bars))
        counts = [0] * math.ceil((high - low) / width)
        for bucket, count in self._buckets.items():
            counts[(bucket - low - 1) // width] += count
        return [(min(_GAMMA ** (low + (bar + 1) * width), self.longest), count) for bar, count in enumerate(counts)]

    def slowest_hosts(self, number: int) -> list[tuple[str, float]]:
        """The first `number` hosts, at most a hundred, by the slowest answer of each; the slowest first."""
        return sorted(self._slowest.items(), key=lambda item: -item[1])[:number]

    def _forget_the_fast(self) -> None:
        kept = self.slowest_hosts(_SLOWEST)
        self._slowest = dict(kept)
        self._threshold = kept[-1][1]


def _middle(bucket: int) -> float:
    return 2 * _GAMMA**bucket / (_GAMMA + 1)
