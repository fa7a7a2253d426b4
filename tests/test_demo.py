from __future__ import annotations

import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from urllib.parse import urlsplit

import pytest
from pytest_aiohttp import AiohttpClient

from tests.support.marks import on_posix
from tests.support.ports import find_port
from tests.support.program import finish, read_line
from urlcheck import check
from urlcheck.demo.site import LARGE, USERS, main, make_app, serve_aside, tour


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/", 200, "A site to check"),
        ("/users", 200, '{"id": 1, "name": "Ada"}'),
        ("/health", 200, '{"status": "ok"}'),
        ("/status/204", 204, ""),
        ("/status/418", 418, ""),
        ("/redirect/1", 200, "A site to check"),
        ("/redirect/3", 200, "A site to check"),
        ("/delay/0", 200, "at last"),
        ("/account", 401, ""),
        ("/nothing", 404, ""),
    ],
)
async def test_a_route_answers(aiohttp_client: AiohttpClient, path: str, status: int, content: str) -> None:
    client = await aiohttp_client(make_app())
    async with client.get(path) as response:
        assert response.status == status
        assert content in await response.text()


@pytest.mark.parametrize("method", ["GET", "POST", "PURGE"])
async def test_the_echo_says_what_was_asked(aiohttp_client: AiohttpClient, method: str) -> None:
    client = await aiohttp_client(make_app())
    async with client.request(method, "/echo", data=b"a=\xff", headers={"X-Key": "value"}) as response:
        said = await response.json()
    assert (said["method"], said["body"], said["headers"]["X-Key"]) == (method, "a=\N{REPLACEMENT CHARACTER}", "value")


async def test_redirects_are_as_many_as_asked_for(aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(make_app())
    async with client.get("/redirect/3") as response:
        assert [hop.url.path for hop in response.history] == ["/redirect/3", "/redirect/2", "/redirect/1"]


async def test_the_flaky_page_answers_at_the_third_time(aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(make_app())
    statuses = []
    for _ in range(4):
        async with client.get("/flaky") as response:
            statuses.append(response.status)
    assert statuses == [503, 503, 200, 503]


async def test_whoever_has_the_token_has_an_account(aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(make_app())
    async with client.get("/account", headers={"Authorization": "Bearer demo"}) as response:
        assert (response.status, await response.json()) == (200, USERS[0])


async def test_the_large_page_is_as_large_as_it_says(aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(make_app())
    async with client.get("/large") as response:
        assert response.content_length == LARGE
        assert len(await response.read()) == LARGE


def test_the_tour_meets_the_verdicts_that_it_expects(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_aside() as base:
        assert tour(base) == 0
    assert "every verdict is the expected one" in capsys.readouterr().out


def test_the_tour_notices_a_verdict_that_it_does_not_expect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("urlcheck.demo.site.TOUR", {"/health": "dns"})
    with serve_aside() as base:
        assert tour(base) == 1
        assert f"{base}/health: expected dns, not ok" in capsys.readouterr().out


@pytest.mark.parametrize(("expected", "status"), [("ok", 0), ("dns", 1)])
def test_the_demo_without_an_option_is_the_tour(monkeypatch: pytest.MonkeyPatch, expected: str, status: int) -> None:
    monkeypatch.setattr("urlcheck.demo.site.TOUR", {"/health": expected})
    monkeypatch.setattr("urlcheck.demo.site.LIMITED", {})
    monkeypatch.setattr("urlcheck.demo.site.ELSEWHERE", {})
    monkeypatch.setattr(sys, "argv", ["demo"])
    assert main() == status


def test_the_site_is_gone_when_it_is_no_longer_served() -> None:
    with serve_aside(find_port()) as base:
        pass
    address = urlsplit(base)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))


def test_a_port_that_is_taken_is_an_error_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["demo", "--serve", str(port)])
        assert main() == 2
    assert re.fullmatch(rf"cannot serve on port {port}: .*\n", capsys.readouterr().err)


@on_posix
async def test_it_serves_until_ctrl_c() -> None:
    process = await create_subprocess_exec(sys.executable, "-m", "urlcheck.demo", "--serve", stdout=PIPE, stderr=PIPE)
    line = (await read_line(process)).decode()
    base = line.removesuffix("/ (Ctrl-C ends it)\n")
    [result] = await check([f"{base}/health"])
    assert result.ok
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert (finished.status, finished.stderr) == (0, "")
