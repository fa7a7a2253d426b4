"""Gives a host with a long queue several homes, so that a list of one host is checked by every process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from urlcheck.backends.limits import divide
from urlcheck.backends.protocol import Backend
from urlcheck.backends.router import Router
from urlcheck.http.url import Origin
from urlcheck.model.target import Target
from urlcheck.settings.run import RunSettings


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The length above which a host's queue in one backend is divided, while another backend has free places.

    `long_queue`: for the first division, which costs new connections elsewhere; `uneven_queue`: for later ones.
    """

    long_queue: int = 1_000
    uneven_queue: int = 100


class Balancer:
    """Divides hosts among backends. The homes of a host divide its places in flight, so that its limit holds at any moment.

    A host with a rate is not divided: one process is fast enough for it. A host that rejects requests has one home again,
    because its pace can be found in one place only. `moving`: targets that some homes of a host have given back while others
    have not yet; no backend counts them.
    """

    def __init__(self, router: Router, settings: RunSettings, thresholds: Thresholds | None = None) -> None:
        self._router = router
        self._settings = settings
        self._thresholds = thresholds or Thresholds()
        self.moving: list[Target] = []
        self._overloaded: dict[Origin, Backend] = {}
        # hosts reduced to one home: that home, and the former homes that still have targets of the host
        self._joined: dict[Origin, tuple[Backend, list[Backend]]] = {}

    async def balance(self, backends: Sequence[Backend]) -> list[Target]:
        """Divide a host, or join its homes, where that is due. Returns the targets to be submitted anew."""
        if self._overloaded:
            return await self._join_overloaded(backends)
        if targets := await self._leave():
            return targets
        self._join_finished()
        statuses = [backend.status for backend in backends]
        longest = max(statuses, key=lambda status: status.unfinished).unfinished
        is_uneven = any(status.unfinished < status.limit for status in statuses) and longest > self._thresholds.uneven_queue
        return await self._even_out(backends) if is_uneven and not self._settings.rate else []

    def on_overload(self, home: Backend, origin: Origin, seconds: float) -> None:
        """Handle a host that rejects requests at `home`: its other homes pause at once, and soon give the host up."""
        for other in self._router.homes_of(origin):
            if other is not home:
                other.pause(origin, seconds)
        if self._router.homes_of(origin):
            self._overloaded.setdefault(origin, home)

    def close_gap(self, backends: Sequence[Backend]) -> None:
        """Give other homes the share of a backend that was lost, and removed from the router. `backends` are those left."""
        if not backends:
            self._joined.clear()
        for origin, (home, others) in [*self._joined.items()]:
            left = [one for one in (home, *others) if one in backends]
            heir, *rest = left or backends[:1]
            self._settle_in(origin, heir, rest)
        for origin in self._router.divided:
            self._set_shares(origin, self._router.homes_of(origin))

    async def _even_out(self, backends: Sequence[Backend]) -> list[Target]:
        """Divide the host with the longest queue; if it is divided already, take the queue back to spread it anew."""
        busiest = max(backends, key=lambda backend: backend.status.unfinished)
        queue = await busiest.find_busiest()
        if queue is None:
            return []
        if self._router.homes_of(queue.origin):
            is_long = queue.length > self._thresholds.uneven_queue
            return (await busiest.take_queue(queue.origin)).targets if is_long else []
        if queue.length <= self._thresholds.long_queue:
            return []
        return await self._divide(queue.origin, busiest, backends)

    async def _divide(self, origin: Origin, home: Backend, backends: Sequence[Backend]) -> list[Target]:
        others = [backend for backend in backends if backend is not home]
        homes = [home, *others][: self._settings.per_host]
        if len(homes) < 2:
            return []
        self._set_shares(origin, homes)
        targets, _ = await home.take_queue(origin)  # from now on the other homes have places
        alive = [one for one in homes if one in backends]
        if len(alive) < len(homes):
            self._set_shares(origin, alive)
        if alive:
            self._joined.pop(origin, None)
            self._router.divide(origin, alive)
        return targets

    def _set_shares(self, origin: Origin, homes: Sequence[Backend]) -> None:
        for home, share in zip(homes, divide(self._settings.per_host, len(homes)), strict=True):
            home.set_share(origin, share)

    def _join_finished(self) -> None:
        """Give a host's home all its places once the host's other homes have no unfinished targets."""
        for origin in self._router.divided:
            busy = [home for home in self._router.homes_of(origin) if home.status.unfinished]
            if len(busy) == 1:
                self._settle_in(origin, busy[0], [])

    async def _join_overloaded(self, backends: Sequence[Backend]) -> list[Target]:
        origin, home = self._overloaded.popitem()
        homes = self._router.homes_of(origin)
        others = [other for other in homes if other is not home]
        if home not in backends or not others:
            return []
        self._router.join(origin, home)  # before the others give back what they have
        for other in others:  # each keeps a place for the targets that wait for their next attempt
            other.set_share(origin, 1)
        for other in others:
            self.moving += (await other.take_queue(origin)).targets
        self._settle_in(origin, home, others)
        return self._release()

    async def _leave(self) -> list[Target]:
        """Give the one home of a host the places of former homes that have no targets of it left."""
        for origin, (home, others) in [*self._joined.items()]:
            left = []
            for other in others:
                targets, origins = await other.take_queue(origin)
                self.moving += targets
                if origins:
                    left.append(other)
            if len(left) < len(others) and self._joined.get(origin) == (home, others):  # neither was lost meanwhile
                self._settle_in(origin, home, left)
        return self._release()

    def _settle_in(self, origin: Origin, home: Backend, others: Sequence[Backend]) -> None:
        """Reduce a host to one home. Each former home keeps one place until its targets are done."""
        self._router.join(origin, home)
        home.set_share(origin, max(1, self._settings.per_host - len(others)))
        self._joined[origin] = home, [*others]

    def _release(self) -> list[Target]:
        released, self.moving = self.moving, []
        return released
