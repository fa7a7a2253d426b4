"""The body of an answer, as far as somebody wants it: decompressed, and no more of it in memory than the bound and a chunk."""

from __future__ import annotations

import asyncio
import contextlib
import io
import zlib
from collections.abc import Container
from dataclasses import dataclass
from typing import Protocol

from aiohttp import hdrs

from urlcheck.client.requester import Answer
from urlcheck.settings.scopes import CheckSettings

# limits for the beginning of a body that is only shown: bytes that are read, and seconds to wait for them
_GLANCE_BYTES = 2 * 1024
_GLANCE_SECONDS = 2.0
# bytes fed at a time, as each end of a member copies the rest; bytes written at a time; bytes that coding may add to a body
_FED, _PIECE = 4 * 1024, 64 * 1024
_SLACK = 64 * 1024


class BrokenBodyError(Exception):
    """A body that cannot be decompressed, or breaks off."""


class Decoder(Protocol):
    """Undoes a content coding."""

    def decode(self, data: bytes, room: int) -> bytes:
        """The decoded data, at most `room` bytes of it. Raises `zlib.error`."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether what came so far may be all."""
        ...


class Identity:
    """No coding."""

    is_complete = True

    def decode(self, data: bytes, room: int) -> bytes:
        return data[:room]


class Gzip:
    """One member or several (RFC 1952, 2.2). Data after the last member, such as padding, is ignored."""

    def __init__(self) -> None:
        self._member = _open_member()
        self._is_begun = False

    @property
    def is_complete(self) -> bool:
        return self._member.eof or not self._is_begun

    def decode(self, data: bytes, room: int) -> bytes:
        self._is_begun = self._is_begun or bool(data)
        pieces = io.BytesIO()
        while pieces.tell() < room:
            if self._member.eof:
                if not data.startswith(b"\x1f"):
                    break
                self._member = _open_member()
            most = min(room - pieces.tell(), _PIECE)
            written = pieces.write(self._member.decompress(data, most))
            data = self._member.unused_data or self._member.unconsumed_tail
            if not data and written < most:  # else zlib may hold more than it was asked for
                break
        return pieces.getvalue()


class Deflate:
    """zlib's format (RFC 9110, 8.4.1.2), or, as many servers send it, without zlib's header."""

    def __init__(self) -> None:
        self._head = b""
        self._stream: zlib._Decompress | None = None

    @property
    def is_complete(self) -> bool:
        return self._stream.eof if self._stream else not self._head

    def decode(self, data: bytes, room: int) -> bytes:
        if self._stream is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            has_header = self._head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(self._head[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
            data = self._head
        pieces = io.BytesIO()
        while not self._stream.eof and pieces.tell() < room:
            most = min(room - pieces.tell(), _PIECE)
            written = pieces.write(self._stream.decompress(data, most))
            data = self._stream.unconsumed_tail
            if not data and written < most:
                break
        return pieces.getvalue()


_DECODERS: dict[str, type[Decoder]] = {"": Identity, "gzip": Gzip, "x-gzip": Gzip, "deflate": Deflate}


class Body:
    """Reads a body up to `limit` bytes. `is_whole`: it was read to its end. `content` is None in an unknown coding."""

    def __init__(self, answer: Answer, limit: int) -> None:
        self.is_whole = False
        self._answer = answer
        self._limit = limit
        self._coding = _name_coding(answer)
        self._decoder = _DECODERS[self._coding]() if self._coding in _DECODERS else None
        self._read = io.BytesIO()  # hands out its content without a copy

    @property
    def content(self) -> bytes | None:
        """The decoded bytes that were read so far."""
        return self._read.getvalue() if self._decoder else None

    async def read(self) -> None:
        """Read to the bound, or to the end. Raises `BrokenBodyError`, and what the client library does."""
        if self._decoder is None:
            return
        received = 0
        while data := await self._answer.content.readany():
            received += len(data)
            self._take(data)
            if self._read.tell() > self._limit:
                self._read.truncate(self._limit)
                return
            if received > 2 * self._limit + _SLACK:
                raise BrokenBodyError(f"the {self._coding} of the body holds next to nothing")
        if not self._decoder.is_complete:
            raise BrokenBodyError(f"the {self._coding} of the body breaks off")
        self.is_whole = True

    def _take(self, data: bytes) -> None:
        assert self._decoder is not None
        try:
            for start in range(0, len(data), _FED):
                room = self._limit + 1 - self._read.tell()
                if room <= 0:
                    return
                self._read.write(self._decoder.decode(data[start : start + _FED], room))
        except zlib.error as error:
            raise BrokenBodyError(f"the body is not valid {self._coding}") from error


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """The bodies that a run reads, by status: up to `limit` bytes for a status in `judged`. For any other status, unless
    it is in `passed`, the beginning is read, to show it.
    """

    limit: int
    judged: Container[int]
    passed: Container[int]

    async def read(self, answer: Answer) -> Body | None:
        """The body of an answer that is to be judged by it; else None. Raises as `Body.read` does."""
        if answer.status not in self.judged:
            return None
        body = Body(answer, self.limit)
        await body.read()
        return body

    async def glance(self, answer: Answer) -> Body | None:
        """The beginning of a body, as far as it arrives in time; faults in it are ignored. None where it is not shown."""
        if answer.status in self.passed:
            return None
        body = Body(answer, min(self.limit, _GLANCE_BYTES))
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_GLANCE_SECONDS):
                await body.read()
        return body


# the beginning of any body, for an answer that its body explains
GLANCE = BodyPlan(_GLANCE_BYTES, judged=(), passed=())


def make_body_plan(settings: CheckSettings) -> BodyPlan | None:
    """The bodies that the settings need; None where they need none."""
    if not (settings.expects_body or settings.keep_body):
        return None
    judged = settings.accepted if settings.expects_body else ()
    passed = () if settings.keep_body and settings.expects_more_than_a_status else settings.accepted
    return BodyPlan(settings.max_body, judged, passed)


def _name_coding(answer: Answer) -> str:
    """The content coding in lower case; empty where there is none. Several codings are joined to one unknown coding."""
    codings = ",".join(answer.headers.getall(hdrs.CONTENT_ENCODING, ())).lower().split(",")
    return ", ".join(coding.strip() for coding in codings if coding.strip() not in ("", "identity", "none"))


def _open_member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
