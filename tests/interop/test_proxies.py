"""tinyproxy and Squid with a password."""

from __future__ import annotations

import pytest
import trustme

from tests.support.certificates import CERTIFICATES
from tests.support.program import Urlcheck
from tests.support.servers import Serve, reply

pytestmark = pytest.mark.user


@pytest.fixture(params=["http", "https"])
async def url(serve: Serve, ca: trustme.CA, request: pytest.FixtureRequest) -> str:
    """A page that needs the proxy's tunnel, and one that does not."""
    server = await serve(reply(), CERTIFICATES["good"](ca) if request.param == "https" else None)
    return server.url.replace("localhost", "127.0.0.1")


async def test_a_right_password_opens_the_proxy(proxy: int, url: str, urlcheck: Urlcheck, ca_file: str) -> None:
    proxy_url = f"http://ada:lovelace@127.0.0.1:{proxy}"
    [record] = (await urlcheck("-o", "jsonl", "--ca-file", ca_file, "--proxy", proxy_url, url)).records
    assert (record["verdict"], record["status"]) == ("ok", 200)


async def test_a_proxy_that_wants_a_password_is_one_verdict_for_http_and_https(
    proxy: int, serve: Serve, ca: trustme.CA, urlcheck: Urlcheck
) -> None:
    servers = [await serve(reply()), await serve(reply(), CERTIFICATES["good"](ca))]
    finished = await urlcheck("-o", "jsonl", "--proxy", f"http://127.0.0.1:{proxy}", *(server.url for server in servers))
    records = finished.records
    assert len({(record["verdict"], record["status"], record["attempts"]) for record in records}) == 1
    for record in records:
        assert f"127.0.0.1:{proxy}" in record["detail"]
        assert "407 Proxy Authentication Required" in record["detail"]


async def test_a_password_is_not_shown(proxy: int, url: str, urlcheck: Urlcheck) -> None:
    proxy_url = f"http://ada:hunter2@127.0.0.1:{proxy}"
    finished = await urlcheck("-o", "jsonl", "--retries", "0", "--proxy", proxy_url, url)
    assert finished.status == 1
    assert "hunter2" not in finished.stdout + finished.stderr
