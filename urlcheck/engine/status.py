"""The state that a backend reports of itself, and the work that it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from urlcheck.http.url import Origin
from urlcheck.model.result import Result
from urlcheck.model.target import Target


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A limit of `descriptors` kept a run from having more than `in_flight` requests in flight."""

    in_flight: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """How busy a backend is at this moment. The coordinator asks for it after each batch, so it costs little.

    `limit`: requests that it may have in flight; `in_flight`: those that it may have now, also from an earlier, higher limit;
    `unfinished`: targets without a result; `hungry`: it could have more in flight if it had targets of other hosts.
    """

    limit: int
    in_flight: int
    unfinished: int
    hungry: bool


@dataclass(frozen=True, slots=True)
class BackendReport:
    """A backend's report to users about its work. Its cost may grow with the number of hosts and targets.

    `slowed`: hosts that limit their rate, and so get fewer requests than they could; `held_back`: file descriptors keep the
    backend from having more in flight; `awaited`: last results of targets that will be checked again.
    """

    slowed: int = 0
    held_back: HeldBack | None = None
    awaited: Sequence[Result] = ()


# called with a host that rejects requests, and the seconds for which it asked for a pause
OverloadHandler = Callable[[Origin, float], None]


class HostQueue(NamedTuple):
    """A host, and the number of its targets that wait for their turn."""

    origin: Origin
    length: int


class Withdrawn(NamedTuple):
    """Work that a backend gives back: targets that may be checked elsewhere, and the origins that it keeps."""

    targets: list[Target]
    origins: set[Origin]
