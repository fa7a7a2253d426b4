"""Against httpbin, a real site that nobody here wrote."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.program import Urlcheck

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="httpbin's dependencies do not all install there")


class QuietHandler(WSGIRequestHandler):
    """Logs nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def httpbin() -> Iterator[str]:
    app = pytest.importorskip("httpbin").app
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


PAGES = {
    "/get": ("ok", 200),
    "/html": ("ok", 200),
    "/gzip": ("ok", 200),
    "/brotli": ("ok", 200),
    "/deflate": ("ok", 200),
    "/encoding/utf8": ("ok", 200),
    "/image/png": ("ok", 200),
    "/bytes/100000": ("ok", 200),
    "/stream/20": ("ok", 200),
    "/stream-bytes/5000?chunk_size=10": ("ok", 200),
    "/cache": ("ok", 200),
    "/etag/abc": ("ok", 200),
    "/response-headers?X-Odd=%1B[31m": ("ok", 200),
    "/redirect/5": ("ok", 200),
    "/relative-redirect/3": ("ok", 200),
    "/absolute-redirect/2": ("ok", 200),
    "/redirect-to?url=%2Fstatus%2F404": ("status", 404),
    "/redirect-to?url=ftp%3A%2F%2Fexample.org": ("redirect", 302),
    "/redirect/20": ("redirect", 302),
    "/cookies/set?a=b": ("ok", 200),
    "/status/204": ("ok", 204),
    "/status/304": ("status", 304),
    "/status/401": ("status", 401),
    "/status/404": ("status", 404),
    "/status/418": ("status", 418),
    "/status/429": ("rate-limited", 429),
    "/status/500": ("status", 500),
    "/basic-auth/ada/lovelace": ("status", 401),
    "/bearer": ("status", 401),
    "/anything/a/../b?x=%27%2f": ("ok", 200),
    "/no/such/page": ("status", 404),
    "/delay/10": ("timeout", None),
}


async def test_every_page_has_the_verdict_that_its_name_promises(urlcheck: Urlcheck, httpbin: str) -> None:
    slow = f"{httpbin}/delay/10"
    urls = [httpbin + page for page in PAGES if not slow.endswith(page)]
    options = ("-o", "jsonl", "-r", "0", "-t")
    both = await asyncio.gather(urlcheck(*urls, *options, "60s"), urlcheck(slow, *options, "1s"))
    records = [record for finished in both for record in finished.records]
    assert {record["url"].removeprefix(httpbin): (record["verdict"], record["status"]) for record in records} == PAGES


async def test_credentials_open_what_they_are_for(urlcheck: Urlcheck, httpbin: str) -> None:
    by_url = httpbin.replace("://", "://ada:lovelace@") + "/basic-auth/ada/lovelace"
    assert (await urlcheck(by_url)).status == 0
    assert (await urlcheck(f"{httpbin}/basic-auth/ada/lovelace", "-u", "ada:lovelace")).status == 0
    assert (await urlcheck(f"{httpbin}/bearer", "-H", "Authorization: Bearer x")).status == 0


async def test_a_head_is_answered_like_a_get(urlcheck: Urlcheck, httpbin: str) -> None:
    assert (await urlcheck(f"{httpbin}/get", f"{httpbin}/redirect/2", "-X", "HEAD")).status == 0
