"""Opens the status server and closes it."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address

from aiohttp import web

from urlcheck.model.errors import SettingsError
from urlcheck.text.safe import escape
from urlcheck.watch.server import api, badges, metrics, page, websocket
from urlcheck.watch.server.board import Board
from urlcheck.watch.server.connections import ConnectionLimiter, limit_connections
from urlcheck.watch.server.context import BOARD, FEED, SETTINGS, VIEW
from urlcheck.watch.server.feed import Feed
from urlcheck.watch.server.guard import add_headers, guard
from urlcheck.watch.server.settings import SHORTEST_TOKEN, ServerSettings
from urlcheck.watch.view import WatchView

# bytes of a request's first line and of one header, and the number of its headers
_LONGEST_LINE, _MOST_HEADERS = 8_190, 64
# seconds in which the head of a request has to come, be it the first of its connection or a later one
_HEAD = 30.0
# seconds that answers in progress have at the end
_SHUTDOWN = 0.5

# the address by which a browser on this machine reaches a server that listens on all addresses
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is compared, not listened on

_quiet = logging.getLogger("urlcheck.watch.server")
_quiet.addHandler(logging.NullHandler())  # a program may listen; the terminal belongs to the table
_quiet.propagate = False


def make_app(view: WatchView, settings: ServerSettings) -> web.Application:
    """The application, not yet served."""
    app = web.Application(middlewares=[guard], client_max_size=1)
    board = Board(view)
    app[VIEW], app[SETTINGS], app[BOARD], app[FEED] = view, settings, board, Feed(board)
    app[metrics.SCRAPES] = asyncio.Semaphore(metrics.MOST_SCRAPES)
    for module in (page, api, websocket, metrics, badges):
        app.add_routes(module.routes)
    app.on_response_prepare.append(add_headers)
    return app


@asynccontextmanager
async def open_server(view: WatchView, settings: ServerSettings) -> AsyncIterator[str]:
    """Serve the watch until the block is left; yields the URL of the page, with a slash at its end.

    Raises `SettingsError` of `serve` or `serve_token_file` if the server cannot be opened as it is wanted.
    """
    addresses = await _resolve(settings)
    _check_token(settings, addresses)
    async with AsyncExitStack() as stack:
        app = make_app(view, settings)
        stack.callback(app[BOARD].close)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_quiet,
            keepalive_timeout=_HEAD,
            lingering_time=0,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            shutdown_timeout=_SHUTDOWN,
        )
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        assert runner.server is not None
        server = await _listen(ConnectionLimiter(runner.server, limit_connections()), settings, addresses)
        stack.push_async_callback(app[FEED].close)
        stack.callback(server.close)
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{format_authority(_HERE.get(host, settings.host), port)}/"


async def _resolve(settings: ServerSettings) -> list[str]:
    """The addresses that the host stands for."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError):
        raise SettingsError("serve", f"no address is known for the host '{escape(settings.host)}'") from None
    return [*dict.fromkeys(str(address[0]) for *_, address in found)]


def _check_token(settings: ServerSettings, addresses: Sequence[str]) -> None:
    if settings.token is not None and len(settings.token) < SHORTEST_TOKEN:
        raise SettingsError(
            "serve_token_file", f"the token has fewer than {SHORTEST_TOKEN} characters, so that it can be guessed"
        )
    if settings.token is None and not all(ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        raise SettingsError("serve", "other machines can reach this address, so it needs", "serve_token_file")


async def _listen(limiter: ConnectionLimiter, settings: ServerSettings, addresses: Sequence[str]) -> asyncio.Server:
    """Listen on the first of the addresses that this machine has."""
    refusal: OSError | None = None
    for address in addresses:
        try:
            return await asyncio.get_running_loop().create_server(limiter, address, settings.port, backlog=256)
        except OSError as error:
            refusal = refusal or error
            if error.errno != errno.EADDRNOTAVAIL:
                break
    assert refusal is not None
    raise SettingsError("serve", f"cannot listen on {format_authority(settings.host, settings.port)}: {_explain(refusal)}")


def _explain(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program uses that port; choose another one, or 0 for any that is free"
    return os.strerror(error.errno) if error.errno else str(error)


def format_authority(host: str, port: int) -> str:
    """`127.0.0.1:9115`, `[::1]:9115`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
