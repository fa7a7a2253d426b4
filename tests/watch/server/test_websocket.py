from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType, WSServerHandshakeError

from tests.watch.server.conftest import Open
from tests.watch.server.fake import FakeWatch, make_down, make_view
from urlcheck.watch.server import ServerSettings, feed, open_server


async def read(socket: ClientWebSocketResponse) -> tuple[str, int, list[str], list[str]]:
    """Type, number, ids of targets and ids of removed targets of the next message."""
    message: dict[str, Any] = await socket.receive_json()
    return message["type"], message["seq"], sorted(target["id"] for target in message["targets"]), message["removed"]


async def test_a_snapshot_comes_first_and_then_the_changes(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view("a1"), make_view("b2"))
    async with client.ws_connect(await open_page(watch) + "ws") as socket:
        assert await read(socket) == ("snapshot", 1, ["a1", "b2"], [])
        watch.put(make_down("b2"))
        assert await read(socket) == ("changes", 2, ["b2"], [])
        watch.put(make_view("c3"))
        watch.remove("a1")
        assert await read(socket) == ("changes", 3, ["c3"], ["a1"])


async def test_a_message_holds_the_target_and_the_summary(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view("a1"))
    url = await open_page(watch)
    async with client.ws_connect(url + "ws") as socket:
        await socket.receive_json()
        watch.put(make_down("a1"))
        message = await socket.receive_json()
    async with client.get(url + "api/v1/targets/a1") as response:
        assert message["targets"] == [await response.json()]
    assert (message["summary"]["state"], message["summary"]["down"]) == ("down", 1)


async def test_changes_that_come_together_are_one_message(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(*(make_view(f"t{number}") for number in range(80)))
    async with client.ws_connect(await open_page(watch) + "ws") as socket:
        await socket.receive_json()
        for number in range(80):
            watch.put(make_down(f"t{number}"))
            watch.put(make_view(f"t{number}"))
        _, _, ids, _ = await read(socket)
    assert len(ids) == 80


async def test_a_reader_that_comes_later_gets_the_present_state(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view("a1"))
    url = await open_page(watch) + "ws"
    async with client.ws_connect(url) as first:
        await first.receive_json()
        watch.put(make_down("a1"))
        assert (await read(first))[:2] == ("changes", 2)
        async with client.ws_connect(url) as second:
            message = await second.receive_json()
            assert (message["type"], message["seq"], message["targets"][0]["state"]) == ("snapshot", 2, "down")
            watch.put(make_view("a1"))
            assert await read(first) == await read(second) == ("changes", 3, ["a1"], [])


async def test_a_reader_that_comes_back_gets_what_it_missed(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view("a1"))
    url = await open_page(watch) + "ws"
    async with client.ws_connect(url) as socket:
        await socket.receive_json()
    watch.put(make_down("a1"))
    async with client.ws_connect(url) as socket:
        assert (await socket.receive_json())["targets"][0]["state"] == "down"


async def test_a_long_message_comes_in_parts(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(*(make_view(f"t{number}") for number in range(250)))
    async with client.ws_connect(await open_page(watch) + "ws") as socket:
        parts = [await socket.receive_json() for _ in range(3)]
    assert [(part["type"], part["seq"], part["more"]) for part in parts] == [
        ("snapshot", 1, more) for more in (True, True, False)
    ]
    assert [target["id"] for part in parts for target in part["targets"]] == [*watch.targets]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"])
async def test_a_page_of_another_site_is_refused(open_page: Open, client: ClientSession, origin: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect(await open_page() + "ws", origin=origin)
    assert refusal.value.status == 403


async def test_the_own_page_is_answered(open_page: Open, client: ClientSession) -> None:
    url = await open_page()
    async with client.ws_connect(url + "ws", origin=url.rstrip("/")) as socket:
        assert (await socket.receive_json())["type"] == "snapshot"


async def test_a_name_that_was_rebound_to_this_server_is_refused(open_page: Open, client: ClientSession) -> None:
    port = (await open_page()).rstrip("/").rpartition(":")[2]
    name = f"rebound.example:{port}"
    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect(f"http://127.0.0.1:{port}/ws", origin=f"http://{name}", headers={"Host": name})
    assert refusal.value.status == 421


async def test_a_plain_request_is_told_to_upgrade(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page() + "ws") as response:
        assert (response.status, response.headers["Upgrade"]) == (426, "websocket")


async def test_a_reader_has_nothing_to_say(open_page: Open, client: ClientSession) -> None:
    async with client.ws_connect(await open_page() + "ws") as socket:
        await socket.receive_json()
        await socket.send_str("hello")
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1003)


async def test_a_message_beyond_the_bound_ends_the_connection(open_page: Open, client: ClientSession) -> None:
    async with client.ws_connect(await open_page() + "ws") as socket:
        await socket.receive_json()
        await socket.send_str("x" * 100_000)
        assert (await socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)


async def test_a_reader_that_does_not_keep_up_is_sent_away(
    open_page: Open, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LONGEST_QUEUE", 2)
    monkeypatch.setattr(feed, "PERIOD", 0.001)
    end = feed.Reader.end
    watch = FakeWatch(*(make_view(f"t{number}") for number in range(2_000)))
    sent_away = asyncio.Event()

    def send_away(reader: feed.Reader, code: int) -> None:
        end(reader, code)
        sent_away.set()

    monkeypatch.setattr(feed.Reader, "end", send_away)
    async with client.ws_connect(await open_page(watch) + "ws", max_msg_size=0) as socket:
        await socket.receive_json()
        while not sent_away.is_set():
            for target_id in watch.targets:
                watch.tell(target_id)
            await asyncio.sleep(0)
        message = await socket.receive()
        while message.type is WSMsgType.TEXT:
            message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1013)


async def test_a_reader_is_told_the_first_reason_to_go() -> None:
    reader = feed.Reader()
    for code in (feed.TRY_AGAIN_LATER, feed.GOING_AWAY):
        reader.end(code)
    assert reader.ending.result() == feed.TRY_AGAIN_LATER


async def test_readers_are_told_when_the_server_ends(client: ClientSession) -> None:
    async with open_server(FakeWatch(), ServerSettings()) as url:
        socket = await client.ws_connect(url + "ws")
        await socket.receive_json()
        end = asyncio.create_task(socket.receive())
        await asyncio.sleep(0)
    assert (await end).data == 1001


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for both ends of a thousand connections."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 3_000:
        pytest.skip("the limit of descriptors is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_descriptors")
async def test_a_thousand_idle_readers_do_not_hold_up_the_others(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view("a1"))
    url = await open_page(watch)
    async with ClientSession(connector=TCPConnector(limit=0)) as crowd:
        sockets = await asyncio.gather(*(crowd.ws_connect(url + "ws") for _ in range(1_000)))
        watch.put(make_down("a1"))
        async with client.get(url + "api/v1/summary") as response:
            assert (await response.json())["state"] == "down"
        for socket in sockets:
            assert [(await read(socket))[0] for _ in range(2)] == ["snapshot", "changes"]
        await asyncio.gather(*(socket.close() for socket in sockets))
