"""Messages on a byte stream: each with its length in front, four bytes, big-endian."""

from __future__ import annotations

import asyncio

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
