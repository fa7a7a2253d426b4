from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import TCPConnector
from aiohttp.connector import Connection

from tests.support.client import keep
from tests.support.marks import on_posix
from tests.support.servers import RawServer, Serve, hold, reply, tls_with
from urlcheck.client import session
from urlcheck.client.attempt import HttpClient
from urlcheck.client.connector import TracedConnector
from urlcheck.client.pool import CountedSocket
from urlcheck.client.resolver import ConfirmingResolver, LookupThreads
from urlcheck.client.session import Clients
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, FailureKind, Outcome, Response, ShortageError
from urlcheck.runtime.descriptors import Allowance
from urlcheck.settings.settings import Settings

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine")
KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Fixed(Allowance):
    """An allowance of so many sockets, whatever the process may have open."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    @property
    def limit(self) -> int:
        return self._limit


@asynccontextmanager
async def open_client(allowance: Allowance, settings: Settings | None = None) -> AsyncIterator[HttpClient]:
    async with Clients(allowance) as clients:
        yield clients.open(settings or Settings())


async def ask(client: HttpClient, url: str, keep: Callable[[], bool] = keep) -> Outcome:
    # in a task of its own, as each worker's attempts are
    return await asyncio.create_task(client.attempt(parse(url), "GET", keep))


class Hosts(RawServer):
    """One server at many addresses, which keeps its connections and remembers by which of them it was asked."""

    def __init__(self, answer: bytes = KEPT) -> None:
        self.connections: list[int] = []
        self.lost = 0

        async def count(_: str, writer: asyncio.StreamWriter) -> None:
            self.connections.append(writer.get_extra_info("peername")[1])
            writer.write(answer)

        super().__init__(count, host="0.0.0.0", keeps=True)

    def at(self, number: int) -> str:
        return f"http://127.0.0.{number}:{self.url.rpartition(':')[2]}/"


@pytest.fixture
async def hosts() -> AsyncIterator[Hosts]:
    async with Hosts() as server:
        yield server


@on_linux
async def test_a_connection_that_is_kept_is_used_again_while_there_is_room(hosts: Hosts) -> None:
    async with open_client(Fixed(3)) as client:
        for number in (1, 2, 3, 1, 2, 3):
            await ask(client, hosts.at(number))
    assert hosts.connections[:3] == hosts.connections[3:]


@on_linux
async def test_the_connection_that_was_kept_longest_is_closed_for_a_new_one(hosts: Hosts) -> None:
    allowance = Fixed(3)
    async with open_client(allowance) as client:
        for number in (1, 2, 3, 1, 4, 1, 3, 2):
            assert isinstance(await ask(client, hosts.at(number)), Response)
            assert allowance.taken <= 3
    first, second, third, _, _, first_again, third_again, second_again = hosts.connections
    assert (first_again, third_again) == (first, third)
    assert second_again != second


async def test_a_connection_that_was_lost_before_its_request_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect_too_late(self: TracedConnector, *args: Any) -> Connection:
        connection = await connect(self, *args)
        while connection.protocol is not None and connection.protocol.transport is not None:
            await asyncio.sleep(0)
        return connection

    connect = TracedConnector.connect
    monkeypatch.setattr(TracedConnector, "connect", connect_too_late)
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, Clients(Fixed(3)) as clients:
        assert isinstance(await ask(clients.open(Settings()), f"http://127.0.0.1:{port}/"), Failure)
        assert clients._pool._unused == {}


@on_linux
async def test_a_burst_waits_until_kept_connections_are_closed(hosts: Hosts) -> None:
    most = 0

    class Watched(Fixed):
        @property
        def limit(self) -> int:
            nonlocal most
            most = max(most, self.taken)
            return super().limit

    allowance = Watched(10)
    async with open_client(allowance) as client:
        for burst in (range(1, 11), range(11, 21)):
            outcomes = await asyncio.gather(*(ask(client, hosts.at(number)) for number in burst))
            assert all(isinstance(outcome, Response) for outcome in outcomes)
    assert most == 10
    assert len({*hosts.connections}) == 20


async def test_a_request_is_served_where_every_other_connection_is_in_use(serve: Serve) -> None:
    silent, server = await serve(hold), await serve(reply())
    async with open_client(Fixed(1)) as client:
        waiting = asyncio.create_task(ask(client, silent.url))
        await silent.until_asked()
        assert isinstance(await ask(client, server.url), Response)  # the scheduler, not the pool, has it wait
        assert not waiting.done()
        waiting.cancel()


def open_counted(allowance: Allowance) -> CountedSocket:
    allowance.taken += 1
    return CountedSocket(socket.AF_INET, socket.SOCK_STREAM, 0, allowance)


@pytest.mark.parametrize("end", [CountedSocket.close, lambda opened: os.close(opened.detach())], ids=["close", "detach"])
def test_a_socket_that_is_closed_again_is_given_back_once(end: Callable[[CountedSocket], None]) -> None:
    allowance = Allowance()
    opened = open_counted(allowance)
    end(opened)
    opened.close()
    assert allowance.taken == 0


def test_a_socket_counts_until_the_files_made_of_it_are_closed() -> None:
    allowance = Allowance()
    opened = open_counted(allowance)
    with opened.makefile("rb"):
        opened.close()
        assert allowance.taken == 1
    assert allowance.taken == 0


@pytest.mark.parametrize("path", ["ok", "refused", "silent", "reset", "redirect", "unknown", "tls", "untrusted"])
async def test_every_descriptor_is_given_back(
    serve: Serve, ca: trustme.CA, ca_file: str, closed_port: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reset(_: str, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    tls = tls_with(ca.issue_cert("localhost"))
    monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, LookupThreads()))
    url = {
        "ok": (await serve(KEPT, keeps=True)).url,
        "refused": f"http://127.0.0.1:{closed_port}",
        "silent": (await serve(hold)).url,
        "reset": (await serve(reset)).url,
        "redirect": (await serve({"/": reply("302 Found", "Location: /2"), "/2": reply()})).url,
        "unknown": "http://host.invalid",
        "tls": (await serve(reply(), tls)).url,
        "untrusted": (await serve(reply(), tls_with(trustme.CA().issue_cert("localhost")))).url,
    }[path]
    allowance = Allowance()
    async with open_client(allowance, Settings(ca_file=ca_file, timeout=0.2 if path == "silent" else 10)) as client:
        await ask(client, url)
    assert allowance.taken == 0


@on_posix
async def test_a_unix_socket_counts_and_is_given_back(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(KEPT)
        await reader.read()
        writer.close()

    allowance = Fixed(1)
    async with await asyncio.start_unix_server(answer, path), open_client(allowance, Settings(unix_socket=path)) as client:
        for name in ("a", "b"):
            assert isinstance(await ask(client, f"http://{name}.invalid/"), Response)
            assert allowance.taken == 1
    assert allowance.taken == 0


class TlsPeer:
    """Answers over TLS and does not close: the event loop waits half a minute for its farewell."""

    def __init__(self, context: ssl.SSLContext, listener: socket.socket) -> None:
        self.url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        self._context = context
        self._listener = listener
        self._connections = ExitStack()

    def answer(self) -> None:
        accepted, _ = self._listener.accept()
        connection = self._connections.enter_context(self._context.wrap_socket(accepted, server_side=True))
        connection.recv(4096)
        connection.send(reply())

    async def be_asked(self, client: HttpClient) -> Outcome:
        served = asyncio.get_running_loop().run_in_executor(None, self.answer)
        outcome = await ask(client, self.url, lambda: False)
        await served
        return outcome

    def close(self) -> None:
        self._connections.close()


@pytest.fixture
def tls_peer(ca: trustme.CA) -> Iterator[TlsPeer]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        closing(TlsPeer(tls_with(ca.issue_cert("127.0.0.1")), listener)) as peer,
    ):
        yield peer


async def test_a_tls_connection_whose_peer_does_not_close_gives_way(tls_peer: TlsPeer, ca_file: str) -> None:
    allowance = Fixed(2)
    async with open_client(allowance, Settings(ca_file=ca_file)) as client:
        for _ in range(4):
            assert isinstance(await tls_peer.be_asked(client), Response)
            assert allowance.taken <= 2


async def test_a_tls_connection_whose_peer_does_not_close_ends_with_the_run(tls_peer: TlsPeer, ca_file: str) -> None:
    allowance = Allowance()
    async with open_client(allowance, Settings(ca_file=ca_file)) as client:
        assert isinstance(await tls_peer.be_asked(client), Response)
    assert allowance.taken == 0


class Addresses:
    """A resolver that knows so many addresses of every name: the first ones never answer."""

    def __init__(self, silent: int, port: int) -> None:
        addresses = [*(f"192.0.2.{1 + number}" for number in range(silent)), "127.0.0.1"]
        self.found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def __call__(self, *_: object, **__: object) -> Sequence[tuple[int, int, int, str, tuple[str, int]]]:
        return self.found


async def test_an_address_that_is_left_out_for_want_of_descriptors_is_no_timeout(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(reply())
    port = int(server.url.rpartition(":")[2])

    async def never(self: asyncio.SelectorEventLoop, sock: socket.socket, address: tuple[str, int]) -> None:
        if address[0].startswith("192.0.2."):
            await asyncio.Event().wait()
        await connect(self, sock, address)

    connect = asyncio.SelectorEventLoop.sock_connect
    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", never)
    threads = LookupThreads(Addresses(1, port))
    monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, threads))
    allowance = Fixed(1)
    allowance.taken = 10  # others race as well
    # long before the time is up: both may come too late on a busy machine
    defaults = TCPConnector.__init__.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "happy_eyeballs_delay", 0.01)
    async with open_client(allowance, Settings(timeout=0.5)) as client:
        with pytest.raises(ShortageError):
            await ask(client, f"http://two.invalid:{port}/")
        allowance.taken = 0
        assert isinstance(await ask(client, f"http://two.invalid:{port}/"), Response)


async def test_an_issuer_that_could_not_be_read_is_no_verdict(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(reply(), tls_with(trustme.CA().issue_cert("localhost")))
    async with open_client(Allowance()) as client:
        monkeypatch.setattr("urlcheck.client.attempt.are_exhausted", lambda: True)
        with pytest.raises(ShortageError):
            await ask(client, server.url)
        monkeypatch.setattr("urlcheck.client.attempt.are_exhausted", lambda: False)
        outcome = await ask(client, server.url)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.TLS


async def test_a_trust_store_that_cannot_be_opened_yet_is_loaded_later(
    serve: Serve, ca: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    server = await serve(reply(), tls_with(ca.issue_cert("localhost")))
    async with open_client(Allowance()) as client:
        monkeypatch.setattr("urlcheck.client.tls.are_exhausted", lambda: True)
        with pytest.raises(ShortageError):
            await ask(client, server.url)
        monkeypatch.setattr("urlcheck.client.tls.are_exhausted", lambda: False)
        assert isinstance(await ask(client, server.url), Response)


async def test_a_name_that_could_not_be_looked_up_for_want_of_descriptors_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    threads = LookupThreads(fail)
    monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, threads))
    async with open_client(Allowance()) as client:
        monkeypatch.setattr("urlcheck.client.resolver.are_exhausted", lambda: True)
        with pytest.raises(ShortageError):
            await ask(client, "http://host.invalid/")
        monkeypatch.setattr("urlcheck.client.resolver.are_exhausted", lambda: False)
        outcome = await ask(client, "http://host.invalid/")
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.DNS
