"""What a backend tells of itself."""

from __future__ import annotations

from collections.abc import Iterable
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
    """How busy a backend is at this moment, as far as the coordinator's process can tell.

    `limit`: requests that it may have in flight; `in_flight`: requests that it has in flight; `unfinished`: targets without a
    result; `hungry`: it could have more in flight if it had targets of other hosts; `slowed`: hosts that are asked less often
    than they could be, because they limit their rate; `held_back`: file descriptors keep it from having more in flight;
    `awaited`: last results of targets that will be checked again.
    """

    limit: int
    in_flight: int
    unfinished: int
    hungry: bool
    slowed: int = 0
    held_back: HeldBack | None = None
    awaited: Iterable[Result] = ()


class Withdrawn(NamedTuple):
    """Work that a backend gives back: targets that may be checked elsewhere, and the origins that it keeps."""

    targets: list[Target]
    origins: set[Origin]
