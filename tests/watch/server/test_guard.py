from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from tests.watch.server.conftest import Open
from tests.watch.server.fake import FakeWatch, make_view

TOKEN = "correct-horse-battery"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ROUTES = [
    *("", "static/page.css", "api/v1/summary", "api/v1/targets", "api/v1/targets/a1", "api/v1/targets/a1/history"),
    *("api/v1/histories?id=a1", "ws", "metrics", "badge/a1.svg", "badge/a1.json", "healthz", "no/such/route"),
]


async def ask_raw(url: str, *lines: str) -> str:
    """The answer to a request with these lines."""
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
    answer = await reader.read()
    writer.close()
    return answer.decode("latin-1")


@pytest.mark.parametrize("route", ROUTES)
async def test_a_foreign_host_is_misdirected_on_every_route(open_page: Open, client: ClientSession, route: str) -> None:
    url = await open_page(FakeWatch(make_view()))
    async with client.get(url + route, headers={"Host": "rebound.example"}) as response:
        assert response.status == 421
        assert "example.org" not in await response.text()


async def test_a_name_that_is_allowed_is_answered(open_page: Open, client: ClientSession) -> None:
    url = await open_page(allowed_hosts=("status.example",))
    async with client.get(url, headers={"Host": "status.example"}) as response:
        assert response.status == 200


async def test_a_request_without_a_host_is_refused(open_page: Open) -> None:
    assert (await ask_raw(await open_page(), "GET / HTTP/1.0")).startswith("HTTP/1.0 421 ")


async def test_a_request_with_two_hosts_is_refused(open_page: Open) -> None:
    answer = await ask_raw(await open_page(), "GET / HTTP/1.1", "Host: localhost", "Host: evil.example")
    assert answer.split()[1] in ("400", "421")


async def test_the_host_of_an_absolute_target_is_judged_too(open_page: Open) -> None:
    answer = await ask_raw(await open_page(), "GET http://evil.example/ HTTP/1.1", "Host: localhost")
    assert answer.split()[1] == "421"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
@pytest.mark.parametrize("route", ["", "api/v1/targets", "no/such/route"])
async def test_other_methods_are_refused(open_page: Open, client: ClientSession, method: str, route: str) -> None:
    async with client.request(method, await open_page() + route) as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "ws"])
async def test_every_answer_carries_the_headers_of_safety(open_page: Open, client: ClientSession, route: str) -> None:
    async with client.get(await open_page(FakeWatch(make_view())) + route) as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "frame-ancestors 'none'"
        )
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]


async def test_no_answer_tells_versions_to_strangers(open_page: Open, client: ClientSession) -> None:
    for host in ("localhost", "evil.example"):
        async with client.get(await open_page(), headers={"Host": host}) as response:
            assert "Server" not in response.headers


async def test_a_head_request_has_no_body(open_page: Open, client: ClientSession) -> None:
    async with client.head(await open_page() + "api/v1/summary") as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_a_head_beyond_the_bounds_is_refused(open_page: Open) -> None:
    url = await open_page()
    long = await ask_raw(url, "GET / HTTP/1.1", "Host: localhost", f"X-Long: {'x' * 10_000}")
    many = await ask_raw(url, "GET / HTTP/1.1", "Host: localhost", *(f"X-{number}: 1" for number in range(100)))
    assert long.split()[1] == many.split()[1] == "400"


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in ("static/page.css", "")])
async def test_without_the_token_every_route_is_closed(open_page: Open, client: ClientSession, route: str) -> None:
    url = await open_page(FakeWatch(make_view()), token=TOKEN)
    for headers in ({}, {"Authorization": "Bearer wrong-horse-battery"}, {"Authorization": f"Basic {TOKEN}"}):
        async with client.get(url + route, headers=headers) as response:
            assert response.status == 401
            assert "example.org" not in await response.text()


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../api/v1/summary", "/static/%2e%2e/api/v1/summary", "/static/..%2fapi/v1/summary", "//api/v1/summary"),
        *("/static/../", "/api/v1/../../static/../metrics", "/static/page.css/../../metrics", "/STATIC/../metrics"),
    ],
)
async def test_no_path_leads_around_the_token(open_page: Open, path: str) -> None:
    answer = await ask_raw(await open_page(FakeWatch(make_view()), token=TOKEN), f"GET {path} HTTP/1.1", "Host: localhost")
    assert answer.split()[1] in ("401", "404")
    assert "example.org" not in answer
    assert "urlcheck_build_info" not in answer


async def test_the_page_asks_for_the_token(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page(FakeWatch(make_view()), token=TOKEN)) as response:
        text = await response.text()
        assert response.status == 401
        assert 'type="password"' in text
        assert "example.org" not in text


async def test_the_token_opens_every_route(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page(token=TOKEN) + "api/v1/summary", headers=BEARER) as response:
        assert response.status == 200


async def test_the_page_gives_a_cookie_for_the_token(open_page: Open, client: ClientSession) -> None:
    url = await open_page(token=TOKEN)
    async with client.get(url, headers=BEARER) as response:
        cookie = response.headers["Set-Cookie"]
    assert TOKEN not in cookie
    assert "HttpOnly; SameSite=Strict" in cookie
    headers = {"Cookie": cookie.partition(";")[0]}
    async with client.get(url + "api/v1/summary", headers=headers) as response:
        assert response.status == 200
    async with client.ws_connect(url + "ws", headers=headers) as socket:
        assert (await socket.receive_json())["type"] == "snapshot"


async def test_a_websocket_needs_the_token_too(open_page: Open, client: ClientSession) -> None:
    url = await open_page(token=TOKEN)
    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect(url + "ws")
    assert refusal.value.status == 401


async def test_an_answer_after_the_token_is_kept_nowhere(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page(token=TOKEN), headers=BEARER) as response:
        assert response.headers["Cache-Control"] == "no-store"
