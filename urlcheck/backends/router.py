"""Chooses the backend of a target by its host: a host has one home, or several that divide its share. So its limits hold."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from urlcheck.backends.protocol import Backend
from urlcheck.http.url import Origin, Url

# hosts are divided into this many buckets
_BUCKETS = 100
# the first backend, whose process also reads and reports, gets this many buckets fewer than its equal part
_DISCOUNT = 10


class Router:
    """Maps hosts to backends. At the beginning all hosts belong to the first one."""

    def __init__(self, first: Backend, discount: int = _DISCOUNT) -> None:
        self._first = first
        self._discount = discount
        self._buckets: list[Backend] = [first] * _BUCKETS
        self._pinned: dict[Origin, Backend] = {}
        self._homes: dict[Origin, list[Backend]] = {}  # hosts with several homes

    def choose(self, url: Url) -> Backend:
        """The home of a URL's host; of several homes the one that `refresh` chose."""
        if self._pinned and (home := self._pinned.get(url.origin)):
            return home
        return self._buckets[zlib.crc32(url.authority.encode()) % _BUCKETS]

    def share_out(self, others: Sequence[Backend], pinned: Iterable[Origin]) -> None:
        """Divide the hosts among all backends, except those pinned origins, which stay with the first."""
        self._pinned.update(dict.fromkeys(pinned, self._first))
        part = max(1, _BUCKETS // (1 + len(others)) - self._discount)
        rest = [others[number % len(others)] for number in range(_BUCKETS - part)]
        self._buckets = [self._first] * (_BUCKETS - len(rest)) + rest

    def homes_of(self, origin: Origin) -> Sequence[Backend]:
        """The homes of a host that has several; else nothing."""
        return self._homes.get(origin, ())

    @property
    def divided(self) -> Sequence[Origin]:
        """The hosts that have several homes."""
        return [*self._homes]

    def divide(self, origin: Origin, homes: Sequence[Backend]) -> None:
        """Have several homes for a host."""
        self._homes[origin] = [*homes]
        self.refresh()

    def join(self, origin: Origin, home: Backend) -> None:
        """Have one home for a host that had several."""
        self._homes.pop(origin, None)
        self._pinned[origin] = home

    def refresh(self) -> None:
        """Let each host with several homes have its next targets checked by the home with the fewest unfinished ones."""
        for origin, homes in self._homes.items():
            self._pinned[origin] = min(homes, key=lambda home: home.status.unfinished)

    def remove(self, lost: Backend) -> None:
        """Give the hosts of a backend that has ended to the first one."""
        self._buckets = [self._first if home is lost else home for home in self._buckets]
        self._pinned = {origin: self._first if home is lost else home for origin, home in self._pinned.items()}
        for homes in self._homes.values():
            if lost in homes:
                homes.remove(lost)
        self.refresh()
