from __future__ import annotations

import asyncio
import gc

import pytest
from aiohttp import ClientSession

from tests.support.marks import on_posix
from tests.support.ports import find_port
from tests.watch.server.conftest import Open
from tests.watch.server.fake import FakeWatch
from urlcheck.model.errors import SettingsError
from urlcheck.watch.server import ServerSettings, connections, open_server
from urlcheck.watch.server import server as module

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def refuse(**settings: object) -> SettingsError:
    """The error with which the server cannot be opened."""
    with pytest.raises(SettingsError) as refusal:
        async with open_server(FakeWatch(), ServerSettings(**settings)):  # type: ignore[arg-type]
            pass
    return refusal.value


async def test_a_port_in_use_is_said_in_one_line(open_page: Open) -> None:
    port = int((await open_page()).rstrip("/").rpartition(":")[2])
    error = await refuse(port=port)
    assert error.field == "serve"
    assert error.reason.startswith(f"cannot listen on 127.0.0.1:{port}: another program uses that port")


async def test_an_address_of_another_machine_is_said() -> None:
    error = await refuse(host="192.0.2.7", token="x" * 16)
    assert error.describe().startswith("serve: cannot listen on 192.0.2.7:0: Can")
    assert error.reason.endswith("assign requested address")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.7"])
async def test_an_address_that_others_reach_needs_a_token(host: str) -> None:
    error = await refuse(host=host)
    assert error.describe() == "serve: other machines can reach this address, so it needs serve_token_file"


async def test_a_short_token_is_refused() -> None:
    assert (await refuse(token="secret")).field == "serve_token_file"


async def test_a_host_that_does_not_exist_is_said() -> None:
    assert (await refuse(host="no.such.host.invalid")).reason == "no address is known for the host 'no.such.host.invalid'"


async def test_the_url_of_the_page_comes_back(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page(host="localhost")) as response:
        assert response.status == 200


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "http://127.0.0.1:"), ("", "http://127.0.0.1:")])
async def test_a_server_on_all_addresses_is_shown_by_one_that_can_be_opened(open_page: Open, host: str, shown: str) -> None:
    assert (await open_page(host=host, token="x" * 16)).startswith(shown)


async def test_the_port_is_free_at_once_after_the_end(client: ClientSession) -> None:
    port = find_port()
    for _ in range(2):
        async with open_server(FakeWatch(), ServerSettings(port=port)) as url, client.get(url) as response:
            assert response.status == 200
        async with open_server(FakeWatch(), ServerSettings(port=port)):
            pass


async def test_the_watch_is_left_as_it_was() -> None:
    watch = FakeWatch()
    async with open_server(watch, ServerSettings()):
        assert watch.listeners
    assert not watch.listeners


async def test_an_error_in_a_route_shows_no_traceback(
    open_page: Open, client: ClientSession, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWatch, "find", lambda *_: 1 / 0)
    async with client.get(await open_page() + "badge/a1.svg") as response:
        assert (response.status, "ZeroDivision" in await response.text()) == (500, False)
    assert capfd.readouterr() == ("", "")


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    return await asyncio.open_connection(host, int(port), limit=1024)


async def test_a_head_that_does_not_come_ends_the_connection(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HEAD", 0.05)
    reader, writer = await connect(await open_page())
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    assert await reader.read() == b""
    writer.close()


async def test_a_client_that_never_reads_is_cut_off(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED", 0.05)
    _, writer = await connect(await open_page())

    async def ask_without_end() -> None:
        while True:
            writer.write(b"GET /static/page.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
            await writer.drain()

    with pytest.raises(ConnectionError):
        await ask_without_end()
    writer.transport.abort()


async def is_open(reader: asyncio.StreamReader) -> bool:
    """Whether a server answers on that connection."""
    try:
        return await reader.read(1) == b"H"
    except ConnectionError:
        return False


async def test_connections_beyond_the_limit_are_refused(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "limit_connections", lambda: 2)
    url = await open_page()
    held = []
    for is_admitted in (True, True, False):
        reader, writer = await connect(url)
        writer.write(REQUEST)
        assert await is_open(reader) is is_admitted
        held.append(writer)
    for writer in held:
        writer.close()


async def test_clients_that_never_ask_lock_nobody_out(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "limit_connections", lambda: 2)
    url = await open_page()
    silent = [await connect(url) for _ in range(2)]
    for _, writer in silent:
        writer.write(REQUEST[:-2])
    reader, writer = await connect(url)
    writer.write(REQUEST)
    assert await is_open(reader)
    assert not await is_open(silent[0][0])
    silent[1][1].write(REQUEST[-2:])
    assert await is_open(silent[1][0])
    for _, each in [*silent, (reader, writer)]:
        each.close()


@on_posix
async def test_a_server_leaves_nothing_behind(client: ClientSession) -> None:
    before = len(asyncio.all_tasks())
    async with open_server(FakeWatch(), ServerSettings()) as url, client.ws_connect(url + "ws") as socket:
        await socket.receive_json()
    gc.collect()
    assert len(asyncio.all_tasks()) <= before
