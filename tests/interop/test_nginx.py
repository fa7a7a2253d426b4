"""nginx with limits, in front of servers that send odd heads, and with TLS."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

from tests.interop.conftest import StartNginx
from tests.support.program import Urlcheck
from tests.support.servers import Serve, reply

pytestmark = pytest.mark.user

LIMIT_REQUESTS = "limit_req_zone $binary_remote_addr zone=pace:64k rate=20r/s;"
LIMIT_CONNECTIONS = "limit_conn_zone $binary_remote_addr zone=places:64k;"

# heads that curl accepts; nginx passes some of them on as they are, repairs others, and answers 502 for the rest
ODD_HEADS = {
    "length twice": "Content-Length: 2\r\nContent-Length: 2",
    "list of equal lengths": "Content-Length: 2, 2",
    "blank before the colon": "X-Foo : v\r\nContent-Length: 2",
    "brackets in a name": "X[foo]: v\r\nContent-Length: 2",
    "UTF-8 in a name": "X-F\xc3\xb6\xc3\xb6: v\r\nContent-Length: 2",
}


@pytest.mark.parametrize("status", [503, 429])
async def test_a_list_passes_at_the_pace_of_a_limit_of_requests(
    start_nginx: StartNginx, urlcheck: Urlcheck, status: int
) -> None:
    port = await start_nginx(
        f"location / {{ limit_req zone=pace; limit_req_status {status}; empty_gif; }}", http=LIMIT_REQUESTS
    )
    finished = await urlcheck("-o", "jsonl", *(f"http://127.0.0.1:{port}/{number}" for number in range(30)))
    assert set(finished.verdicts.values()) == {"ok"}
    assert len(finished.records) == 30


@pytest.mark.parametrize("status", [503, 429])
async def test_a_list_passes_a_limit_of_connections(
    serve: Serve, start_nginx: StartNginx, urlcheck: Urlcheck, status: int
) -> None:
    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)  # a page that takes a while to make, so that connections add up
        writer.write(reply())

    backend = await serve(answer)
    port = await start_nginx(
        f"location / {{ limit_conn places 1; limit_conn_status {status}; proxy_pass {backend.url}; }}", http=LIMIT_CONNECTIONS
    )
    finished = await urlcheck("-o", "jsonl", *(f"http://127.0.0.1:{port}/{number}" for number in range(25)))
    assert set(finished.verdicts.values()) == {"ok"}
    assert len(finished.records) == 25


async def test_a_host_that_refuses_everything_ends_after_its_retries(start_nginx: StartNginx, urlcheck: Urlcheck) -> None:
    port = await start_nginx("location / { return 503; }")
    finished = await urlcheck("-o", "jsonl", "--retries", "1", *(f"http://127.0.0.1:{port}/{number}" for number in range(5)))
    assert [(record["verdict"], record["attempts"]) for record in finished.records] == [("status", 2)] * 5


@pytest.mark.parametrize("name", [*ODD_HEADS])
async def test_an_odd_head_behind_nginx_is_an_answer(
    serve: Serve, start_nginx: StartNginx, urlcheck: Urlcheck, name: str
) -> None:
    head = f"HTTP/1.1 200 OK\r\n{ODD_HEADS[name]}\r\nConnection: close\r\n\r\nok"
    backend = await serve(head.encode("latin-1"))
    port = await start_nginx(f"location / {{ proxy_pass {backend.url}; }}")
    [record] = (await urlcheck("-o", "jsonl", "--retries", "0", f"http://127.0.0.1:{port}/")).records
    assert (record["verdict"], record["status"]) in {("ok", 200), ("status", 502)}


@pytest.fixture
async def https_port(start_nginx: StartNginx, ca: trustme.CA, tmp_path: Path) -> int:
    """The port of nginx with TLS, HTTP/2 included."""
    file = tmp_path / "server.pem"
    ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))
    return await start_nginx(
        f"ssl_certificate {file}; ssl_certificate_key {file}; location / {{ empty_gif; }}", listen=" ssl http2"
    )


async def test_tls_is_verified(https_port: int, urlcheck: Urlcheck, ca_file: str) -> None:
    [record] = (await urlcheck("-o", "jsonl", "--ca-file", ca_file, f"https://127.0.0.1:{https_port}/")).records
    assert (record["verdict"], record["status"], record["address"]) == ("ok", 200, "127.0.0.1")
    assert record["cert_expires"]


async def test_an_authority_that_is_not_trusted_is_a_tls_failure(https_port: int, urlcheck: Urlcheck) -> None:
    [record] = (await urlcheck("-o", "jsonl", f"https://127.0.0.1:{https_port}/")).records
    assert (record["verdict"], record["attempts"]) == ("tls", 1)


async def test_plain_http_on_a_tls_port_is_a_bad_request(https_port: int, urlcheck: Urlcheck) -> None:
    [record] = (await urlcheck("-o", "jsonl", f"http://127.0.0.1:{https_port}/")).records
    assert (record["verdict"], record["status"]) == ("status", 400)
    assert record["detail"].endswith("the server speaks TLS: an https URL may be meant")


async def test_a_connection_closed_without_an_answer_is_a_protocol_failure(
    start_nginx: StartNginx, urlcheck: Urlcheck
) -> None:
    port = await start_nginx("location / { return 444; }")
    [record] = (await urlcheck("-o", "jsonl", "--retries", "0", f"http://127.0.0.1:{port}/")).records
    assert (record["verdict"], record["status"]) == ("protocol", None)
