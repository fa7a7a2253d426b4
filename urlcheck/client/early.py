"""Finds the answer of a server that ends the connection early, in every order in which answer and end can be seen.

A server may answer before it is asked, or in the middle of a long request, and close or reset the connection. Its answer waits
in the socket then, while the connection is made or the request is written, and either may report the reset first.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from contextlib import suppress
from typing import Any

_MOST_BYTES = 300 * 1024


class PatientSocket(socket.socket):
    """A socket that takes a connection which is reset already for one that stands, if an answer waits in it."""

    def getsockopt(self, *arguments: Any) -> Any:
        value = super().getsockopt(*arguments)
        if value == errno.ECONNRESET and arguments == (socket.SOL_SOCKET, socket.SO_ERROR) and self._holds_answer():
            return 0
        return value

    def _holds_answer(self) -> bool:
        with suppress(OSError):
            return bool(self.recv(1, socket.MSG_PEEK))
        return False


class ClosedTransport(asyncio.Transport):
    """Stands for a transport that ended before the request was sent, and takes the request.

    aiohttp would give up at the first write, and never read an answer that came before.
    """

    def __init__(self, transport: asyncio.Transport | None) -> None:
        super().__init__()
        self._transport = transport

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        pass

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()


def read_rest(transport: asyncio.Transport) -> bytes:
    """The bytes that came over a connection and were not read: a write that fails ends a transport before the answer is read.

    With TLS there are none: the socket is closed before the protocol learns of its end.
    """
    source = transport.get_extra_info("socket")
    if source is None or transport.get_extra_info("ssl_object") is not None:
        return b""
    with suppress(OSError):  # no data is left, or a socket cannot be read as a file, as in Windows
        return os.read(source.fileno(), _MOST_BYTES)
    return b""
