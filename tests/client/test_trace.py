from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
import trustme

from tests.support.client import fail, keep, open_client, respond
from tests.support.servers import RawServer, Serve, hold, reply, tls_with
from urlcheck import Settings, Verdict, check
from urlcheck.client import session
from urlcheck.client.address_policy import AddressPolicy
from urlcheck.client.attempt import HttpClient
from urlcheck.client.connector import TracedConnector
from urlcheck.client.resolver import ConfirmingResolver, LookupThreads, PinningResolver
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, FailureKind, Outcome, Response

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.0/8, and what a full backlog does, as Linux has them")

KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
EXPIRES = datetime(2037, 1, 2, 3, 4, 5, tzinfo=UTC)

# --- how far an attempt came before its time was up ---


@pytest.fixture
def silent_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Name servers that do not answer before the test is over."""
    over = threading.Event()

    def wait(*_: object, **__: object) -> None:
        over.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, LookupThreads(wait)))
    yield
    over.set()


@contextlib.contextmanager
def crowd(address: str, port: int = 0) -> Iterator[int]:
    """A port at which a connection is begun and never made: the backlog is full."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            visitor = sockets.enter_context(socket.socket())
            visitor.settimeout(0)
            visitor.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture
def crowded_port() -> Iterator[int]:
    with crowd("127.0.0.1") as port:
        yield port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port at which a connection is made, and nothing said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def time_out(url: str, **settings: Any) -> Failure:
    failure = await fail(url, timeout=0.2, **settings)
    assert (failure.kind, failure.transient) == (FailureKind.TIMEOUT, True)
    return failure


@pytest.mark.usefixtures("silent_names")
async def test_a_timeout_in_the_look_up_is_named() -> None:
    failure = await time_out("http://silent.invalid")
    assert (failure.message, failure.address) == ("no answer from the name servers within 200 ms", None)


@on_linux
async def test_a_timeout_in_connecting_is_named(crowded_port: int) -> None:
    failure = await time_out(f"http://127.0.0.1:{crowded_port}")
    assert (failure.message, failure.address) == ("no connection within 200 ms", "127.0.0.1")


async def test_a_timeout_in_the_tls_handshake_is_named(silent_port: int) -> None:
    assert (await time_out(f"https://127.0.0.1:{silent_port}")).message == "no TLS handshake within 200 ms"


async def test_a_timeout_in_waiting_for_the_answer_is_named(silent_port: int) -> None:
    assert (await time_out(f"http://127.0.0.1:{silent_port}")).message == "no response within 200 ms"


@on_linux
async def test_a_timeout_after_a_redirect_names_the_phase_of_the_last_request(serve: Serve, crowded_port: int) -> None:
    server = await serve(reply("302 Found", f"Location: http://127.0.0.1:{crowded_port}/"))
    failure = await time_out(server.url)
    assert (failure.message, len(failure.hops)) == ("no connection within 200 ms", 1)


@pytest.mark.usefixtures("silent_names")
async def test_behind_a_proxy_the_phase_is_the_proxys(silent_port: int) -> None:
    failure = await time_out("https://silent.invalid", proxy=f"http://127.0.0.1:{silent_port}")
    assert failure.message == "no connection within 200 ms"


@pytest.mark.usefixtures("silent_names")
async def test_a_proxy_whose_name_is_not_found_in_time_is_no_look_up_of_the_url() -> None:
    assert (await time_out("http://host.invalid", proxy="http://silent.invalid")).message == "no connection within 200 ms"


# --- connections that are kept, and die ---


def reset(writer: asyncio.StreamWriter) -> None:
    # closing without lingering sends RST
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class MortalServer:
    """Keeps every connection after its first answer, and ends it at the second request instead of answering."""

    def __init__(self, *, by_reset: bool) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self._by_reset = by_reset

    async def answer(self, _: str, writer: asyncio.StreamWriter) -> None:
        if writer not in self.connections:
            self.connections.append(writer)
            writer.write(KEPT)
        elif self._by_reset:
            reset(writer)
        else:
            writer.close()


@pytest.fixture(params=[False, True], ids=["closed", "reset"])
def mortal(request: pytest.FixtureRequest) -> MortalServer:
    return MortalServer(by_reset=request.param)


async def test_a_kept_connection_that_turns_out_dead_is_replaced(serve: Serve, mortal: MortalServer) -> None:
    server = await serve(mortal.answer, keeps=True)
    async with open_client(Settings()) as client:
        outcomes = [await client.attempt(parse(f"{server.url}/{name}"), "GET", keep) for name in ("first", "second")]
    assert [isinstance(outcome, Response) for outcome in outcomes] == [True, True]
    assert server.targets == ["/first", "/second", "/second"]
    assert len(mortal.connections) == 2


async def test_to_replace_a_dead_connection_is_no_attempt_of_its_own(serve: Serve, mortal: MortalServer) -> None:
    server = await serve(mortal.answer, keeps=True)
    results = await check([f"{server.url}/{name}" for name in ("first", "second")], Settings(per_host=1, retries=0))
    assert [(result.verdict, result.attempts) for result in results] == [(Verdict.OK, 1)] * 2
    assert len(server.heads) == 3


async def end(_: str, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def break_off(_: str, writer: asyncio.StreamWriter) -> None:
    reset(writer)


@pytest.mark.parametrize("answer", [end, break_off], ids=["closed", "reset"])
async def test_a_new_connection_that_is_lost_is_not_asked_again(serve: Serve, answer: Any) -> None:
    server = await serve(answer)
    await fail(server.url)
    assert len(server.heads) == 1


@pytest.mark.parametrize("answer", [end, break_off], ids=["closed", "reset"])
async def test_a_server_that_closes_without_an_answer_is_asked_once_an_attempt(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr("urlcheck.engine.repeat.backoff", lambda _: 0.0)
    server = await serve(answer)
    [result] = await check([server.url], Settings(retries=1))
    assert (result.attempts, len(server.heads)) == (2, 2)


async def test_a_server_that_dies_for_good_is_a_failure_after_the_replacement(serve: Serve) -> None:
    async def answer_once(target: str, writer: asyncio.StreamWriter) -> None:
        if target == "/first":
            writer.write(KEPT)
        else:
            writer.close()

    server = await serve(answer_once, keeps=True)
    async with open_client(Settings()) as client:
        await client.attempt(parse(f"{server.url}/first"), "GET", keep)
        outcome = await client.attempt(parse(f"{server.url}/second"), "GET", keep)
    assert isinstance(outcome, Failure)
    assert outcome.message == "the server closed the connection without an answer"
    assert server.targets == ["/first", "/second", "/second"]


async def test_a_connection_that_nobody_needs_is_not_kept(serve: Serve) -> None:
    connections = set()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        writer.write(KEPT)  # though it was told to close

    server = await serve(answer, keeps=True)
    async with open_client(Settings()) as client:
        for _ in range(2):
            await client.attempt(parse(server.url), "GET")
    assert all("Connection: close" in head for head in server.heads)
    assert len(connections) == 2


# --- who answered ---


@pytest.fixture
async def tls_server(serve: Serve, ca: trustme.CA) -> RawServer:
    return await serve(KEPT, tls=tls_with(ca.issue_cert("localhost", not_after=EXPIRES)), keeps=True)


@pytest.mark.parametrize("insecure", [False, True], ids=["verified", "insecure"])
async def test_address_and_end_of_the_certificate_are_told(tls_server: RawServer, ca_file: str, *, insecure: bool) -> None:
    trust: dict[str, Any] = {"insecure": True} if insecure else {"ca_file": ca_file}
    response = await respond(tls_server.url, **trust)
    assert (response.address, response.cert_expires) == ("127.0.0.1", EXPIRES)


async def test_both_are_told_of_a_connection_that_is_used_again(tls_server: RawServer, ca_file: str) -> None:
    async with open_client(Settings(ca_file=ca_file)) as client:
        outcomes = [await client.attempt(parse(tls_server.url), "GET", keep) for _ in range(2)]
    assert [(outcome.address, outcome.cert_expires) for outcome in outcomes] == [("127.0.0.1", EXPIRES)] * 2


async def test_a_failure_after_the_handshake_tells_both(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    server = await serve(hold, tls=tls_with(ca.issue_cert("localhost", not_after=EXPIRES)))
    failure = await time_out(server.url, ca_file=ca_file)
    assert (failure.address, failure.cert_expires) == ("127.0.0.1", EXPIRES)


async def test_after_a_redirect_neither_is_of_the_hop_before(tls_server: RawServer, serve: Serve, ca_file: str) -> None:
    plain = await serve(reply())
    tls_server._answer = reply("302 Found", f"Location: {plain.url}/")
    response = await respond(tls_server.url, ca_file=ca_file)
    assert (response.address, response.cert_expires) == ("127.0.0.1", None)


# --- which addresses may be asked ---

PUBLIC, PRIVATE = "127.0.0.1", "127.0.0.2"
REFUSED = "redirected from a public address to 127.0.0.2, which is not public"


@pytest.fixture
async def judging() -> AsyncIterator[HttpClient]:
    """A client that takes 127.0.0.1, of all loopback addresses, for public."""
    async with open_client(Settings()) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == PUBLIC)
        yield client


async def redirect_between(serve: Serve, client: HttpClient, origin: str, goal: str) -> tuple[Outcome, RawServer]:
    """What comes of a redirect from one address to another, and the server that it leads to."""
    last = await serve(reply(), host=goal)
    first = await serve(reply("302 Found", f"Location: {last.url}/"), host=origin)
    return await client.attempt(parse(first.url), "GET"), last


@on_linux
async def test_a_redirect_from_a_public_address_to_a_private_one_is_refused(serve: Serve, judging: HttpClient) -> None:
    outcome, last = await redirect_between(serve, judging, PUBLIC, PRIVATE)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message, outcome.transient) == (FailureKind.PRIVATE, REFUSED, False)
    assert (outcome.address, outcome.url) == (PRIVATE, f"{last.url}/")
    assert last.heads == []


@on_linux
@pytest.mark.parametrize(
    ("origin", "goal"), [(PUBLIC, PUBLIC), (PRIVATE, PRIVATE), (PRIVATE, PUBLIC)], ids=lambda address: address
)
async def test_any_other_redirect_is_followed(serve: Serve, judging: HttpClient, origin: str, goal: str) -> None:
    outcome, _ = await redirect_between(serve, judging, origin, goal)
    assert isinstance(outcome, Response)
    assert outcome.address == goal


@on_linux
async def test_a_redirect_to_a_private_address_over_a_kept_connection_is_refused(serve: Serve, judging: HttpClient) -> None:
    last = await serve(KEPT, host=PRIVATE, keeps=True)
    first = await serve(reply("302 Found", f"Location: {last.url}/redirected"))
    assert isinstance(await judging.attempt(parse(f"{last.url}/asked"), "GET", keep), Response)
    outcome = await judging.attempt(parse(first.url), "GET", keep)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message) == (FailureKind.PRIVATE, REFUSED)
    assert last.targets == ["/asked"]


@on_linux
async def test_a_connection_that_was_refused_can_still_be_used_by_others(serve: Serve, judging: HttpClient) -> None:
    connections = set()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        writer.write(KEPT)

    last = await serve(answer, host=PRIVATE, keeps=True)
    first = await serve(reply("302 Found", f"Location: {last.url}/redirected"))
    outcomes = [await judging.attempt(parse(url), "GET", keep) for url in (last.url, first.url, last.url)]
    assert [isinstance(outcome, Response) for outcome in outcomes] == [True, False, True]
    assert len(connections) == 1


@on_linux
async def test_a_public_address_in_between_does_not_launder_a_private_one(serve: Serve, judging: HttpClient) -> None:
    last = await serve(reply(), host=PRIVATE)
    second = await serve(reply("302 Found", f"Location: {last.url}/"))
    first = await serve(reply("302 Found", f"Location: {second.url}/"), host=PRIVATE)
    outcome = await judging.attempt(parse(first.url), "GET")
    assert isinstance(outcome, Failure)
    assert (outcome.message, len(outcome.hops)) == (REFUSED, 2)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1"])
async def test_no_spelling_slips_past_block_private(serve: Serve, host: str) -> None:
    server = await serve(reply())
    failure = await fail(server.url.replace("127.0.0.1", host), block_private=True)
    assert failure.kind is FailureKind.PRIVATE
    assert failure.message.endswith(" is not a public address")
    assert server.heads == []


@pytest.mark.parametrize(
    ("block_private", "address", "came_from", "refusal"),
    [
        (False, "8.8.8.8", None, None),
        (False, "10.0.0.1", None, None),
        (False, "8.8.8.8", "a public address", None),
        (False, "10.0.0.1", "a public address", "redirected from a public address to 10.0.0.1, which is not public"),
        (False, "::1", "a host behind a proxy", "redirected from a host behind a proxy to ::1, which is not public"),
        (True, "8.8.8.8", None, None),
        (True, "10.0.0.1", None, "10.0.0.1 is not a public address"),
        (True, "fe80::1%eth0", None, "fe80::1%eth0 is not a public address"),
        (True, "10.0.0.1", "a public address", "10.0.0.1 is not a public address"),
    ],
)
def test_the_rule_on_addresses(block_private: bool, address: str, came_from: str | None, refusal: str | None) -> None:  # noqa: FBT001
    assert AddressPolicy(block_private=block_private).refusal(address, came_from=came_from) == refusal


# --- a name with several addresses, some of which are refused ---


def each_order(*addresses: str) -> list[str]:
    """The addresses in every order, as `--resolve` takes them."""
    return [",".join(order) for order in permutations(addresses)]


async def attempt_pinned(port: int, addresses: str, public: str, *, block_private: bool = True) -> Outcome:
    """An attempt at a name that has these addresses, of which one alone is public."""
    settings = Settings(block_private=block_private, resolve=(("the.host", port, addresses),))
    async with open_client(settings) as client:
        client.address_policy = AddressPolicy(block_private=block_private, judge=lambda address: address == public)
        return await client.attempt(parse(f"http://the.host:{port}"), "GET")


@pytest.fixture
async def private(serve: Serve) -> AsyncIterator[RawServer]:
    """A server at the private address, whose port refuses connections at the public one."""
    with contextlib.ExitStack() as sockets:
        while True:
            server = await serve(KEPT, host=PRIVATE, keeps=True)
            taken = sockets.enter_context(socket.socket())
            with contextlib.suppress(OSError):  # the port is another program's there
                taken.bind((PUBLIC, int(server.url.rpartition(":")[2])))
                break
        yield server


@on_linux
@pytest.mark.parametrize("addresses", each_order(PUBLIC, PRIVATE, "127.0.0.3"))
async def test_a_public_address_that_fails_beside_private_ones_fails_as_itself(addresses: str, closed_port: int) -> None:
    outcome = await attempt_pinned(closed_port, addresses, PUBLIC)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message, outcome.transient) == (FailureKind.CONNECT, "connection refused", True)
    assert outcome.address == PUBLIC


@on_linux
@pytest.mark.parametrize("addresses", each_order(PRIVATE, "127.0.0.3"))
async def test_private_addresses_alone_are_refused_in_any_order(addresses: str, closed_port: int) -> None:
    outcome = await attempt_pinned(closed_port, addresses, PUBLIC)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message) == (FailureKind.PRIVATE, "127.0.0.2 is not a public address")
    assert outcome.address == PRIVATE


@on_linux
@pytest.mark.parametrize("addresses", each_order(PUBLIC, PRIVATE))
async def test_of_a_public_address_and_a_private_one_the_public_one_is_asked(serve: Serve, addresses: str) -> None:
    server = await serve(reply())
    outcome = await attempt_pinned(int(server.url.rpartition(":")[2]), addresses, PUBLIC)
    assert isinstance(outcome, Response)
    assert outcome.address == PUBLIC


@on_linux
@pytest.mark.parametrize("addresses", each_order(PUBLIC, PRIVATE))
async def test_a_redirect_to_a_name_with_a_private_address_that_answers_is_not_followed_there(
    serve: Serve, private: RawServer, addresses: str
) -> None:
    port = int(private.url.rpartition(":")[2])
    first = await serve(reply("302 Found", f"Location: http://the.host:{port}/"))
    async with open_client(Settings(resolve=(("the.host", port, addresses),))) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == PUBLIC)
        outcome = await client.attempt(parse(first.url), "GET")
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message, private.heads) == (FailureKind.CONNECT, "connection refused", [])


@on_linux
async def test_a_kept_connection_to_a_private_address_does_not_hide_the_public_one(
    serve: Serve, private: RawServer, judging: HttpClient
) -> None:
    port = int(private.url.rpartition(":")[2])
    first = await serve(reply("302 Found", f"Location: http://the.host:{port}/redirected"))
    connector = judging.requester.session.connector
    assert isinstance(connector, TracedConnector)
    connector._resolver = PinningResolver([("the.host", port, PRIVATE)], connector._resolver)
    assert isinstance(await judging.attempt(parse(f"http://the.host:{port}/asked"), "GET", keep), Response)
    connector._resolver = PinningResolver([("the.host", port, f"{PRIVATE},{PUBLIC}")], connector._resolver)
    connector.clear_dns_cache()
    outcome = await judging.attempt(parse(first.url), "GET", keep)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message) == (FailureKind.CONNECT, "connection refused")
    assert private.targets == ["/asked"]


# --- a name with several addresses, which fail in different ways ---

UNTRUSTED = "certificate of an unknown issuer, or an intermediate certificate is missing"


@on_linux
@pytest.mark.parametrize("addresses", each_order(PUBLIC, PRIVATE, "127.0.0.3"))
async def test_a_certificate_that_is_not_trusted_is_told_whichever_address_is_tried_last(
    tls_server: RawServer, addresses: str
) -> None:
    port = int(tls_server.url.rpartition(":")[2])
    failure = await fail(f"https://localhost:{port}", resolve=(("localhost", port, addresses),))
    assert (failure.kind, failure.message) == (FailureKind.TLS, UNTRUSTED)
    assert (failure.address, failure.cert_expires) == (PUBLIC, EXPIRES)


@on_linux
async def test_a_certificate_that_is_not_trusted_is_told_where_another_address_is_silent(tls_server: RawServer) -> None:
    port = int(tls_server.url.rpartition(":")[2])
    with crowd(PRIVATE, port):
        failure = await fail(f"https://localhost:{port}", resolve=(("localhost", port, f"{PUBLIC},{PRIVATE}"),), timeout=1)
    assert (failure.kind, failure.message, failure.address) == (FailureKind.TLS, UNTRUSTED, PUBLIC)


@on_linux
@pytest.mark.parametrize("addresses", each_order(PUBLIC, PRIVATE))
async def test_an_address_that_answers_makes_up_for_one_whose_handshake_fails(
    tls_server: RawServer, ca_file: str, addresses: str
) -> None:
    port = int(tls_server.url.rpartition(":")[2])
    broken = await asyncio.start_server(lambda _, writer: writer.close(), PRIVATE, port)
    async with broken:
        response = await respond(f"https://localhost:{port}", resolve=(("localhost", port, addresses),), ca_file=ca_file)
    assert response.address == PUBLIC
