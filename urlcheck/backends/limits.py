"""Divides the requests in flight among backends."""

from __future__ import annotations

from collections.abc import Sequence

from urlcheck.engine.status import BackendStatus


def divide(total: int, parts: int) -> list[int]:
    """The total in nearly equal parts, each at least 1; the first gets the rest."""
    if not parts:
        return []
    part = max(1, total // parts)
    return [max(1, total - part * (parts - 1)), *[part] * (parts - 1)]


def allot(total: int, statuses: Sequence[BackendStatus]) -> list[int]:
    """The limits that backends get now, so that together they never have more than `total` requests in flight.

    Places are divided in proportion to targets, but a backend gets none that it could not use. A limit shrinks at once, and
    another grows only as the requests above the shrunken one end. A backend that has got a place keeps at least one, so
    `total` must not be less than the number of backends.
    """
    limits = []
    wanted = _fit(total, _apportion(total, statuses))
    room = total - sum(max(min(status.limit, want), _most(status)) for status, want in zip(statuses, wanted, strict=True))
    for status, want in zip(statuses, wanted, strict=True):
        claimed = max(status.limit, status.in_flight)
        grown = max(status.limit, min(want, claimed + max(0, room)))
        limits.append(min(want, grown))
        room -= max(0, limits[-1] - claimed)
    return limits


def _most(status: BackendStatus) -> int:
    """The requests that a backend may have in flight at this moment: its report is older than requests that it began since."""
    return max(status.in_flight, min(status.limit, status.unfinished))


def _fit(total: int, wanted: list[int]) -> list[int]:
    """Reduce the places to the total, taking each from the backend that has most."""
    while sum(wanted) > total and max(wanted) > 1:
        wanted[wanted.index(max(wanted))] -= 1
    return wanted


def _apportion(total: int, statuses: Sequence[BackendStatus]) -> list[int]:
    """The places that each should have, if none were in use."""
    weights = [max(1, status.unfinished) for status in statuses]
    most = [_count_usable(total, status) for status in statuses]
    parts = [0] * len(statuses)
    left, open_ = total, [*range(len(statuses))]
    while open_ and left > 0:
        weight = sum(weights[number] for number in open_)
        full = [number for number in open_ if most[number] * weight <= left * weights[number]]
        for number in full or open_:
            parts[number] = most[number] if full else left * weights[number] // weight
        left -= sum(parts[number] for number in full or open_)
        open_ = [number for number in open_ if number not in full] if full else []
    # places that none can use are divided evenly: more targets may come at any moment
    return [max(1, part + spare) for part, spare in zip(parts, _split_evenly(max(0, left), len(parts)), strict=True)]


def _count_usable(total: int, status: BackendStatus) -> int:
    """The places that a backend can use. One that lacks hosts cannot use many more than it does now."""
    usable = status.in_flight + total // 10 if status.hungry else status.unfinished
    return max(1, min(usable, status.unfinished))


def _split_evenly(total: int, parts: int) -> list[int]:
    return [total // parts + (number < total % parts) for number in range(parts)]
