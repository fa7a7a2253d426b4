"""The backends of a run: which there are, which hosts each has, and how the requests in flight are divided among them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from itertools import chain

from urlcheck.backends.balancer import Balancer
from urlcheck.backends.limits import allot
from urlcheck.backends.protocol import Backend
from urlcheck.backends.router import Router
from urlcheck.model.target import Target
from urlcheck.settings.run import RunSettings

# targets routed at once: after each block, a host with several homes gets the home with the least work for its next targets
_ROUTED = 500


class BackendPool:
    """Backends that may join and be lost. Targets are held while hosts move between them, and while there is none.

    `first` is the backend of this event loop, if there is one.
    """

    def __init__(self, first: Backend | None, settings: RunSettings) -> None:
        self.backends = [first] if first else []
        self.is_moving = False
        self._concurrency = settings.concurrency
        self._router = Router(first)
        self._balancer = Balancer(self._router, settings)
        self._held: list[Target] = []

    @property
    def unfinished(self) -> int:
        """Targets that were submitted and have no result yet."""
        between = len(self._held) + len(self._balancer.moving)
        return sum(backend.status.unfinished for backend in self.backends) + between

    @property
    def takes_targets(self) -> bool:
        """Whether targets that are submitted go to a backend at once."""
        return bool(self.backends) and not self.is_moving

    def submit(self, targets: Sequence[Target]) -> None:
        """Give targets to the backends of their hosts, or hold them."""
        if not self.takes_targets:
            self._held += targets
        elif len(self.backends) == 1:
            if targets:
                self.backends[0].submit(targets)
        else:
            for start in range(0, len(targets), _ROUTED):
                self._route(targets[start : start + _ROUTED])

    def release(self) -> list[Target]:
        """Hold no targets any longer. Returns those that were held."""
        held, self._held = self._held, []
        return held

    async def join(self, joining: Sequence[Backend]) -> list[Target]:
        """Add these backends, and divide hosts and places anew among all. Returns targets, which the caller submits.

        Targets are held meanwhile: the home of a host is known once every backend has said which hosts it keeps.
        """
        present = [*self.backends]
        for backend in joining:
            backend.on_overload = functools.partial(self._balancer.on_overload, backend)
            backend.set_limit(0)  # until the others have freed places
        for backend in present:
            backend.on_overload = functools.partial(self._balancer.on_overload, backend)
        self.backends += joining
        self.is_moving = True
        given_back = await asyncio.gather(*(backend.withdraw() for backend in present))
        self.is_moving = False
        if self.backends:  # they may have been lost meanwhile
            pinned = {origin: home for home, back in zip(present, given_back, strict=True) for origin in back.origins}
            self._router.share_out(self.backends, pinned)
        return [*chain.from_iterable(back.targets for back in given_back), *self.release()]

    def remove(self, lost: Backend) -> None:
        """Divide the hosts and places of a backend that was lost among the others."""
        self.backends.remove(lost)
        self._router.remove(lost)
        self._balancer.close_gap(self.backends)

    async def balance(self) -> list[Target]:
        """Divide a host with a long queue among backends, if one is idle. Returns the targets that move."""
        if len(self.backends) < 2 or self.is_moving:
            return []
        return await self._balancer.balance(self.backends)

    def allot(self) -> None:
        """Give the places in flight to the backends that can use them."""
        statuses = [backend.status for backend in self.backends]
        for backend, status, limit in zip(self.backends, statuses, allot(self._concurrency, statuses), strict=True):
            if limit != status.limit:
                backend.set_limit(limit)

    def _route(self, targets: Sequence[Target]) -> None:
        shares: dict[Backend, list[Target]] = {}
        for target in targets:
            assert target.request is not None
            shares.setdefault(self._router.choose(target.request), []).append(target)
        for backend, share in shares.items():
            backend.submit(share)
        self._router.refresh()
