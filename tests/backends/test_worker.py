from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from tests.backends.builders import make_targets
from tests.support.clock import PATIENCE
from tests.support.servers import Serve, reply
from urlcheck import Settings
from urlcheck.backends import codec, messages
from urlcheck.backends.protocol import BackendLostError
from urlcheck.backends.remote import RemoteBackend
from urlcheck.backends.worker import Worker
from urlcheck.engine.status import Withdrawn
from urlcheck.http.url import Origin
from urlcheck.settings.identity import VERSION
from urlcheck.settings.scopes import RunSettings

BLOCKING = Settings(block_private=True)
PLAIN = Settings(retries=0)
ORIGIN: Origin = ("http", "127.0.0.1", 9)


def encode(incoming: Sequence[messages.Message | bytes]) -> list[bytes]:
    return [message if isinstance(message, bytes) else messages.encode(message) for message in incoming]


class Channel:
    """A channel of which a test knows what goes in, and notes what comes out."""

    is_empty = True

    def __init__(self, *incoming: messages.Message | bytes) -> None:
        self.outgoing: list[messages.FromBackend] = []
        self._incoming = encode(incoming)

    async def read(self) -> bytes | None:
        return self._incoming.pop(0) if self._incoming else None

    def write(self, message: bytes) -> None:
        self.outgoing.append(messages.decode_from_backend(message))

    async def drain(self) -> None:
        pass


class Link:
    """A link over which such messages come, and which notes what is sent over it."""

    worker = None
    files = None

    def __init__(self, *incoming: messages.Message | bytes) -> None:
        self.outgoing: list[messages.ToBackend] = []
        self._incoming = encode(incoming)

    def send(self, message: bytes) -> None:
        self.outgoing.append(messages.decode_to_backend(message))

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


# --- the worker ---


def greet(settings: Settings) -> tuple[messages.Hello, messages.Checks]:
    """How each conversation begins."""
    hello = messages.Hello(VERSION, codec.pack_settings(settings.part(RunSettings)), 1.0)
    return hello, messages.Checks([codec.pack_settings(settings.check)])


def submit(*urls: str) -> messages.Submit:
    return messages.Submit([codec.pack_target(target) for target in make_targets(urls)])


async def work(*orders: messages.Message | bytes) -> list[messages.FromBackend]:
    """What a worker sends that is given these orders."""
    return await work_through(Channel(*greet(PLAIN), *orders))


async def work_through(channel: Channel) -> list[messages.FromBackend]:
    """What a worker sends over its channel."""
    async with asyncio.timeout(PATIENCE):
        await Worker(channel).run()
    return channel.outgoing


def results_of(sent: Sequence[messages.FromBackend]) -> list[tuple[int, str]]:
    """The numbers of targets and what became of them."""
    batches = [message.results for message in sent if isinstance(message, messages.Results)]
    return [(result.index, result.detail) for batch in batches for result in batch]


async def test_settings_that_the_machine_of_a_worker_rules_out_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    refused = (await work_through(Channel(*greet(BLOCKING))))[-1]
    assert isinstance(refused, messages.Refused)
    assert refused.reason.startswith("block_private: cannot be held through a proxy")


async def test_a_worker_does_nothing_for_another_version() -> None:
    channel = Channel(messages.Hello("9.9", codec.pack_settings(BLOCKING.part(RunSettings)), 1.0))
    assert await work_through(channel) == []


@pytest.mark.parametrize("end", [(), (b"half a mess",)], ids=["at once", "in the middle of a message"])
async def test_a_worker_whose_orders_end_finishes_what_it_has(serve: Serve, end: Sequence[bytes]) -> None:
    server = await serve(reply())
    assert results_of(await work(submit(server.url), *end)) == [(0, "200 OK")]


async def test_a_second_greeting_changes_nothing(serve: Serve) -> None:
    server = await serve(reply())
    hello, _ = greet(Settings(retries=5))
    assert results_of(await work(hello, submit(server.url))) == [(0, "200 OK")]


async def test_a_host_that_has_demanded_a_pause_elsewhere_is_not_asked() -> None:
    orders = submit("http://127.0.0.1:9/"), messages.Pause(ORIGIN, 3600), messages.Withdraw(), messages.Stop("the end")
    sent = await work(*orders)
    assert messages.Released([], [ORIGIN]) in sent  # the host stays for the sake of its pause
    assert results_of(sent) == [(0, "the end")]


@pytest.mark.parametrize("is_empty", [True, False])
async def test_a_sign_of_life_is_sent_where_nothing_else_waits_to_be_read(*, is_empty: bool) -> None:
    channel = Channel(*greet(PLAIN))
    channel.is_empty = is_empty
    sent = await work_through(channel)
    assert [isinstance(message, messages.Alive) for message in sent] == [True] * is_empty


# --- the backend ---


def make_backend(link: Link) -> RemoteBackend:
    return RemoteBackend(link, PLAIN.part(RunSettings), [PLAIN.check])


async def lose(backend: RemoteBackend) -> None:
    """Take what comes over its link, until that ends."""
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(BackendLostError):
            async for _ in backend.results():
                pass


async def test_the_reason_of_a_refusal_is_kept() -> None:
    backend = make_backend(Link(messages.Refused("no")))
    await lose(backend)
    assert (backend.refusal, backend.has_ended) == ("no", True)


async def test_a_message_that_cannot_be_read_is_the_end() -> None:
    backend = make_backend(Link(b"half a mess", messages.Refused("no")))
    await lose(backend)
    assert (backend.refusal, backend.has_ended) == (None, True)


async def test_a_rejection_is_told_to_those_who_share_the_host() -> None:
    told: list[tuple[Origin, float]] = []
    backend = make_backend(Link(messages.Overloaded(ORIGIN, 5.0)))
    backend.on_overload = lambda origin, seconds: told.append((origin, seconds))
    await lose(backend)
    assert told == [(ORIGIN, 5.0)]


@pytest.mark.parametrize(
    "message", [messages.Overloaded(ORIGIN, 5.0), messages.Released([0], []), messages.Busiest(None, 0)], ids=repr
)
async def test_what_nobody_waits_for_is_passed_over(message: messages.Message) -> None:
    backend = make_backend(Link(message, messages.Refused("no")))
    await lose(backend)
    assert backend.refusal == "no"


async def test_the_answer_to_a_question_that_was_given_up_is_passed_over() -> None:
    backend = make_backend(Link(messages.Busiest(ORIGIN, 5), messages.Refused("no")))
    asking = asyncio.create_task(backend.find_busiest())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    await lose(backend)
    assert backend.refusal == "no"


async def test_a_backend_that_is_lost_gives_nothing_back() -> None:
    backend = make_backend(Link())
    backend.submit(make_targets(["http://127.0.0.1:9/"]))
    await lose(backend)
    async with asyncio.timeout(PATIENCE):
        assert await backend.withdraw() == await backend.take_queue(ORIGIN) == Withdrawn([], set())
        assert await backend.find_busiest() is None


async def test_a_backend_that_is_lost_while_it_is_asked_gives_nothing_back() -> None:
    backend = make_backend(Link())
    backend.submit(make_targets(["http://127.0.0.1:9/"]))
    asking = asyncio.create_task(backend.withdraw())
    await asyncio.sleep(0)
    await lose(backend)
    async with asyncio.timeout(PATIENCE):
        assert await asking == Withdrawn([], set())


async def test_the_pause_that_another_backend_was_told_is_passed_on() -> None:
    link = Link()
    make_backend(link).pause(ORIGIN, 5.0)
    assert link.outgoing[-1] == messages.Pause(ORIGIN, 5.0)


@pytest.mark.parametrize(
    ("order", "in_flight"),
    [
        pytest.param(1, 5, id="an earlier limit of the same size"),
        pytest.param(3, 1, id="the present limit"),
    ],
)
async def test_the_requests_in_flight_are_those_under_the_present_limit(order: int, in_flight: int) -> None:
    """Else a place is given to another backend while a request of this one is still in it."""
    backend = make_backend(Link(messages.Alive(0, hungry=False, load=messages.Load(order, 1))))
    backend.submit(make_targets([f"http://127.0.0.1:9/{number}" for number in range(5)]))
    for limit in (1, 3, 1):
        backend.set_limit(limit)
    async with aclosing(backend.results()) as results:
        assert await anext(results) == []
    assert backend.status.in_flight == in_flight
