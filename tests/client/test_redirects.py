"""Redirects through a proxy, past it, and between the two, towards addresses that are not public."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
import trustme

from tests.support.client import fail, open_client, respond
from tests.support.servers import RawServer, Serve, reply, tls_with
from urlcheck import Settings
from urlcheck.client.address_policy import AddressPolicy
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, FailureKind, Outcome

PUBLIC = "http://public.test/"


def redirect(location: str) -> bytes:
    return reply("302 Found", f"Location: {location}")


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is asked directly, as it is on most machines with a proxy."""
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.0/8,::1")


async def serve_proxy(serve: Serve, redirects: Mapping[str, str]) -> RawServer:
    """An http proxy that answers by itself: with a redirect for these URLs, with 200 for any other."""

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(redirect(redirects[target]) if target in redirects else reply())

    return await serve(answer)


def is_refused(outcome: Outcome, origin: str, host: str) -> bool:
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.transient) == (FailureKind.PRIVATE, False)
    return outcome.message == f"redirected from {origin} to {host}, which is not public"


# --- from behind the proxy to a direct connection ---


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_redirect_from_behind_a_proxy_to_this_machine_is_refused(serve: Serve, host: str) -> None:
    direct = await serve(reply())
    url = direct.url.replace("127.0.0.1", host)
    proxy = await serve_proxy(serve, {PUBLIC: f"{url}/latest"})
    failure = await fail(PUBLIC, proxy=proxy.url, ip_version=4)
    assert is_refused(failure, "a host behind a proxy", "127.0.0.1")
    assert (failure.url, len(failure.hops), failure.address) == (f"{url}/latest", 1, "127.0.0.1")
    assert direct.heads == []


async def test_a_redirect_to_https_that_has_no_proxy_is_refused(
    serve: Serve, ca: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    proxy = await serve_proxy(serve, {PUBLIC: direct.url})
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    failure = await fail(PUBLIC, ca_file=ca_file, ip_version=4)
    assert is_refused(failure, "a host behind a proxy", "127.0.0.1")
    assert direct.heads == []


@pytest.mark.usefixtures("no_proxy")
async def test_a_second_hop_behind_the_proxy_does_not_lift_the_refusal(serve: Serve) -> None:
    direct = await serve(reply())
    proxy = await serve_proxy(serve, {PUBLIC: "http://other.test/", "http://other.test/": direct.url})
    assert is_refused(await fail(PUBLIC, proxy=proxy.url), "a host behind a proxy", "127.0.0.1")
    assert direct.heads == []


@pytest.mark.usefixtures("no_proxy")
async def test_a_private_host_behind_a_proxy_counts_as_public_to_a_direct_one(serve: Serve) -> None:
    direct = await serve(reply())
    proxy = await serve_proxy(serve, {"http://10.0.0.1/": direct.url})
    assert is_refused(await fail("http://10.0.0.1/", proxy=proxy.url), "a host behind a proxy", "127.0.0.1")
    assert direct.heads == []


@pytest.mark.usefixtures("no_proxy")
async def test_a_redirect_from_a_private_host_to_the_proxy_and_back_is_refused(serve: Serve) -> None:
    last = await serve(reply())
    proxy = await serve_proxy(serve, {PUBLIC: last.url})
    first = await serve(redirect(PUBLIC))
    assert is_refused(await fail(first.url, proxy=proxy.url), "a host behind a proxy", "127.0.0.1")
    assert last.heads == []


@pytest.mark.usefixtures("no_proxy")
async def test_a_redirect_from_behind_a_proxy_to_a_public_address_is_followed(serve: Serve) -> None:
    direct = await serve(reply())
    proxy = await serve_proxy(serve, {PUBLIC: direct.url})
    async with open_client(Settings(proxy=proxy.url)) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == "127.0.0.1")
        outcome = await client.attempt(parse(PUBLIC), "GET")
    assert (outcome.address, len(direct.heads)) == ("127.0.0.1", 1)


# --- to a private address that the proxy would connect to ---


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "0x7f.1",
        "0x7f.1.",
        "0x7f000001",
        "0xa9fea9fe",
        "0177.0.0.0x1",
        "[::1]",
        "[fd00:ec2::254]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "localhost",
        "localhost.",
        "a.localhost",
        "ip6-localhost",
        "localhost.localdomain",
    ],
)
async def test_a_redirect_to_a_private_address_is_not_passed_to_the_proxy(serve: Serve, host: str) -> None:
    proxy = await serve_proxy(serve, {PUBLIC: f"http://{host}:8000/latest"})
    failure = await fail(PUBLIC, proxy=proxy.url)
    assert is_refused(failure, "a host behind a proxy", host)
    assert (failure.url, len(failure.hops), failure.address) == (f"http://{host}:8000/latest", 1, None)
    assert proxy.targets == [PUBLIC]


@pytest.mark.parametrize("host", ["\N{FULLWIDTH DIGIT ONE}27.0.0.1", "LOCALHOST", "127。0。0。1"])
async def test_no_spelling_of_a_private_host_is_passed_to_the_proxy(serve: Serve, host: str) -> None:
    proxy = await serve_proxy(serve, {PUBLIC: f"http://{host}/".encode().decode("latin-1")})
    assert (await fail(PUBLIC, proxy=proxy.url)).kind is FailureKind.PRIVATE
    assert proxy.targets == [PUBLIC]


@pytest.mark.parametrize("host", ["127.1", "127.0.0.1.", "2130706433", "017700000001", "0177.0.0.1"])
async def test_digits_that_are_no_address_are_no_url_to_redirect_to(serve: Serve, host: str) -> None:
    proxy = await serve_proxy(serve, {PUBLIC: f"http://{host}/"})
    failure = await fail(PUBLIC, proxy=proxy.url)
    assert failure.kind is FailureKind.REDIRECT
    assert proxy.targets == [PUBLIC]


async def test_a_tunnel_to_a_private_address_is_not_asked_for(serve: Serve) -> None:
    proxy = await serve_proxy(serve, {PUBLIC: "https://10.0.0.1/"})
    assert is_refused(await fail(PUBLIC, proxy=proxy.url), "a host behind a proxy", "10.0.0.1")
    assert proxy.targets == [PUBLIC]


async def test_a_redirect_from_a_public_address_to_a_private_one_behind_the_proxy_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await serve_proxy(serve, {})
    first = await serve(redirect("http://10.0.0.1/"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with open_client(Settings(proxy=proxy.url)) as client:
        client.address_policy = AddressPolicy(block_private=False, judge=lambda address: address == "127.0.0.1")
        outcome = await client.attempt(parse(first.url), "GET")
    assert is_refused(outcome, "a public address", "10.0.0.1")
    assert proxy.heads == []


@pytest.mark.parametrize(
    ("origin", "goal"),
    [
        ("http://10.0.0.1/", "http://10.0.0.1/login"),
        ("http://10.0.0.1/", "http://10.0.0.2/"),
        ("http://localhost:8000/", "http://localhost:8000/login"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://10.0.0.1/", PUBLIC),
        (PUBLIC, "http://8.8.8.8/"),
        (PUBLIC, "http://0x8.0x8.0x8.0x8/"),
        (PUBLIC, "http://intranet/"),
    ],
)
async def test_any_other_redirect_behind_the_proxy_is_followed(serve: Serve, origin: str, goal: str) -> None:
    proxy = await serve_proxy(serve, {origin: goal})
    response = await respond(origin, proxy=proxy.url)
    assert (response.url, proxy.targets) == (goal, [origin, goal])


async def test_a_public_host_in_between_does_not_launder_a_private_one_behind_the_proxy(serve: Serve) -> None:
    proxy = await serve_proxy(serve, {"http://10.0.0.1/": PUBLIC, PUBLIC: "http://10.0.0.1/next"})
    assert is_refused(await fail("http://10.0.0.1/", proxy=proxy.url), "a host behind a proxy", "10.0.0.1")
    assert proxy.targets == ["http://10.0.0.1/", PUBLIC]
