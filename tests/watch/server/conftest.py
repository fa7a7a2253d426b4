from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, DummyCookieJar

from tests.watch.server.fake import FakeWatch
from urlcheck.watch.server import ServerSettings, open_server
from urlcheck.watch.view import WatchView

Open = Callable[..., Awaitable[str]]


@pytest.fixture
async def open_page() -> AsyncIterator[Open]:
    """Serves a watch with these settings; returns the URL of its page, with a slash at the end."""
    async with AsyncExitStack() as servers:

        async def start(view: WatchView | None = None, **settings: object) -> str:
            return await servers.enter_async_context(open_server(view or FakeWatch(), ServerSettings(**settings)))  # type: ignore[arg-type]

        yield start


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session
