"""Bodies as they are read: what servers do to them, and how much of them is in memory."""

from __future__ import annotations

import asyncio
import functools
import gzip
import socket
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp.client_proto import ResponseHandler

from tests.support.client import attempt, fail, keep, open_client, respond
from tests.support.clock import PATIENCE
from tests.support.servers import Serve, hold, reply
from urlcheck.client.body import Decoder, Deflate, Gzip
from urlcheck.client.protocol import TracedHandler
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, FailureKind, Response
from urlcheck.settings.settings import Settings

gzipped = functools.partial(gzip.compress, mtime=0)  # the time would make every collection of the tests differ
TEXT = b"Hello, Ada! " * 100
ANY = ("",)  # an expectation, for the client reads bodies where there is one
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"


def compress(body: bytes, wbits: int) -> bytes:
    compressor = zlib.compressobj(wbits=wbits)
    return compressor.compress(body) + compressor.flush()


def bomb(size: int, wbits: int = 31) -> bytes:
    """So many MiB of zeros, compressed."""
    compressor = zlib.compressobj(1, wbits=wbits)
    return b"".join(compressor.compress(bytes(1 << 20)) for _ in range(size)) + compressor.flush()


async def read(url: str, **settings: Any) -> Response:
    return await respond(url, expect_text=ANY, **settings)


async def test_a_body_is_read_only_where_somebody_wants_it(serve: Serve) -> None:
    server = await serve(reply(body=TEXT))
    assert (await respond(server.url)).body is None
    assert (await read(server.url)).body == TEXT


async def test_the_body_of_a_bad_request_is_read_because_it_may_say_that_the_port_requires_tls(serve: Serve) -> None:
    server = await serve(reply("400 Bad Request", body=TEXT))
    assert (await respond(server.url)).body == TEXT


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("identity", TEXT),
        ("", TEXT),
        ("gzip", gzipped(TEXT)),
        ("X-GZIP", gzipped(TEXT)),
        ("gzip, identity", gzipped(TEXT)),
        ("gzip", gzipped(TEXT[:500]) + gzipped(b"") + gzipped(TEXT[500:])),
        ("gzip", gzipped(TEXT) + b"\0" * 100),
        ("deflate", compress(TEXT, 15)),
        ("deflate", compress(TEXT, -15)),
    ],
)
async def test_a_body_is_decoded(serve: Serve, coding: str, body: bytes) -> None:
    server = await serve(reply("200 OK", f"Content-Encoding: {coding}", body=body))
    response = await read(server.url)
    assert (response.body, response.is_whole) == (TEXT, True)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_073])
@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
async def test_what_zlib_holds_back_at_the_end_is_fetched(serve: Serve, coding: str, wbits: int, size: int) -> None:
    server = await serve(reply("200 OK", f"Content-Encoding: {coding}", body=compress(bytes(size), wbits)))
    response = await read(server.url)
    assert (response.body, response.is_whole) == (bytes(size), True)


@pytest.mark.parametrize("encoded", [gzipped(b"a") + gzipped(b"b"), compress(b"ab", 15), compress(b"ab", -15)])
async def test_a_body_is_decoded_however_it_is_cut_into_pieces(serve: Serve, encoded: bytes) -> None:
    coding = b"gzip" if encoded.startswith(b"\x1f\x8b") else b"deflate"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in encoded) + b"0\r\n\r\n"
    server = await serve(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: %s\r\n\r\n" % coding) + chunks)
    assert (await read(server.url)).body == b"ab"


@pytest.mark.parametrize(
    ("decoder", "encoded"),
    [
        pytest.param(Gzip, gzipped(b"a") + gzipped(b"b"), id="gzip"),
        pytest.param(Deflate, compress(b"ab", 15), id="deflate"),
        pytest.param(Deflate, compress(b"ab", -15), id="deflate without zlib's header"),
    ],
)
def test_a_decoder_takes_a_body_byte_by_byte(decoder: type[Decoder], encoded: bytes) -> None:
    begun = decoder()
    assert b"".join(begun.decode(encoded[at : at + 1], 100) for at in range(len(encoded))) == b"ab"
    assert begun.is_complete


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x"])
async def test_of_a_coding_that_is_not_known_nothing_is_read(serve: Serve, coding: str) -> None:
    server = await serve(reply("200 OK", f"Content-Encoding: {coding}", body=TEXT))
    assert (await read(server.url)).body is None


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
async def test_no_body_is_no_broken_one(serve: Serve, coding: str) -> None:
    server = await serve(reply("204 No Content", f"Content-Encoding: {coding}"))
    response = await read(server.url)
    assert (response.body, response.is_whole) == (b"", True)


async def test_codings_that_can_be_bounded_are_asked_for_unless_the_user_says_otherwise(serve: Serve) -> None:
    server = await serve(reply())
    await read(server.url)
    await read(server.url, headers=(("accept-encoding", "identity"),))
    assert "Accept-Encoding: gzip, deflate\r\n" in server.heads[0]
    assert "accept-encoding: identity\r\n" in server.heads[1]
    assert "gzip" not in server.heads[1]


# --- bounds ---


@pytest.mark.parametrize(("limit", "is_whole"), [(len(TEXT) - 1, False), (len(TEXT), True), (len(TEXT) + 1, True)])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_a_body_is_read_up_to_the_bound(serve: Serve, coding: str, limit: int, *, is_whole: bool) -> None:
    body = gzipped(TEXT) if coding == "gzip" else TEXT
    server = await serve(reply("200 OK", f"Content-Encoding: {coding}", body=body))
    response = await read(server.url, max_body=limit)
    assert (response.body, response.is_whole) == (TEXT[:limit], is_whole)


@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
async def test_a_bomb_takes_no_more_memory_than_the_bound(serve: Serve, coding: str, wbits: int) -> None:
    server = await serve(reply("200 OK", f"Content-Encoding: {coding}", "X-Claims: 10 GB", body=bomb(100, wbits)))
    async with open_client(Settings(expect_text=ANY, max_body=100_000)) as client:
        await client.attempt(parse(server.url), "GET")  # what is imported and cached is paid for
        tracemalloc.start()
        try:
            outcome = await client.attempt(parse(server.url), "GET")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert isinstance(outcome, Response)
    assert (outcome.body, outcome.is_whole) == (bytes(100_000), False)
    assert peak < 2 * 1024 * 1024


async def test_a_body_without_an_end_is_read_to_the_bound(serve: Serve) -> None:
    async def flood(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(ENDLESS)
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    server = await serve(flood)
    response = await read(server.url, max_body=300_000)
    assert (response.body, response.is_whole) == (b"x" * 300_000, False)


async def test_members_that_hold_nothing_are_not_read_for_ever(serve: Serve) -> None:
    server = await serve(reply("200 OK", "Content-Encoding: gzip", body=gzipped(b"") * 10_000))
    failure = await fail(server.url, expect_text=ANY, max_body=1000)
    assert (failure.kind, failure.message) == (FailureKind.PROTOCOL, "the gzip of the body holds next to nothing")


# --- what goes wrong ---

BROKEN: list[tuple[bytes, str, bool]] = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "the body breaks off before its end", True),
    (CHUNKED + b"3\r\nabc\r\n100\r\nabc", "the body breaks off before its end", True),
    (CHUNKED + b"3\r\nabc\r\n", "the body breaks off before its end", True),
    (CHUNKED + b"3\r\nabc\r\nzz\r\nabc", "a broken body: malformed chunks", False),
    (reply("200 OK", "Content-Encoding: gzip", body=gzipped(TEXT)[:-9]), "the gzip of the body breaks off", False),
    (reply("200 OK", "Content-Encoding: gzip", body=gzipped(TEXT)[:1]), "the gzip of the body breaks off", False),
    (reply("200 OK", "Content-Encoding: gzip", body=gzipped(TEXT) + b"\x1f"), "the gzip of the body breaks off", False),
    (reply("200 OK", "Content-Encoding: deflate", body=compress(TEXT, 15)[:-2]), "the deflate of the body breaks off", False),
    (reply("200 OK", "Content-Encoding: deflate", body=b"\x78"), "the deflate of the body breaks off", False),
    (reply("200 OK", "Content-Encoding: gzip", body=TEXT), "the body is not valid gzip", False),
    (reply("200 OK", "Content-Encoding: deflate", body=b"\xff" * 9), "the body is not valid deflate", False),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "message", "transient"), BROKEN)
async def test_a_broken_body_is_a_failure_of_the_protocol(
    serve: Serve, answer: bytes, message: str, *, transient: bool
) -> None:
    failure = await fail((await serve(answer)).url, expect_text=ANY)
    assert (failure.kind, failure.message, failure.transient) == (FailureKind.PROTOCOL, message, transient)


@pytest.mark.parametrize("head", [ENDLESS, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
async def test_a_body_whose_connection_is_reset_is_not_whole(serve: Serve, head: bytes) -> None:
    async def reset(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"abc")
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    # the reset may overtake the head
    failure = await fail((await serve(reset)).url, expect_text=ANY)
    assert failure.message in ("the body breaks off before its end", "connection reset")


@pytest.mark.parametrize("answer", [answer for answer, _, _ in BROKEN])
async def test_a_body_that_nobody_judges_may_be_broken(serve: Serve, answer: bytes) -> None:
    server = await serve(answer)
    assert (await respond(server.url)).status == 200
    assert (await respond(server.url, keep_body=True)).status == 200
    assert (await respond(server.url, expect_text=ANY, accept={404})).status == 200


def stall(after: bytes) -> Callable[[str, asyncio.StreamWriter], Any]:
    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        writer.write(after)
        await hold(target, writer)

    return answer


async def test_a_body_that_does_not_end_in_time_is_a_timeout_of_the_body(serve: Serve) -> None:
    server = await serve(stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"))
    failure = await fail(server.url, expect_text=ANY, timeout=0.2)
    assert (failure.kind, failure.message) == (FailureKind.TIMEOUT, "no end of the body within 200 ms")
    assert failure.transient


async def test_a_body_in_drops_is_a_timeout_too(serve: Serve) -> None:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(ENDLESS)
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.01)

    assert (await fail((await serve(drip)).url, expect_text=ANY, timeout=0.2)).kind is FailureKind.TIMEOUT


# --- only to be shown ---


async def test_of_a_body_that_is_only_shown_the_beginning_is_read(serve: Serve) -> None:
    server = await serve(reply("404 Not Found", body=b"x" * 100_000))
    response = await respond(server.url, keep_body=True, expect_text=ANY)
    assert (response.status, response.body, response.is_whole) == (404, b"x" * 2048, False)


@pytest.mark.parametrize(("settings", "shown"), [({}, None), ({"max_time": 9.0}, b"x")])
async def test_of_what_passes_by_its_status_nothing_is_read_to_be_shown(
    serve: Serve, settings: dict[str, Any], shown: bytes | None
) -> None:
    server = await serve(reply(body=b"x"))
    assert (await respond(server.url, keep_body=True, **settings)).body == shown


async def test_a_reader_that_was_paused_gets_what_the_parser_still_held() -> None:
    handler = TracedHandler(asyncio.get_running_loop())
    resumed: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ResponseHandler, "data_received", lambda _, data: resumed.append(data))
        handler.data_received(b"")  # as aiohttp's resume_reading does
    assert resumed == [b""]


async def test_what_comes_of_a_broken_body_is_shown(serve: Serve) -> None:
    server = await serve(b"HTTP/1.1 404 Not Found\r\n\r\nabc", keeps=True)
    attempting = asyncio.create_task(attempt(server.url, keep_body=True))
    async with asyncio.timeout(PATIENCE):
        outcome = await attempting
    assert isinstance(outcome, Response)
    assert (outcome.body, outcome.is_whole) == (b"abc", False)


# --- the connection ---


@pytest.mark.parametrize(("size", "connections"), [(1000, 1), (2_000_000, 2)])
async def test_a_connection_is_kept_where_its_body_was_read_to_the_end(serve: Serve, size: int, connections: int) -> None:
    met: set[asyncio.StreamWriter] = set()
    body = b"x" * size

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        met.add(writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    server = await serve(answer, keeps=True)
    async with open_client(Settings(expect_text=ANY)) as client:
        for _ in range(2):
            outcome = await client.attempt(parse(server.url), "GET", keep)
            assert not isinstance(outcome, Failure)
    assert len(met) == connections
