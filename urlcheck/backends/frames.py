"""Messages in a stream or a block of bytes: each with its length in front, four bytes, big-endian."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

_LENGTH = 4


def frame(message: bytes) -> bytes:
    """A message as it is written to the stream."""
    return len(message).to_bytes(_LENGTH, "big") + message


async def read_frame(stream: asyncio.StreamReader) -> bytes | None:
    """The next message; None at the end of the stream, also in the middle of a message."""
    try:
        length = int.from_bytes(await stream.readexactly(_LENGTH), "big")
        return await stream.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):  # the other end died
        return None


def split(block: bytes) -> Iterator[bytes]:
    """The messages of a block, which holds whole ones."""
    start = 0
    while start < len(block):
        end = start + _LENGTH + int.from_bytes(block[start : start + _LENGTH], "big")
        yield block[start + _LENGTH : end]
        start = end
