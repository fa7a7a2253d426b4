"""PHP's own server, whose scripts send any header twice."""

from __future__ import annotations

import pytest

from tests.interop.conftest import StartPhp
from tests.support.program import Urlcheck

pytestmark = pytest.mark.user

SCRIPTS = {
    "length twice": "header('Content-Length: 2'); header('Content-Length: 2', false);",
    "list of equal lengths": "header('Content-Length: 2, 2');",
    "blank before the colon": "header('X-Foo : v');",
    "brackets in a name": "header('X[foo]: v');",
    "UTF-8 in a name": "header('X-F\u00f6\u00f6: v');",
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_head_that_curl_accepts_is_an_answer(start_php: StartPhp, urlcheck: Urlcheck, name: str) -> None:
    url = await start_php(f"{SCRIPTS[name]} echo 'ok';")
    [record] = (await urlcheck("-o", "jsonl", "--expect-text", "ok", url)).records
    assert (record["verdict"], record["status"], record["detail"]) == ("ok", 200, "200 OK")


async def test_chunks_with_a_length_are_read_as_chunks(start_php: StartPhp, urlcheck: Urlcheck) -> None:
    heads = "header('Transfer-Encoding: chunked'); header('Content-Length: 2');"
    url = await start_php(heads + r""" echo "2\r\nok\r\n0\r\n\r\n";""")
    [record] = (await urlcheck("-o", "jsonl", "--expect-regex", "^ok$", url)).records
    assert (record["verdict"], record["status"]) == ("ok", 200)


async def test_lengths_that_differ_are_a_protocol_failure(start_php: StartPhp, urlcheck: Urlcheck) -> None:
    url = await start_php("header('Content-Length: 2'); header('Content-Length: 3', false); echo 'ok';")
    [record] = (await urlcheck("-o", "jsonl", url)).records
    assert (record["verdict"], record["status"]) == ("protocol", None)


async def test_cookies_that_are_set_twice_are_no_error(start_php: StartPhp, urlcheck: Urlcheck) -> None:
    url = await start_php("header('Set-Cookie: a=b'); header('Set-Cookie: a=c', false); echo 'ok';")
    [record] = (await urlcheck("-o", "jsonl", url)).records
    assert (record["verdict"], record["status"]) == ("ok", 200)


async def test_a_redirect_of_php_is_followed(start_php: StartPhp, urlcheck: Urlcheck) -> None:
    url = await start_php("if ($_SERVER['REQUEST_URI'] === '/') header('Location: there.php?x=1'); else echo 'ok';")
    [record] = (await urlcheck("-o", "jsonl", url)).records
    assert (record["verdict"], record["final_url"]) == ("ok", f"{url}/there.php?x=1")
