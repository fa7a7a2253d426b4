"""Sets the pace of a host that rejects requests for its load, with 429 or 503. Pure logic; times are passed in.

The only sign of a server's limit is that it rejects requests. The pace finds that limit as TCP finds the capacity of a path:
additive increase, multiplicative decrease (RFC 5681), of the requests a second and of the requests in flight. The capacity of
an idle path is not known, as here at first: the rate doubles until a rejection.
"""

from __future__ import annotations

import math
from typing import Protocol

from urlcheck.policy.overload import Overload

# requests a second after the first rejection: the pause before a retry is as long
_FIRST_RATE = 1.0
# timers have a resolution of a millisecond: a host at this rate is not slowed
_UNPACED_RATE = 1_000.0
# a rejection multiplies rate and share by _DECREASE; a passed request adds _INCREASE of the old rate, so ten restore it
_DECREASE, _INCREASE = 0.7, 0.03
# a host that passes this many requests between two rejections is paused by its Retry-After, and not slowed as well
_PLENTY = 20
# a host that has passed no request is out of order, not at its limit, after this many rejections in a row
_MOST_AT_FIRST = 3
# passed requests that are needed to measure a throughput
_FEW = 10
# a rate below this part of the proven throughput is within the limit
_WITHIN = 0.9
# The pace is given up above these shares of rejections. `_MOST_REJECTED`: of about 25 requests; a real limit rejects 0.1 to
# 0.3. `_MOST_WITHIN`: of about 50 requests below the proven rate; a real limit rejects none.
_MOST_REJECTED, _REJECTED_MEMORY = 0.4, 25
_MOST_WITHIN, _WITHIN_MEMORY = 0.05, 50
# attempts of one job that are forgiven: a URL that is rejected more often while others pass is itself at fault
MOST_FORGIVEN = 10
# seconds between two requests, at most
LONGEST_INTERVAL = 30.0


class Rejected(Protocol):
    """A job. `episode`: that of the pace when the job was sent; `forgiven`: the number of its attempts that do not count."""

    episode: int
    forgiven: int


class _Throughput:
    """Requests a second that the host passes, measured from a rejection, so that no unused burst inflates it.

    So `proven` requests a second do not exceed the limit.
    """

    __slots__ = ("_passes", "_since", "proven")

    def __init__(self, now: float) -> None:
        self._passes = 0
        self._since = now
        self.proven = 0.0

    def add(self) -> None:
        self._passes += 1

    def measure(self, now: float, *, restarts: bool) -> bool:
        """Update `proven`; `restarts`: by the passes since the last restart alone. Returns False if those are too few."""
        if self._passes < _FEW or now <= self._since:
            return False
        throughput = (self._passes - 1) / (now - self._since)
        if restarts:
            self._passes, self._since, self.proven = 0, now, throughput
        else:
            self.proven = max(self.proven, throughput)
        return True


class Pace:
    """The requests a second (1 / `interval`) and in flight (`share`) that a host bears.

    The first rejection sets the rate to 1 a second; a later one lowers it, and each lowers the share, to 0.7 of what it was. A
    request that passes adds a step to both, or doubles the rate while the limit is not known. Rejections in a row pause the
    host for 1, 2, 4 … 30 seconds, and lower the rate to what is known to pass. An episode lies between two rejections; an
    answer to a request of an earlier episode changes nothing.

    **Which attempts count.** A rejection counts against the retries of its job. When the host then passes a request that was
    sent after the rejection, its limit was the reason, and the attempt is forgiven; ten attempts of a job at most. So the URLs
    of a host that rejects everything end after their retries, a URL that alone is always rejected ends after ten attempts more
    at most, and the other URLs of a limited host pass in the end.

    The pace is given up, and the host asked without one, where it is of no use: when a host that never passed a request
    rejects three in a row; when a host passes none for longer than `Overload.give_up_after`; and, for good, when it rejects
    too many requests, or rejects them at rates that are within its limit.
    """

    __slots__ = (
        "_ceiling",
        "_has_passed",
        "_in_a_row",
        "_is_futile",
        "_is_given_up",
        "_is_row_measured",
        "_is_within",
        "_last_pass",
        "_passes",
        "_per_host",
        "_rate",
        "_rejected",
        "_rejected_share",
        "_rejected_within",
        "_share",
        "_slowest",
        "_throughput",
        "episode",
        "interval",
    )

    def __init__(self, now: float, per_host: int, *, has_passed: bool, longest_interval: float = LONGEST_INTERVAL) -> None:
        self.episode = 0
        self.interval = 0.0
        self._per_host = per_host
        self._slowest = 1 / longest_interval
        self._rate = math.inf
        self._ceiling: float | None = None  # the rate at which the last rejection came; None: the limit is not known
        self._share = float(per_host)
        self._has_passed = has_passed
        self._last_pass = now
        self._throughput = _Throughput(now)
        self._passes = _PLENTY  # since the last rejection
        self._in_a_row = 0
        self._is_row_measured = False
        self._is_within = False  # the last rejection came at a rate within the limit
        self._rejected_share = self._rejected_within = 0.0
        self._rejected: list[Rejected] = []  # since the last request that passed
        self._is_given_up = self._is_futile = False

    @property
    def share(self) -> int:
        """Requests in flight, at most."""
        return int(self._share)

    @property
    def is_slow(self) -> bool:
        """Whether the host is asked less often than it could be."""
        return self.interval > 0

    def limit(self, per_host: int) -> None:
        """Have at most `per_host` requests in flight from now on."""
        self._share = float(per_host) if self._rate == math.inf else min(self._share, per_host)
        self._per_host = per_host

    def reject(self, job: Rejected, overload: Overload, now: float, in_flight: int) -> float:
        """The host has rejected a job. `in_flight` counts the requests in flight, this one included.

        Returns for how many seconds the host is asked nothing.
        """
        if self._is_given_up:
            return overload.retry_after
        self._rejected.append(job)
        if job.episode >= self.episode:
            self._begin_episode(overload, now, in_flight)
        return max(overload.retry_after, self.interval, self._backoff())

    def accept(self, job: Rejected, now: float) -> None:
        """The host has answered a job, with any status, and has not rejected it for its load."""
        self._has_passed = True
        self._last_pass = now
        if self._is_futile or job.episode < self.episode:
            return
        self._forgive()
        self._weigh_the_last()
        self._throughput.add()
        self._passes += 1
        self._in_a_row = 0
        self._is_row_measured = self._is_within = False
        if self._is_given_up:
            self._is_given_up = False
            self._set_rate(_FIRST_RATE)
        elif self._rejected_within > _MOST_WITHIN:
            self._is_futile = True
            self._give_up()
        elif self._rate < math.inf:
            self._speed_up()

    def _begin_episode(self, overload: Overload, now: float, in_flight: int) -> None:
        self.episode += 1
        self._in_a_row += 1
        self._rejected_share += (1 - self._rejected_share) / _REJECTED_MEMORY
        self._is_futile = self._rejected_share > _MOST_REJECTED
        is_enough = overload.retry_after and (self._passes >= _PLENTY or not self._has_passed)
        self._passes = 0
        is_silent = now - self._last_pass > overload.give_up_after if self._has_passed else self._in_a_row >= _MOST_AT_FIRST
        if is_silent or self._is_futile:
            self._give_up()
        elif not is_enough:
            self._slow_down(now)
            self._share = max(1.0, min(self._share, in_flight) * _DECREASE)

    def _slow_down(self, now: float) -> None:
        is_single = self._in_a_row == 1
        self._is_within = is_single and self._rate < _WITHIN * self._throughput.proven
        is_measured = self._throughput.measure(now, restarts=not is_single)
        if self._rate == math.inf:
            self._set_rate(_FIRST_RATE)
        elif is_single:
            self._ceiling = self._rate
            self._set_rate(self._rate * _DECREASE)
        elif is_measured:
            self._is_row_measured = True
            self._ceiling = self._throughput.proven
            self._set_rate(min(self._rate, self._ceiling) * _DECREASE)
        elif not self._is_row_measured:
            self._ceiling = None
            self._set_rate(self._rate / 2)

    def _backoff(self) -> float:
        """Seconds to pause after rejections in a row, also where the rate was high before them."""
        if self._in_a_row < 2 or self._rate == math.inf:
            return 0.0
        return min(2.0 ** (self._in_a_row - 2), 1 / self._slowest)

    def _weigh_the_last(self) -> None:
        """Update the shares of rejections after a request that passed: a single rejection within the limit came by chance."""
        self._rejected_share -= self._rejected_share / _REJECTED_MEMORY
        if self._is_within and self._in_a_row == 1:
            self._rejected_within += (1 - self._rejected_within) / _WITHIN_MEMORY
        elif self._rate < _WITHIN * self._throughput.proven and not self._in_a_row:
            self._rejected_within -= self._rejected_within / _WITHIN_MEMORY

    def _speed_up(self) -> None:
        if self._ceiling is None:
            self._set_rate(self._rate * 2)
            self._share += 1
        else:
            self._set_rate(self._rate + max(self._rate, self._ceiling) * _INCREASE)
            self._share += 1 / self._share
        self._share = min(self._share, self._per_host)

    def _give_up(self) -> None:
        self._is_given_up = True
        self._rejected.clear()
        self._rate, self.interval, self._in_a_row = math.inf, 0.0, 0
        self._share = float(self._per_host)

    def _set_rate(self, rate: float) -> None:
        self._rate = min(max(rate, self._slowest), _UNPACED_RATE)
        self.interval = 1 / self._rate if self._rate < _UNPACED_RATE else 0.0

    def _forgive(self) -> None:
        for job in self._rejected:
            if job.forgiven < MOST_FORGIVEN:
                job.forgiven += 1
        self._rejected.clear()
