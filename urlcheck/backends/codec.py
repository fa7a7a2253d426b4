"""What goes between processes: frames of flat tuples, a few microseconds a URL.

Both ends are the same interpreter, so `marshal` serves: it knows only plain values, and does nothing but copy them.
"""

from __future__ import annotations

import asyncio
import marshal
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from urlcheck.http.url import Url
from urlcheck.model.nouns import Failure, FailureKind, Hop, Outcome, Response, Result, Target
from urlcheck.model.verdict import Verdict

_LENGTH = 4

Packed = tuple[Any, ...]


def frame(message: Any) -> bytes:
    """A message with its length in front."""
    body = marshal.dumps(message)
    return len(body).to_bytes(_LENGTH, "big") + body


class Frames:
    """The messages of a stream."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream

    async def read(self) -> Any:
        """The next message; None at the end of the stream, also in the middle of a message."""
        try:
            length = int.from_bytes(await self._stream.readexactly(_LENGTH), "big")
            return marshal.loads(await self._stream.readexactly(length))  # noqa: S302 - from a process of this program
        except (asyncio.IncompleteReadError, ConnectionError, EOFError, TypeError, ValueError):  # it died in the middle of it
            return None


def pack_target(target: Target) -> Packed:
    """What a worker needs of a target that is to be requested."""
    url = target.request
    assert isinstance(url, Url)
    return target.index, url.scheme, url.host, url.port, url.target, url.userinfo, url.fragment


def unpack_target(packed: Packed) -> Target:
    """The target as a worker knows it: its URL and its number."""
    index, *parts = packed
    return Target("", "", None, index, Url(*parts))


def pack_result(result: Result) -> Packed:
    """A result without its target, which the other side has, and without headers and body, which are judged already."""
    return (
        result.target.index,
        result.verdict.value,
        result.detail,
        result.ok,
        result.attempts,
        result.checked_at.timestamp(),
        _pack_outcome(result.outcome),
        result.excerpt,
    )


def unpack_result(packed: Packed, target: Target) -> Result:
    """The result of a target."""
    _, verdict, detail, ok, attempts, checked_at, outcome, excerpt = packed
    time = datetime.fromtimestamp(checked_at, UTC)
    return Result(target, _unpack_outcome(outcome), Verdict(verdict), detail, ok, attempts, time, excerpt)


def _pack_outcome(outcome: Outcome | None) -> Packed | None:
    if outcome is None:
        return None
    expires = outcome.cert_expires.timestamp() if outcome.cert_expires else None
    hops = tuple((hop.status, hop.url) for hop in outcome.hops)
    evidence = (outcome.url, hops, outcome.elapsed, outcome.address, expires)
    if isinstance(outcome, Response):
        return *evidence, outcome.status, outcome.reason
    return *evidence, outcome.status, outcome.kind.value, outcome.message, outcome.transient


def _unpack_outcome(packed: Packed | None) -> Outcome | None:
    if packed is None:
        return None
    url, hops, elapsed, address, expires, status, *rest = packed
    evidence: dict[str, Any] = {
        "url": url,
        "hops": _unpack_hops(hops),
        "elapsed": elapsed,
        "address": address,
        "cert_expires": None if expires is None else datetime.fromtimestamp(expires, UTC),
    }
    if len(rest) == 1:
        return Response(status=status, reason=rest[0], headers={}, **evidence)
    kind, message, transient = rest
    return Failure(status=status, kind=FailureKind(kind), message=message, transient=transient, **evidence)


def _unpack_hops(hops: Sequence[tuple[int, str]]) -> tuple[Hop, ...]:
    return tuple(Hop(status, url) for status, url in hops)
