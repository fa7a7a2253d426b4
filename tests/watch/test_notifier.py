"""Notifications against a receiver that takes them, fails, hangs, redirects, and comes back."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from tests.support.clock import PATIENCE
from urlcheck.client.pool import CountedSocket
from urlcheck.settings.settings import Settings
from urlcheck.watch import notifier as module
from urlcheck.watch.notifier import Notifier, open_notifier


class Receiver:
    """Keeps what is posted to it. It answers with the statuses that it is given, then with 204."""

    def __init__(self) -> None:
        self.posts: list[tuple[str | None, Any]] = []
        self.statuses: list[int] = []
        self.hangs = 0
        self.lets_go = asyncio.Event()
        self.lets_go.set()
        self._arrival = asyncio.Condition()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.posts.append((request.headers.get("Content-Type"), json.loads(await request.text())))
        async with self._arrival:
            self._arrival.notify_all()
        if self.hangs:
            self.hangs -= 1
            await asyncio.sleep(PATIENCE)
        await self.lets_go.wait()
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})

    async def until(self, posts: int) -> list[Any]:
        async with asyncio.timeout(PATIENCE), self._arrival:
            await self._arrival.wait_for(lambda: len(self.posts) >= posts)
        return [body for _, body in self.posts]


@pytest.fixture
async def receiver(aiohttp_server: AiohttpServer) -> Receiver:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/secret-path", receiver.take)
    server = await aiohttp_server(app)
    receiver.url = f"http://127.0.0.1:{server.port}/secret-path"
    return receiver


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No backoff."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.0)


@asynccontextmanager
async def notifying(url: str, said: list[str]) -> AsyncIterator[Notifier]:
    async with open_notifier(Settings().check, said.append) as notifier:
        notifier.configure(url)
        yield notifier


async def test_a_notice_is_posted_as_json(receiver: Receiver) -> None:
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        notifier.send({"changes": ["ü"]})
    assert receiver.posts == [("application/json", {"changes": ["ü"]})]
    assert said == []


async def test_a_receiver_that_fails_and_recovers_gets_every_notice_in_order(receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 429]
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        notifier.send({"n": 1})
        notifier.send({"n": 2})
    assert [body["n"] for _, body in receiver.posts] == [1, 1, 1, 1, 2]
    name = receiver.url.split("/")[2]
    assert said == [
        f"notify {name}: the notification was not delivered, and is sent again: 500 Internal Server Error",
        f"notify {name}: the notification was delivered after 4 attempts",
    ]


async def test_a_receiver_that_hangs_is_asked_again(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", 0.2)
    receiver.hangs = 1
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        notifier.send({})
        await receiver.until(2)
    assert "no response within 200 ms" in said[0]
    assert said[-1].endswith("delivered after 2 attempts")


@pytest.mark.parametrize("status", [302, 400, 404])
async def test_a_notice_that_is_refused_is_given_up(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        notifier.send({"n": 1})
        notifier.send({"n": 2})
    assert [body["n"] for _, body in receiver.posts] == [1, 2]
    [line] = said
    assert f"the notification was refused: {status}" in line


async def test_the_path_of_the_receiver_is_not_shown(receiver: Receiver) -> None:
    receiver.statuses = [500, 404]
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        notifier.send({})
    assert said
    assert not any("secret-path" in line for line in said)


async def test_notices_that_were_not_delivered_are_counted_at_the_end(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FAREWELL", 0.0)
    said: list[str] = []
    async with notifying(f"http://127.0.0.1:{closed_port}/", said) as notifier:
        notifier.send({})
        notifier.send({})
    assert said[-1] == f"notify 127.0.0.1:{closed_port}: 2 notifications not delivered"


async def test_notices_do_not_pile_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        for number in range(4):
            notifier.send({"n": number})
    assert [body["n"] for _, body in receiver.posts] == [2, 3]
    assert len(said) == 2


async def test_a_notice_that_is_given_up_while_it_is_sent_takes_no_other_with_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    receiver.lets_go.clear()
    async with notifying(receiver.url, []) as notifier:
        notifier.send({"n": 0})
        await receiver.until(1)
        for number in (1, 2):
            notifier.send({"n": number})
        receiver.lets_go.set()
    assert [body["n"] for _, body in receiver.posts] == [0, 1, 2]


async def test_without_a_receiver_nothing_is_sent() -> None:
    async with open_notifier(Settings().check, print) as notifier:
        notifier.send({})


async def test_a_notice_for_which_there_is_no_descriptor_is_sent_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = iter([OSError(errno.EMFILE, "Too many open files")])

    def run_out(*arguments: Any) -> CountedSocket:
        for fault in faults:
            raise fault
        return CountedSocket(*arguments)

    monkeypatch.setattr("urlcheck.client.pool.CountedSocket", run_out)
    said: list[str] = []
    async with notifying(receiver.url, said) as notifier:
        notifier.send({})
    assert len(receiver.posts) == 1
    assert said[-1].endswith("delivered after 2 attempts")


async def test_a_trust_store_that_is_gone_is_said_and_the_notice_waits() -> None:
    said: list[str] = []
    async with open_notifier(Settings(ca_file="missing.pem").check, said.append) as notifier:
        notifier.configure("http://127.0.0.1:9/")
        notifier.send({})
        async with asyncio.timeout(PATIENCE):
            while not said:
                await asyncio.sleep(0)
        notifier.configure(None)
    assert "cannot read missing.pem" in said[0]
