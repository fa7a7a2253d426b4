"""Chooses the backend of a target by its host: a host has one home, or several that divide its share. So its limits hold."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

from urlcheck.backends.protocol import Backend
from urlcheck.http.url import Origin, Url

# hosts are divided into this many buckets, which hundreds of backends can share evenly
_BUCKETS = 10_000
# the first backend, whose process also reads and reports, gets this many buckets fewer than its equal part
_DISCOUNT = 1_000


class Router:
    """Maps hosts to backends. At the beginning all hosts belong to the first one, if there is one in this process."""

    def __init__(self, first: Backend | None = None, discount: int = _DISCOUNT) -> None:
        self._first = first
        self._discount = discount
        self._buckets: list[Backend] = [first] * _BUCKETS if first else []
        self._pinned: dict[Origin, Backend] = {}
        self._homes: dict[Origin, list[Backend]] = {}  # hosts with several homes

    def choose(self, url: Url) -> Backend:
        """The home of a URL's host; of several homes the one that `refresh` chose. There must be a backend."""
        if self._pinned and (home := self._pinned.get(url.origin)):
            return home
        return self._buckets[zlib.crc32(url.authority.encode()) % _BUCKETS]

    def share_out(self, backends: Sequence[Backend], pinned: Mapping[Origin, Backend]) -> None:
        """Divide the hosts among these backends, except the pinned origins, which stay where they are."""
        self._pinned = {origin: home for origin, home in pinned.items() if home in backends}
        others = [backend for backend in backends if backend is not self._first]
        part = 0 if len(others) == len(backends) else max(1, _BUCKETS // len(backends) - self._discount)
        others = others or [*backends]  # those that were to join may have been lost meanwhile
        rest = [others[number % len(others)] for number in range(_BUCKETS - part)]
        self._buckets = [backends[0]] * part + rest
        self.refresh()

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
        """Divide the hosts of a backend that has ended among the others, which keep theirs."""
        self._pinned = {origin: home for origin, home in self._pinned.items() if home is not lost}
        for origin, homes in [*self._homes.items()]:
            self._homes[origin] = [home for home in homes if home is not lost]
            if not self._homes[origin]:
                del self._homes[origin]
        self.refresh()
        left = [*dict.fromkeys(home for home in self._buckets if home is not lost)]
        if left:
            self._buckets = [left[number % len(left)] if home is lost else home for number, home in enumerate(self._buckets)]
        else:
            self._buckets = []
