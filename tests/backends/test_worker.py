from __future__ import annotations

import asyncio

import pytest

from tests.support.clock import PATIENCE
from urlcheck import Settings
from urlcheck.backends import codec, messages
from urlcheck.backends.protocol import BackendLostError
from urlcheck.backends.remote import RemoteBackend
from urlcheck.backends.worker import Worker
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import RunSettings

BLOCKING = Settings(block_private=True)


class Channel:
    """A channel of which a test knows what goes in, and notes what comes out."""

    is_empty = True

    def __init__(self, *incoming: messages.Message) -> None:
        self.outgoing: list[messages.FromBackend] = []
        self._incoming = [messages.encode(message) for message in incoming]

    async def read(self) -> bytes | None:
        return self._incoming.pop(0) if self._incoming else None

    def write(self, message: bytes) -> None:
        self.outgoing.append(messages.decode_from_backend(message))

    async def drain(self) -> None:
        pass


class Link:
    """A link over which such messages come."""

    worker = None
    files = None

    def __init__(self, *incoming: messages.Message) -> None:
        self._incoming = [messages.encode(message) for message in incoming]

    def send(self, message: bytes) -> None:
        pass

    async def receive(self) -> bytes | None:
        return self._incoming.pop(0) if self._incoming else None

    def suspend(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def kill(self) -> None:
        pass

    async def aclose(self, *, has_ended: bool) -> None:
        pass


async def test_settings_that_the_machine_of_a_worker_rules_out_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    channel = Channel(
        messages.Hello(VERSION, codec.pack_settings(BLOCKING.part(RunSettings)), 1.0),
        messages.Checks([codec.pack_settings(BLOCKING.check)]),
    )
    async with asyncio.timeout(PATIENCE):
        await Worker(channel).run()
    refused = channel.outgoing[-1]
    assert isinstance(refused, messages.Refused)
    assert refused.reason.startswith("block_private: cannot be held through a proxy")


async def test_a_worker_does_nothing_for_another_version() -> None:
    channel = Channel(messages.Hello("9.9", codec.pack_settings(BLOCKING.part(RunSettings)), 1.0))
    await Worker(channel).run()
    assert channel.outgoing == []


async def test_the_reason_of_a_refusal_is_kept() -> None:
    backend = RemoteBackend(Link(messages.Refused("no")), BLOCKING.part(RunSettings), [BLOCKING.check])
    with pytest.raises(BackendLostError):
        async for _ in backend.results():
            pass
    assert (backend.refusal, backend.has_ended) == ("no", True)
