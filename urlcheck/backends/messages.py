"""The messages between a backend's two ends, typed, in MessagePack.

Unlike pickle and marshal, decoding makes nothing but plain values of the expected types, so the other end may be on another
machine. The first message names the version of the program; a backend of another version ends.
"""

from __future__ import annotations

from typing import Any

import msgspec

from urlcheck.model.outcome import FailureKind
from urlcheck.model.verdict import Verdict


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Base of the messages. Each is an array that begins with the name of its type."""


class PackedTarget(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The part of a target that a backend needs. The sender keeps the rest under its index."""

    index: int
    check: int
    scheme: str
    host: str
    port: int
    target: str
    userinfo: str | None
    fragment: str | None


class PackedResponse(msgspec.Struct, frozen=True, array_like=True, tag="response", gc=False):
    """A `Response` without its body; times in seconds, `cert_expires` since the epoch; `headers`: the lines as one text."""

    url: str
    hops: tuple[tuple[int, str], ...]
    elapsed: float
    address: str | None
    cert_expires: float | None
    status: int
    reason: str
    headers: str


class PackedFailure(msgspec.Struct, frozen=True, array_like=True, tag="failure", gc=False):
    """A `Failure`; times as in `PackedResponse`."""

    url: str
    hops: tuple[tuple[int, str], ...]
    elapsed: float
    address: str | None
    cert_expires: float | None
    status: int | None
    kind: FailureKind
    message: str
    transient: bool


class PackedResult(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A `Result` by the index of its target; `checked_at` in seconds since the epoch."""

    index: int
    verdict: Verdict
    detail: str
    ok: bool
    attempts: int
    checked_at: float
    outcome: PackedResponse | PackedFailure | None
    excerpt: str | None


# to a backend


class Hello(Message, frozen=True, array_like=True, tag=True):
    """The first message: the version of the program, the settings of the run, and the time between two signs of life."""

    version: str
    run: dict[str, Any]
    pulse_seconds: float


class Checks(Message, frozen=True, array_like=True, tag=True):
    """Further check settings, numbered on from those before.

    `files` and `netrc` are the contents of the files that they name, for a backend on another machine.
    """

    checks: list[dict[str, Any]]
    files: dict[str, bytes] = msgspec.field(default_factory=dict)
    netrc: bytes | None = None


class Submit(Message, frozen=True, array_like=True, tag=True):
    """Targets to check."""

    targets: list[PackedTarget]


class Limit(Message, frozen=True, array_like=True, tag=True):
    """The `number`th order to have at most this many requests in flight."""

    number: int
    in_flight: int


class Withdraw(Message, frozen=True, array_like=True, tag=True):
    """Give back the targets that may be checked elsewhere."""


class FindBusiest(Message, frozen=True, array_like=True, tag=True):
    """Name the host with the most targets that wait."""


class Share(Message, frozen=True, array_like=True, tag=True):
    """Have at most `share` requests to this host in flight."""

    origin: tuple[str, str, int]
    share: int


class TakeQueue(Message, frozen=True, array_like=True, tag=True):
    """Give back the waiting targets of a host, once its share is respected."""

    origin: tuple[str, str, int]


class Pause(Message, frozen=True, array_like=True, tag=True):
    """Send no request to this host until the pause, in seconds, is over."""

    origin: tuple[str, str, int]
    seconds: float


class Stop(Message, frozen=True, array_like=True, tag=True):
    """Abandon what is in flight, for this reason."""

    reason: str


class Finish(Message, frozen=True, array_like=True, tag=True):
    """No more targets will come."""


# from a backend


class Load(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The requests that a backend has in flight under the `order`th limit, 0 before the first."""

    order: int
    in_flight: int


class Results(Message, frozen=True, array_like=True, tag=True):
    """Results, and how busy the backend is."""

    results: list[PackedResult]
    load: Load


class Released(Message, frozen=True, array_like=True, tag=True):
    """The answer to `Withdraw` and `TakeQueue`: the indices of targets, and the origins that stay."""

    indices: list[int]
    origins: list[tuple[str, str, int]]


class Busiest(Message, frozen=True, array_like=True, tag=True):
    """The answer to `FindBusiest`: a host and the number of its targets that wait; None where none waits."""

    origin: tuple[str, str, int] | None
    length: int


class Overloaded(Message, frozen=True, array_like=True, tag=True):
    """A host with several homes rejects requests, and asks for a pause, in seconds."""

    origin: tuple[str, str, int]
    seconds: float


class Alive(Message, frozen=True, array_like=True, tag=True):
    """The backend's event loop turns: sent once in a while, with the number of slowed hosts.

    `hungry`: it could have more in flight if it had targets of other hosts; sent as soon as it becomes so.
    """

    slowed: int
    hungry: bool
    load: Load


class Refused(Message, frozen=True, array_like=True, tag=True):
    """The last message of a backend that cannot be used, with the reason."""

    reason: str


Order = Hello | Checks | Submit | Limit | Share | Pause | Stop | Finish
Question = Withdraw | FindBusiest | TakeQueue
ToBackend = Order | Question
Answer = Released | Busiest
FromBackend = Results | Alive | Overloaded | Refused | Answer

_encoder = msgspec.msgpack.Encoder()
_to_backend = msgspec.msgpack.Decoder(ToBackend)
_from_backend = msgspec.msgpack.Decoder(FromBackend)


def encode(message: Message) -> bytes:
    """A message as bytes."""
    return _encoder.encode(message)


def decode_to_backend(data: bytes) -> ToBackend:
    """Raises `msgspec.DecodeError` for bytes that are no such message."""
    message: ToBackend = _to_backend.decode(data)
    return message


def decode_from_backend(data: bytes) -> FromBackend:
    """Raises `msgspec.DecodeError` for bytes that are no such message."""
    message: FromBackend = _from_backend.decode(data)
    return message
