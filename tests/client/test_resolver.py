from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.support.client import attempt, fail, keep, open_client, respond
from tests.support.clock import PATIENCE
from tests.support.servers import Serve, reply, tls_with
from urlcheck.client import resolver, session
from urlcheck.client.address_policy import AddressPolicy
from urlcheck.client.resolver import AddressInfo, ConfirmingResolver, LookupThreads, PinningResolver, make_resolver
from urlcheck.client.session import Clients
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, FailureKind, Response
from urlcheck.settings.settings import Settings

FOUND = ResolveResult(hostname="name", host="192.0.2.1", port=80, family=socket.AF_INET, proto=6, flags=socket.AI_NUMERICHOST)
NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
TEMPORARY = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
NO_FILES = OSError(24, "Too many open files")

IPV4: AddressInfo = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.2", 80))
IPV6: AddressInfo = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::2", 80, 0, 0))
ZONED: AddressInfo = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::2", 80, 0, 3))


class Fast(AbstractResolver):
    """Stands in for c-ares: finds, or fails as it is told."""

    def __init__(self, answer: list[ResolveResult] | OSError) -> None:
        self.asked: list[str] = []
        self.is_closed = False
        self._answer = answer

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        assert (port, family) == (80, socket.AF_UNSPEC)
        self.asked.append(host)
        if isinstance(self._answer, OSError):
            raise self._answer
        return self._answer

    async def close(self) -> None:
        self.is_closed = True


class System:
    """Stands in for `socket.getaddrinfo`."""

    def __init__(self, answer: list[AddressInfo] | Exception) -> None:
        self.asked: list[str] = []
        self.answer = answer

    def __call__(self, host: str, port: int, *, family: int, type: int) -> list[AddressInfo]:  # noqa: A002 - the library's name
        assert (port, family, type) == (80, socket.AF_UNSPEC, socket.SOCK_STREAM)
        self.asked.append(host)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def look_up(resolver: ConfirmingResolver, host: str = "name") -> list[ResolveResult]:
    return await resolver.resolve(host, 80, socket.AF_UNSPEC)


# --- first the one, then the other ---


async def test_what_the_fast_resolver_finds_is_believed() -> None:
    system = System([])
    assert await look_up(ConfirmingResolver(Fast([FOUND]), LookupThreads(system))) == [FOUND]
    assert system.asked == []


@pytest.mark.parametrize("failure", [NO_SUCH_NAME, TEMPORARY, OSError("without a number")], ids=str)
async def test_what_the_fast_resolver_does_not_find_the_system_is_asked_for(failure: OSError) -> None:
    resolver = ConfirmingResolver(Fast(failure), LookupThreads(System([IPV4, IPV6])))
    assert [result["host"] for result in await look_up(resolver)] == ["192.0.2.2", "2001:db8::2"]


async def test_without_a_fast_resolver_the_system_is_asked() -> None:
    [found] = await look_up(ConfirmingResolver(None, LookupThreads(System([IPV4]))))
    assert (found["hostname"], found["host"], found["port"], found["family"]) == ("name", "192.0.2.2", 80, socket.AF_INET)


async def test_the_zone_of_a_link_local_address_is_kept() -> None:
    [found] = await look_up(ConfirmingResolver(None, LookupThreads(System([ZONED]))))
    assert found["host"] == "fe80::2%3"


@pytest.mark.parametrize("failure", [NO_SUCH_NAME, TEMPORARY], ids=str)
async def test_where_both_fail_the_systems_failure_is_the_one_that_counts(failure: OSError) -> None:
    resolver = ConfirmingResolver(Fast(OSError("c-ares knows no better")), LookupThreads(System(failure)))
    with pytest.raises(socket.gaierror) as raised:
        await look_up(resolver)
    assert raised.value.errno == failure.errno


async def test_a_name_that_no_resolver_can_encode_does_not_exist() -> None:
    resolver = ConfirmingResolver(None, LookupThreads(System(UnicodeError("label too long"))))
    with pytest.raises(socket.gaierror) as raised:
        await look_up(resolver)
    assert raised.value.errno == socket.EAI_NONAME


async def test_the_fast_resolver_is_closed_with_the_other() -> None:
    fast = Fast([])
    await ConfirmingResolver(fast, LookupThreads(System([]))).close()
    assert fast.is_closed


# --- what is remembered ---


async def test_a_failure_is_remembered() -> None:
    fast, system = Fast(NO_SUCH_NAME), System(NO_SUCH_NAME)
    resolver = ConfirmingResolver(fast, LookupThreads(system))
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            await look_up(resolver)
    assert (fast.asked, system.asked) == (["name"], ["name"])


async def test_a_failure_is_remembered_for_its_own_name_only() -> None:
    system = System(NO_SUCH_NAME)
    resolver = ConfirmingResolver(None, LookupThreads(system))
    for name in ("one", "two"):
        with pytest.raises(socket.gaierror):
            await look_up(resolver, name)
    assert system.asked == ["one", "two"]


async def test_a_failure_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_FAILURE_SECONDS", -1)  # it is over as soon as it is remembered
    system = System(TEMPORARY)
    confirming = ConfirmingResolver(None, LookupThreads(system))
    with pytest.raises(socket.gaierror):
        await look_up(confirming)
    system.answer = [IPV4]
    assert len(await look_up(confirming)) == 1


async def test_no_more_failures_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_FAILURES", 2)
    system = System(NO_SUCH_NAME)
    confirming = ConfirmingResolver(None, LookupThreads(system))
    for name in "abca":
        with pytest.raises(socket.gaierror):
            await look_up(confirming, name)
    assert system.asked == ["a", "b", "c", "a"]


async def test_what_this_machine_lacks_is_not_remembered_of_a_name() -> None:
    system = System(NO_FILES)
    resolver = ConfirmingResolver(None, LookupThreads(system))
    with pytest.raises(OSError, match="Too many open files"):
        await look_up(resolver)
    system.answer = [IPV4]
    assert len(await look_up(resolver)) == 1


# --- threads ---


@pytest.fixture
def hold_back() -> Iterator[threading.Event]:
    """An event that lookups wait for; it comes at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


def finding_late(event: threading.Event) -> Callable[..., list[AddressInfo]]:
    def find(*_: object, **__: object) -> list[AddressInfo]:
        event.wait()
        return [IPV4]

    return find


async def test_more_names_than_threads_are_all_looked_up(hold_back: threading.Event) -> None:
    threads = LookupThreads(finding_late(hold_back))
    look_ups = [asyncio.ensure_future(threads.look_up(f"name-{number}", 80, 0)) for number in range(100)]
    await asyncio.sleep(0)  # all have begun
    hold_back.set()
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*look_ups) == [[IPV4]] * 100


async def test_no_more_threads_are_started_than_may_be(hold_back: threading.Event) -> None:
    before = threading.active_count()
    threads = LookupThreads(finding_late(hold_back))
    look_ups = [asyncio.ensure_future(threads.look_up(f"name-{number}", 80, 0)) for number in range(100)]
    await asyncio.sleep(0)
    assert threading.active_count() - before <= 32
    hold_back.set()
    await asyncio.gather(*look_ups)


async def test_a_thread_that_is_free_is_used_again() -> None:
    users = set()

    def find(*_: object, **__: object) -> list[AddressInfo]:
        users.add(threading.current_thread())
        return [IPV4]

    threads = LookupThreads(find)
    for number in range(10):
        await threads.look_up(f"name-{number}", 80, 0)
    assert len(users) == 1


async def test_a_look_up_that_is_given_up_on_does_not_hold_up_the_next(hold_back: threading.Event) -> None:
    def find(host: str, *_: object, **__: object) -> list[AddressInfo]:
        if host == "silent":
            hold_back.wait()
        return [IPV4]

    threads = LookupThreads(find)
    silent = asyncio.ensure_future(threads.look_up("silent", 80, 0))
    await asyncio.sleep(0)
    silent.cancel()
    async with asyncio.timeout(PATIENCE):
        assert await threads.look_up("name", 80, 0) == [IPV4]


def test_a_look_up_that_is_given_up_on_does_not_hold_up_the_end_of_the_program() -> None:
    program = """if True:
        import asyncio, threading
        from urlcheck.client.resolver import LookupThreads

        async def give_up():
            begun = asyncio.Event()
            loop = asyncio.get_running_loop()

            def find(*_, **__):
                loop.call_soon_threadsafe(begun.set)
                threading.Event().wait()

            look_up = asyncio.ensure_future(LookupThreads(find).look_up("silent", 80, 0))
            await begun.wait()
            look_up.cancel()

        asyncio.run(give_up())
        print("done")
    """
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert (ended.stdout, ended.stderr) == ("done\n", "")


def test_an_answer_that_comes_when_the_loop_is_closed_harms_nobody(hold_back: threading.Event) -> None:
    users: list[threading.Thread] = []
    begun = threading.Event()

    def find(*_: object, **__: object) -> list[AddressInfo]:
        users.append(threading.current_thread())
        begun.set()
        hold_back.wait()
        return [IPV4]

    async def begin(threads: LookupThreads) -> None:
        look_up = asyncio.ensure_future(threads.look_up("silent", 80, 0))
        await asyncio.to_thread(begun.wait)
        look_up.cancel()

    threads = LookupThreads(find)
    asyncio.run(begin(threads))
    hold_back.set()
    begun.clear()
    asyncio.run(begin(threads))  # the same thread, or another, goes on
    assert len(users) == 2


# --- the resolver of a session ---


async def test_a_name_of_this_machine_is_found() -> None:
    confirming = make_resolver()
    try:
        assert "127.0.0.1" in [found["host"] for found in await confirming.resolve("localhost", 80, socket.AF_UNSPEC)]
    finally:
        await confirming.close()


def test_without_aiodns_names_are_looked_up_all_the_same() -> None:
    program = """if True:
        import sys
        sys.modules["aiodns"] = None  # as if it were not installed
        import asyncio, socket
        from urlcheck.client.resolver import make_resolver

        async def look_up():
            return await make_resolver().resolve("localhost", 80, socket.AF_INET)

        print(asyncio.run(look_up())[0]["host"])
    """
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert (ended.stdout, ended.stderr) == ("127.0.0.1\n", "")


@pytest.mark.parametrize(
    ("failure", "message", "transient"),
    [
        pytest.param(NO_SUCH_NAME, "no such host", False, id="no such name"),
        pytest.param(TEMPORARY, "temporary failure in name resolution", True, id="temporary"),
        pytest.param(socket.gaierror(socket.EAI_FAIL, "x"), "the name servers failed", True, id="servers failed"),
    ],
)
async def test_no_such_name_is_told_from_a_failure_that_may_pass(
    monkeypatch: pytest.MonkeyPatch,
    failure: OSError,
    message: str,
    transient: bool,  # noqa: FBT001
) -> None:
    confirming = ConfirmingResolver(None, LookupThreads(System(failure)))
    monkeypatch.setattr(session, "make_resolver", lambda: confirming)
    outcome = await attempt("http://name.invalid")
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.message, outcome.transient) == (FailureKind.DNS, message, transient)


async def test_a_name_that_only_the_system_knows_is_reached(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(reply())
    port = int(server.url.rpartition(":")[2])
    threads = LookupThreads(lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))])
    monkeypatch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, threads))
    assert isinstance(await attempt(f"http://intranet.invalid:{port}"), Response)


# --- known beforehand ---

PINS = (("a.example", 80, "192.0.2.3,2001:db8::3"), ("*", 81, "192.0.2.4"), ("a.example", 80, "192.0.2.5"))


@pytest.mark.parametrize(
    ("host", "port", "family", "addresses"),
    [
        ("a.example", 80, socket.AF_UNSPEC, ["192.0.2.3", "2001:db8::3", "192.0.2.5"]),
        ("a.example.", 80, socket.AF_INET, ["192.0.2.3", "192.0.2.5"]),
        ("a.example", 80, socket.AF_INET6, ["2001:db8::3"]),
        ("b.example", 81, socket.AF_UNSPEC, ["192.0.2.4"]),
        ("b.example", 80, socket.AF_UNSPEC, ["192.0.2.1"]),
    ],
)
async def test_a_host_and_port_may_be_pinned_to_addresses(
    host: str, port: int, family: socket.AddressFamily, addresses: list[str]
) -> None:
    fast = Fast([FOUND])
    resolver = PinningResolver(PINS, fast)
    assert [found["host"] for found in await resolver.resolve(host, port, family)] == addresses
    assert fast.asked == ([host] if addresses == ["192.0.2.1"] else [])
    await resolver.close()
    assert fast.is_closed


async def test_a_host_that_is_pinned_to_the_other_family_has_no_address() -> None:
    with pytest.raises(socket.gaierror):
        await PinningResolver(PINS, Fast([])).resolve("b.example", 81, socket.AF_INET6)


async def test_a_pin_is_for_the_connection_alone(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    server = await serve(reply(), tls=tls_with(ca.issue_cert("a.example")))
    port = int(server.url.rpartition(":")[2])
    pins = (("a.example", port, "127.0.0.1"), ("b.example", port, "127.0.0.1"))
    response = await respond(f"https://a.example:{port}/", ca_file=ca_file, resolve=pins)
    assert (response.address, response.url) == ("127.0.0.1", f"https://a.example:{port}/")
    assert f"Host: a.example:{port}\r\n" in server.heads[0]
    failure = await fail(f"https://b.example:{port}/", ca_file=ca_file, resolve=pins)
    assert failure.message == "certificate is not for b.example but for a.example"


async def test_a_pinned_address_is_judged_as_any_other(serve: Serve) -> None:
    server = await serve(reply())
    port = int(server.url.rpartition(":")[2])
    failure = await fail(f"http://a.example:{port}/", resolve=(("*", port, "127.0.0.1"),), block_private=True)
    assert (failure.kind, failure.message) == (FailureKind.PRIVATE, "127.0.0.1 is not a public address")
    assert server.heads == []


async def test_a_redirect_from_a_public_address_to_a_pinned_private_one_is_refused(serve: Serve) -> None:
    server = await serve(reply("302 Found", "Location: http://inside.example:9/"))
    port = int(server.url.rpartition(":")[2])
    settings = Settings(resolve=(("outside.example", port, "127.0.0.1"), ("inside.example", 9, "127.0.0.2")))
    async with open_client(settings) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == "127.0.0.1")
        outcome = await client.attempt(parse(f"http://outside.example:{port}/"), "GET")
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.PRIVATE


async def test_settings_that_pin_differently_do_not_share_connections(serve: Serve) -> None:
    server = await serve(reply())
    port = int(server.url.rpartition(":")[2])
    async with Clients() as clients:
        there = clients.open(Settings(resolve=(("a.example", port, "127.0.0.1"),)))
        nowhere = clients.open(Settings(resolve=(("a.example", port, "127.0.0.9"),)))
        outcomes = [await client.attempt(parse(f"http://a.example:{port}/"), "GET", keep) for client in (there, nowhere)]
    assert [type(outcome) for outcome in outcomes] == [Response, Failure]
