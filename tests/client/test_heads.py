from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL
from contextlib import suppress
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import attempt, fail, keep, open_client, respond
from tests.support.clock import PATIENCE
from tests.support.servers import Serve
from urlcheck import Settings
from urlcheck.client.heads import MAX_HEAD_BYTES, MAX_HEADS, HeadError, HeadReader, repair
from urlcheck.http.url import parse
from urlcheck.model.outcome import Response

LENGTH = b"Content-Length: 2"
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"2\r\nok\r\n0\r\n\r\n"


def head(*lines: bytes, first: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([first, *lines, b"", b""])


# --- what curl accepts is accepted, and means the same ---

ACCEPTED: dict[str, bytes] = {
    "one length twice": head(LENGTH, LENGTH) + b"ok",
    "one length three times": head(LENGTH, LENGTH, LENGTH) + b"ok",
    "one length as a list": head(b"Content-Length: 2, 2") + b"ok",
    "one length as a list of three": head(b"Content-Length: 2,2,2") + b"ok",
    "one length in two spellings": head(LENGTH, b"Content-Length: 02") + b"ok",
    "a length and a comma": head(b"Content-Length: 2,") + b"ok",
    "a length with a sign": head(b"Content-Length: +2") + b"ok",
    "a length with a unit": head(b"Content-Length: 2 bytes") + b"ok",
    "a length beyond all bounds": head(b"Content-Length: 99999999999999999999999") + b"ok",
    "a length, then chunks": head(LENGTH, CHUNKED) + CHUNKS,
    "chunks, then a length": head(CHUNKED, LENGTH) + CHUNKS,
    "two lengths and chunks": head(LENGTH, b"Content-Length: 3", CHUNKED) + CHUNKS,
    "chunks twice": head(CHUNKED, CHUNKED) + CHUNKS,
    "no coding and a length": head(b"Transfer-Encoding: identity", LENGTH) + b"ok",
    "a coding with a blank before its colon": head(b"Transfer-Encoding : chunked", LENGTH) + b"ok",
    "a blank before a colon": head(b"X-Foo : v", LENGTH) + b"ok",
    "a blank in a name": head(b"Bad Name: v", LENGTH) + b"ok",
    "brackets in a name": head(b"X[foo]: v", LENGTH) + b"ok",
    "UTF-8 in a name": head("X-\u00e9: v".encode(), LENGTH) + b"ok",
    "Latin-1 in a name": head(b"X-\xe9: v", LENGTH) + b"ok",
    "a control character in a name": head(b"X\x01: v", LENGTH) + b"ok",
    "no name": head(b": v", LENGTH) + b"ok",
    "markup for a name": head(b"<html>: v", LENGTH) + b"ok",
    "a continued line that is no header": head(b"X[]: a", b" b", LENGTH) + b"ok",
    "a continued line": head(b"X: a", b" b", LENGTH) + b"ok",
    "a CR in a value": head(b"X: a\rb", LENGTH) + b"ok",
    "two CRs at the end of a header": head(LENGTH + b"\r") + b"ok",
    "two CRs at the end of the status line": head(LENGTH, first=b"HTTP/1.1 200 OK\r") + b"ok",
    "two CRs at the end of the head": head(LENGTH)[:-2] + b"\r\r\nok",
    "a WebSocket draft's key": head(b"Sec-WebSocket-Key1: a", LENGTH) + b"ok",
    "line feeds alone": head(LENGTH).replace(b"\r", b"") + b"ok",
    "small letters": head(LENGTH, first=b"http/1.1 200 OK") + b"ok",
    "HTTP/2 in words alone": head(LENGTH, first=b"HTTP/2 200 OK") + b"ok",
    "HTTP/2.0 in words alone": head(LENGTH, first=b"HTTP/2.0 200 OK") + b"ok",
    "two blanks in the status line": head(LENGTH, first=b"HTTP/1.1  200 OK") + b"ok",
    "no blank before the reason": head(LENGTH, first=b"HTTP/1.1 200OK") + b"ok",
    "a colon after the status": head(LENGTH, first=b"HTTP/1.1 200: OK") + b"ok",
    "a tab before the reason": head(LENGTH, first=b"HTTP/1.1 200\tOK") + b"ok",
    "a CR in the reason": head(LENGTH, first=b"HTTP/1.1 200 O\rK") + b"ok",
    "no reason": head(LENGTH, first=b"HTTP/1.1 200") + b"ok",
    "an odd interim response": head(b"X[a]: b", first=b"HTTP/1.1 103 Hints") + head(LENGTH) + b"ok",
    "an interim response before an odd one": head(first=b"HTTP/1.1 100 Go") + head(LENGTH, LENGTH) + b"ok",
}

REFUSED: dict[str, bytes] = {
    "a negative length": head(b"Content-Length: -2") + b"ok",
    "a length of words": head(b"Content-Length: two") + b"ok",
    "an empty length": head(b"Content-Length:") + b"ok",
    "a line without a colon": head(b"what is this", LENGTH) + b"ok",
    "a continued status line": head(b" b", LENGTH) + b"ok",
    "a second status line": head(b"HTTP/1.0 404 Not Found", LENGTH) + b"ok",
    "a NUL in a name": head(b"X\0: v", LENGTH) + b"ok",
    "a NUL in a value": head(b"X: a\0b", LENGTH) + b"ok",
    "RTSP": head(LENGTH, first=b"RTSP/1.0 200 OK") + b"ok",
    "Shoutcast": head(LENGTH, first=b"ICY 200 OK") + b"ok",
    "HTTP/0.9": head(LENGTH, first=b"HTTP/0.9 200 OK") + b"ok",
    "HTTP/1.2": head(LENGTH, first=b"HTTP/1.2 200 OK") + b"ok",
    "HTTP/3": head(LENGTH, first=b"HTTP/3 200 OK") + b"ok",
    "no version": head(LENGTH, first=b"HTTP 200 OK") + b"ok",
    "a status of two digits": head(LENGTH, first=b"HTTP/1.1 20 OK") + b"ok",
    "a status of four digits": head(LENGTH, first=b"HTTP/1.1 2000 OK") + b"ok",
    "a blank before all": b" " + head(LENGTH) + b"ok",
    "a byte-order mark before all": b"\xef\xbb\xbf" + head(LENGTH) + b"ok",
    "a body alone": b"<html>hello</html>",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
}


@pytest.mark.parametrize("answer", ACCEPTED.values(), ids=ACCEPTED.keys())
async def test_an_odd_head_is_read_and_so_is_its_body(serve: Serve, answer: bytes) -> None:
    server = await serve(answer)
    response = await respond(server.url, expect_text=("ok",))
    assert (response.status, response.body) == (200, b"ok")


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_head_is_a_protocol_failure_that_does_not_pass(serve: Serve, answer: bytes) -> None:
    server = await serve(answer)
    failure = await fail(server.url)
    assert (failure.kind.value, failure.transient) == ("protocol", False)
    assert failure.message.startswith("not an HTTP answer: ")


async def test_lengths_that_differ_are_refused(serve: Serve) -> None:
    server = await serve(head(LENGTH, b"Content-Length: 3") + b"ok")
    assert (await fail(server.url)).message == "not an HTTP answer: lengths that differ"


async def test_a_line_that_is_no_header_is_left_out_and_the_others_stay(serve: Serve) -> None:
    server = await serve(head(b"A: 1", b"X[foo]: v", b"B: 2", b"X : w", b"A: 3", LENGTH))
    assert [*(await respond(server.url)).headers.lines] == [("A", "1"), ("B", "2"), ("A", "3"), ("Content-Length", "2")]


# --- beside curl itself ---

CURL = shutil.which("curl")


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize("answer", [*ACCEPTED.values(), *REFUSED.values()], ids=[*ACCEPTED, *REFUSED])
async def test_curl_says_the_same(serve: Serve, answer: bytes) -> None:
    server = await serve(answer)
    outcome = await attempt(server.url)
    process = await asyncio.create_subprocess_exec(
        *(str(CURL), "-q", "--silent", "--noproxy", "*", "--max-time", str(PATIENCE), "--output", os.devnull, server.url),
        stdout=DEVNULL,
    )
    assert isinstance(outcome, Response) == (await process.wait() == 0)


# --- in pieces ---


@pytest.mark.parametrize("answer", [*ACCEPTED.values(), *REFUSED.values()], ids=[*ACCEPTED, *REFUSED])
async def test_a_head_that_comes_byte_by_byte_is_read_as_one_that_comes_at_once(serve: Serve, answer: bytes) -> None:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        for byte in answer:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    whole, dripped = await serve(answer), await serve(drip)
    outcomes = [await attempt(server.url, expect_text=("ok",)) for server in (whole, dripped)]
    facts = [
        (outcome.status, outcome.body, [*outcome.headers.items()])
        if isinstance(outcome, Response)
        else (outcome.kind, outcome.message)
        for outcome in outcomes
    ]
    assert facts[0] == facts[1]


HEADS = [head(), head(LENGTH, CHUNKED), head(LENGTH).replace(b"\r", b""), head(LENGTH)[:-2] + b"\r\r\n", b"\r\n" + head()]


@given(st.lists(st.sampled_from(HEADS), min_size=1), st.lists(st.integers(1, 40), min_size=1))
def test_pieces_of_any_size_make_the_same_heads(heads: list[bytes], sizes: list[int]) -> None:
    data = b"".join(heads)
    assert len(_read(data, sizes)) == len(heads)
    assert _read(data, [len(data)]) == _read(data, sizes)


def _read(data: bytes, sizes: list[int]) -> list[bytes]:
    """The heads in the data, which comes in pieces of those sizes, again and again."""
    reader, heads, rest = HeadReader(), list[bytes](), data
    for size in cycle(sizes):
        piece, rest = rest[:size], rest[size:]
        while piece:
            found, piece = reader.take(piece)
            heads += [found] if found else []
        if not rest:
            break
    return heads


async def test_an_answer_that_is_no_http_is_refused_before_its_end(serve: Serve) -> None:
    async def greet(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await asyncio.Event().wait()

    server = await serve(greet)
    assert (await fail(server.url)).message == "not an HTTP answer: the server speaks SSH"


@pytest.mark.parametrize("piece", [b"x", b"\r\n", b"X: y\r\n"], ids=["a line", "empty lines", "headers"])
def test_what_comes_before_the_final_head_is_bounded(piece: bytes) -> None:
    reader = HeadReader()
    reader.take(b"HTTP/1.1 200 OK\r\nX:" if piece != b"\r\n" else b"")
    with pytest.raises(HeadError, match="more headers than anyone needs"):
        _take(reader, piece, MAX_HEAD_BYTES)


def test_interim_responses_are_bounded() -> None:
    reader = HeadReader()
    _take(reader, head(), MAX_HEADS)
    with pytest.raises(HeadError, match="more interim responses than anyone needs"):
        reader.take(head())


def _take(reader: HeadReader, piece: bytes, times: int) -> None:
    for _ in range(times):
        reader.take(piece)


# --- connections ---


async def test_a_connection_with_an_odd_head_is_not_kept(serve: Serve) -> None:
    connections = set()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        writer.write(head(LENGTH, LENGTH) + b"ok")

    server = await serve(answer, keeps=True)
    async with open_client(Settings()) as client:
        outcomes = [await client.attempt(parse(server.url), "GET", keep) for _ in range(2)]
    assert [isinstance(outcome, Response) for outcome in outcomes] == [True, True]
    assert len(connections) == 2


# --- the rewriting itself ---

LINES = st.one_of(
    st.binary(max_size=12),
    st.builds(lambda name, value: name + b":" + value, st.binary(max_size=5), st.binary(max_size=5)),
    st.sampled_from([LENGTH, CHUNKED, b"Content-Length: 3", b"Content-Length: 2, 2", b"Transfer-Encoding: identity", b" x"]),
)


@given(st.lists(LINES, max_size=6).map(lambda lines: head(*lines)))
def test_what_is_repaired_says_one_thing_and_needs_no_repair(odd: bytes) -> None:
    try:
        repaired = repair(odd)
    except HeadError:
        return
    assert repair(repaired) == repaired
    names = [line.partition(b":")[0].lower() for line in repaired.split(b"\r\n")[1:-2]]
    framing = [name for name in names if name in (b"content-length", b"transfer-encoding")]
    assert len(set(framing)) <= 1
    assert framing.count(b"content-length") <= 1
    assert b"\0" not in repaired
    assert repaired.count(b"\r") == repaired.count(b"\n") == repaired.count(b"\r\n")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_repair(data: bytes) -> None:
    with suppress(HeadError):
        assert repair(b"HTTP/1.1 200 " + data).endswith(b"\r\n\r\n")
