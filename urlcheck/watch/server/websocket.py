"""The route of the WebSocket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import web

from urlcheck.watch.server.answers import refuse
from urlcheck.watch.server.context import FEED
from urlcheck.watch.server.feed import Reader
from urlcheck.watch.server.hosts import is_same_origin

routes = web.RouteTableDef()

# seconds between two pings, by which a reader that has vanished is found
HEARTBEAT = 30
# readers have nothing to say: the code for data that is not accepted (RFC 6455, 7.4.1), and bytes of the longest message
UNSUPPORTED, LONGEST_MESSAGE = 1003, 1024
# seconds in which a reader has to agree to the end
FAREWELL = 5


@routes.get("/ws", allow_head=False)
async def follow(request: web.Request) -> web.StreamResponse:
    """Send a snapshot, and then the changes."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_same_origin(origin, request.headers["Host"]):
        raise refuse(web.HTTPForbidden, "another site must not read this one; behind a proxy, pass on the Host header")
    # no compression: a thousand readers would each cost a quarter of a megabyte
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT, compress=False, max_msg_size=LONGEST_MESSAGE, timeout=FAREWELL)
    if not socket.can_prepare(request):
        raise refuse(web.HTTPUpgradeRequired, "this route is a WebSocket", {"Upgrade": "websocket"})
    await socket.prepare(request)
    async with request.app[FEED].join() as reader:
        await _end(socket, await _serve(socket, reader))
    if request.transport:
        request.transport.abort()  # there may be something to write to somebody who does not read
    return socket


async def _end(socket: web.WebSocketResponse, code: int) -> None:
    if not socket.closed:
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(FAREWELL):
                await socket.close(code=code)


async def _serve(socket: web.WebSocketResponse, reader: Reader) -> int:
    """Send until the reader leaves or is sent away; returns the code to close with."""
    tasks = [asyncio.create_task(_send(socket, reader)), asyncio.create_task(_listen(socket))]
    ends: list[asyncio.Future[Any]] = [*tasks, reader.ending]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return reader.ending.result() if reader.ending.done() else UNSUPPORTED


async def _send(socket: web.WebSocketResponse, reader: Reader) -> None:
    while True:
        for part in await reader.get():
            await socket.send_frame(part, web.WSMsgType.TEXT)


async def _listen(socket: web.WebSocketResponse) -> None:
    """Return when the reader leaves, or says anything."""
    await socket.receive()
