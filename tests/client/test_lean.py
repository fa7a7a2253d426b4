"""Requests without the objects that aiohttp makes for each; tests/test_hostile.py runs every scenario both ways."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import BaseConnector
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from tests.support.client import keep, open_client, respond
from tests.support.servers import Serve, reply
from urlcheck.client import lean
from urlcheck.client.lean import is_available, write_head
from urlcheck.http.url import Url, parse
from urlcheck.model.outcome import Response
from urlcheck.settings.settings import Settings

URL = parse("http://127.0.0.1:8080/a?b=%2f")


@pytest.fixture
def unknown_aiohttp() -> Iterator[None]:
    """Has every test of this version of aiohttp made anew, before and after."""
    is_available.cache_clear()
    yield
    is_available.cache_clear()


def refuse(*_: object, **__: object) -> None:
    raise AssertionError


def test_a_request_is_a_line_its_host_and_its_headers() -> None:
    head = write_head("GET", URL, CIMultiDict({"Accept": "*/*", "X": "\xe9"}))
    assert head == b"GET /a?b=%2f HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nX: \xc3\xa9\r\n\r\n"


def test_the_users_own_host_comes_first_and_the_last_of_several_counts() -> None:
    head = write_head("GET", URL, CIMultiDict([("X", "y"), ("host", "a.example"), ("HOST", "b.example")]))
    assert head == b"GET /a?b=%2f HTTP/1.1\r\nHOST: b.example\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("text", ["a b", "a\rb", "a\nb", "a\r\nb", "a\0b"])
def test_a_target_that_would_end_the_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a control character or a blank"):
        write_head("GET", Url("http", "a.example", 80, f"/{text}"), CIMultiDict())


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", "a\0b", "\r\n\r\n"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_a_header_that_would_end_its_line_is_refused(place: str, text: str) -> None:
    name, value = (text, "v") if place == "name" else ("n", text)
    with pytest.raises(ValueError, match="a control character or a blank"):
        write_head("GET", URL, CIMultiDict({name: value}))


@given(target=st.text(), name=st.text(), value=st.text())
def test_no_text_adds_a_line_or_a_word(target: str, name: str, value: str) -> None:
    try:
        head = write_head("GET", Url("http", "a.example", 80, target), CIMultiDict({name: value}))
    except ValueError:
        return
    assert head.count(b"\r\n") == head.count(b"\r") == head.count(b"\n")
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert first.count(b" ") == 2
    assert len(lines) == (1 if name.lower() == "host" else 2)


async def test_both_ways_send_the_same_bytes(serve: Serve) -> None:
    server = await serve(reply())
    headers = (("X-One", "1"), ("Accept", "text/html"), ("HOST", "other.example"))
    for settings in (Settings(), Settings(headers=headers), Settings(user=("ada", "x"), method="HEAD")):
        async with open_client(settings) as client:
            for client.requester.is_lean in (True, False):
                await client.attempt(parse(f"{server.url}/a?b=%2f"), settings.method)
    assert server.heads[::2] == server.heads[1::2]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_this_version_of_aiohttp_is_known(serve: Serve, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr("aiohttp.ClientSession._request", refuse)
    server = await serve(reply())
    assert (await respond(server.url, method)).status == 200


@pytest.mark.usefixtures("unknown_aiohttp")
async def test_a_version_with_another_signature_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = BaseConnector.connect

    async def connect_otherwise(self: BaseConnector, req: Any, traces: Any, timeout: Any, more: object = None) -> Any:  # noqa: ARG001
        return await connect(self, req, traces, timeout)

    monkeypatch.setattr(BaseConnector, "connect", connect_otherwise)
    monkeypatch.setattr(lean, "request", refuse)
    assert not is_available()
    assert (await respond((await serve(reply())).url)).status == 200


@pytest.mark.usefixtures("unknown_aiohttp")
async def test_a_version_with_another_key_of_connections_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiohttp.client_reqrep.ConnectionKey", namedtuple("ConnectionKey", ["host", "port"]))  # noqa: PYI024
    assert not is_available()


async def test_a_connector_that_wants_more_gets_a_request_of_aiohttp(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = BaseConnector.connect

    async def want_more(self: BaseConnector, req: Any, traces: Any, timeout: Any) -> Any:
        assert req.original_url
        return await connect(self, req, traces, timeout)

    monkeypatch.setattr(BaseConnector, "connect", want_more)
    server = await serve(reply())
    async with open_client(Settings()) as client:
        outcomes = [await client.attempt(parse(server.url), "GET", keep) for _ in range(2)]
        assert not client.requester.is_lean
    assert [outcome.status for outcome in outcomes if isinstance(outcome, Response)] == [200, 200]
