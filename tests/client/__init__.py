"""Tests of the client against real servers on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from urlcheck.client.attempt import HttpClient
from urlcheck.client.session import Clients
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, Outcome, Response
from urlcheck.settings.settings import Settings


def keep() -> bool:
    """What tells the client that another request could use the connection."""
    return True


@asynccontextmanager
async def open_client(settings: Settings) -> AsyncIterator[HttpClient]:
    """A single client, closed at the end."""
    async with Clients() as clients:
        yield clients.open(settings)


async def attempt(url: str, method: str = "GET", **settings: Any) -> Outcome:
    """One attempt by a client with these settings."""
    async with open_client(Settings(method=method, **settings)) as client:
        return await client.attempt(parse(url), method)


async def respond(url: str, method: str = "GET", **settings: Any) -> Response:
    """The response that an attempt must bring back."""
    outcome = await attempt(url, method, **settings)
    assert isinstance(outcome, Response), outcome
    return outcome


async def fail(url: str, method: str = "GET", **settings: Any) -> Failure:
    """The failure that an attempt must bring back."""
    outcome = await attempt(url, method, **settings)
    assert isinstance(outcome, Failure), outcome
    return outcome
