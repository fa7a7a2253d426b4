"""A server that misbehaves in a hundred ways, each a named scenario with a port of its own; all on loopback.

`ANSWERS` are scenarios that consist of their bytes, `LOCATIONS` of a redirect and what is to be asked for next; the functions
below them are those that must do something. What a checker of URLs has to make of each, tests/test_hostile.py says.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any, Self

import trustme

from tests.support.certificates import CERTIFICATES, demand_a_certificate

SECRET = "hunter2"  # whatever holds it must not be shown

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1 << 20
A_WHILE = 0.05  # seconds between the drops of a drip
PATIENCE = 30  # seconds after which a server that does not start or stop fails its tests
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def status(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A whole answer after which the connection is closed."""
    lines = [f"HTTP/1.1 {line}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def with_header(header: bytes) -> bytes:
    """An answer that is well but for one header."""
    return b"HTTP/1.1 200 OK\r\n" + header + b"\r\nContent-Length: 2\r\n\r\nok"


# each is sent when a request has come, and then the connection is closed
ANSWERS: dict[str, bytes] = {
    # hardly HTTP
    "garbage": bytes(range(256)),
    "http_0_9": b"<html>hello</html>",
    "http_1_0": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "http_9_9": b"HTTP/9.9 200 OK\r\n\r\nhello",
    "http_2": b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01",
    "tls_alert": b"\x15\x03\x01\0\x02\x02\x0a",  # a TLS server that is asked in plain HTTP
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "smtp": b"220 mail.example ESMTP\r\n500 5.5.1 Invalid command\r\n",
    "shoutcast": b"ICY 200 OK\r\nicy-name: radio\r\n\r\n",
    "rtsp": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
    "nothing": b"",
    "half_a_status_line": b"HTTP/1.1 20",
    "half_a_head": b"HTTP/1.1 200 OK\r\nContent-Type: text/ht",
    # statuses
    "status_000": status("000 Nothing"),
    "status_099": status("099 Early"),
    "status_600": status("600 Late"),
    "status_999": status("999 Request denied"),
    "status_1000": status("1000 Large"),
    "status_negative": status("-200 OK"),
    "no_reason": b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
    "accepted": status("202 Accepted"),
    "no_content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "unauthorized": status("401 Unauthorized", 'WWW-Authenticate: Basic realm="\x1b[2J"'),
    "forbidden": status("403 Forbidden"),
    "not_found": status("404 Not Found"),
    "gone": status("410 Gone"),
    "too_many_requests": status("429 Too Many Requests"),
    "retry_after_seconds": status("429 Slow Down", "Retry-After: 3600"),
    "retry_after_date": status("429 Slow Down", "Retry-After: Fri, 31 Dec 2999 23:59:59 GMT"),
    "retry_after_absurd": status("429 Slow Down", f"Retry-After: {'9' * 5000}"),
    "retry_after_negative": status("429 Slow Down", "Retry-After: -1"),
    "retry_after_garbage": status("429 Slow Down", "Retry-After: Thu, 99 Foo 0000 99:99:99 +9999999999"),
    "unavailable": status("503 Service Unavailable", "Retry-After: 3600"),
    "cloudflare": status("403 Forbidden", "cf-mitigated: challenge"),
    "aws_waf": status("202 Accepted", "x-amzn-waf-action: challenge"),
    "not_modified": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "multiple_choices": status("300 Multiple Choices", "Location: /there"),
    # reason phrases that a terminal would obey
    "reason_escape": status("404 \x1b[31mred\x1b[0m"),
    "reason_osc": status("404 \x1b]0;owned\x07"),
    "reason_c1": status("404 \x9b31m"),
    "reason_bidi": status("404 \u202egnp.exe\u2066"),
    "reason_not_utf_8": b"HTTP/1.1 404 \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "reason_markup": status("404 [bold red]x[/nope]"),
    "reason_newlines": status("404 a\x85b\u2028c\u2029d"),
    "reason_long": status(f"404 {'long ' * 20_000}"),
    # headers
    "header_escape": with_header(b"X-Title: \x1b]0;owned\x07\x9b31m\xff"),
    "header_folded": with_header(b"X-Long: one\r\n two\r\n\tthree"),
    "header_nul": with_header(b"X-Nul: a\0b"),
    "header_without_colon": with_header(b"what is this"),
    "header_without_name": with_header(b": value"),
    "header_with_a_blank_in_its_name": with_header(b"Bad Name: value"),
    "header_200_kb": with_header(b"Set-Cookie: a=" + b"x" * 200_000),
    "header_2_mb": with_header(b"X-Large: " + b"x" * 2 * MEGABYTE),
    "headers_2_mb": with_header(b"\r\n".join(b"X-%d: %s" % (n, b"x" * 20_000) for n in range(100))),
    "headers_500": with_header(b"\r\n".join(b"X-%d: x" % n for n in range(500))),
    "headers_5000": with_header(b"\r\n".join(b"X-%d: x" % n for n in range(5000))),
    "line_feeds_alone": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "two_lengths": with_header(b"Content-Length: 3"),
    "two_equal_lengths": with_header(b"Content-Length: 2"),
    "negative_length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "length_of_words": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "length_with_chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    # more than one answer
    "continue_first": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "hints_first": b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + OK,
    "continue_only": b"HTTP/1.1 100 Continue\r\n\r\n",
    "switching_protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    # bodies, after a head in which nothing is wrong
    "body_without_length": b"HTTP/1.1 200 OK\r\n\r\nhello",
    "body_too_short": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello",
    "body_cut_in_a_chunk": CHUNKED + b"ff\r\nhello",
    "malformed_chunk": CHUNKED + b"zz\r\nhello\r\n",
    "chunk_of_2_to_the_80": CHUNKED + b"100000000000000000000\r\nhello",
    "unknown_encoding": with_header(b"Content-Encoding: rot13"),
    "not_brotli": with_header(b"Content-Encoding: br"),
    "gzip_bomb": status("200 OK", "Content-Encoding: gzip", body=gzip.compress(bytes(MEGABYTE)) * 64),
}

# where a redirect leads, and the request target that this must become; None where it can become none
LOCATIONS: dict[str, tuple[bytes, bytes | None]] = {
    "to_path": (b"/there", b"/there"),
    "to_relative": (b"there", b"/there"),
    "to_parent": (b"../../there", b"/there"),
    "to_query": (b"?x", b"/to_query?x"),
    "to_empty_query": (b"/there?", b"/there?"),
    "to_fragment": (b"/there#part", b"/there"),
    "to_same_scheme": (b"//127.0.0.1:{port}/there", b"/there"),
    "to_absolute": (b"HTTP://127.0.0.1:{port}", b"/"),
    "to_blanks_around": (b"  /there\t ", b"/there"),
    "to_blank": (b"/two words", b"/two%20words"),
    "to_utf_8": (b"/caf\xc3\xa9", b"/caf%C3%A9"),
    "to_latin_1": (b"/caf\xe9", b"/caf%E9"),
    "to_bidi": (b"/\xe2\x80\xaegnp.exe", b"/%E2%80%AEgnp.exe"),
    "to_percent": (b"/%27%2f%2E?%2B", b"/%27%2f%2E?%2B"),
    "to_encoded_crlf": (b"/%0D%0ASet-Cookie:%20a=b", b"/%0D%0ASet-Cookie:%20a=b"),
    "to_markup": (b"/[bold red]x[/nope]", b"/[bold%20red]x[/nope]"),
    "to_token": (f"/there?token={SECRET}".encode(), f"/there?token={SECRET}".encode()),
    "to_dead_end_with_token": (f"/missing?a=b&X-Amz-Signature={SECRET}".encode(), None),
    "to_userinfo": (f"http://user:{SECRET}@127.0.0.1:{{port}}/there".encode(), b"/there"),
    "to_nowhere": (b"", None),
    "to_ftp": (b"ftp://127.0.0.1/", None),
    "to_javascript": (b"javascript:alert(1)", None),
    "to_file": (b"file:///etc/passwd", None),
    "to_data": (b"data:text/html,hello", None),
    "to_no_host": (b"http:///there", None),
    "to_open_bracket": (b"http://[::1/", None),
    "to_port_99999": (b"http://127.0.0.1:99999/", None),
    "to_port_word": (b"http://127.0.0.1:http/", None),
    "to_long_label": (b"http://" + b"a" * 64 + b".example/", None),
    "to_empty_label": (b"http://a..b/", None),
    "to_odd_address": (b"http://127.1:{port}/there", None),
    "to_number": (b"http://2130706433:{port}/there", None),
    "to_host_of_bytes": (b"http://\xff\xfe.example/", None),
    "to_escape": (b"/\x1b[2J\x1b]0;owned\x07", None),
    "to_long": (b"/" + b"x" * 16 * 1024, None),
    "to_malformed_with_password": (f"http://user:{SECRET}@127.0.0.1:99999/?token={SECRET}".encode(), None),
    "to_malformed_with_slash_in_password": (f"http://user:0/{SECRET}@127.0.0.1/".encode(), None),
    "to_escape_with_password": (f"http://user:{SECRET}\x1b@127.0.0.1/".encode(), None),
}

# TLS servers that answer a greeting with an alert (RFC 8446, 6)
ALERTS = {
    "tls_unexpected_message": 10,
    "tls_handshake_failure": 40,
    "tls_protocol_version": 70,
    "tls_internal_error": 80,
    "tls_unrecognized_name": 112,
}
# ... or with a greeting in TLS 1.0: version, 32 bytes of chance, no session, a cipher of then, no compression
TLS_1_0 = b"\x16\x03\x01\0\x2a\x02\0\0\x26\x03\x01" + bytes(32) + b"\0\0\x2f\0"


class Connection:
    """One connection to a scenario; `number` counts them from 1."""

    def __init__(self, server: HostileServer, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.name = name
        self.port = server.ports[name]
        self.reader = reader
        self.writer = writer

    async def request(self) -> Request:
        """The next request; raises `IncompleteReadError` where none comes."""
        request = Request(await self.reader.readuntil(b"\r\n\r\n"))
        self.server.asked[self.name, request.target] += 1
        return request

    async def send(self, data: bytes) -> None:
        """Raises `ConnectionError` where nobody listens any more."""
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0)  # the others have their turn, however fast this one is read

    async def answer(self, data: bytes) -> None:
        """Send that as the answer to whatever is asked."""
        await self.request()
        await self.send(data)

    async def redirect(self, location: bytes, *headers: bytes) -> None:
        await self.send(
            b"\r\n".join([b"HTTP/1.1 302 Found", b"Location: " + location, *headers, b"Content-Length: 0", b"", b""])
        )

    async def hold(self) -> None:
        """Say nothing until the other side has gone."""
        await self.reader.read()

    def reset(self) -> None:
        """End the connection with an RST."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.writer.transport.abort()


@dataclass(frozen=True)
class Request:
    """A request's head."""

    head: bytes

    @property
    def method(self) -> bytes:
        return self.head.split(b" ")[0]

    @property
    def target(self) -> bytes:
        return self.head.split(b" ")[1]

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]

    def carries(self, text: str) -> bool:
        return text.lower().encode() in self.head.lower()


Play = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """What a server does with each of its connections; without a certificate, https is the scenario's own business."""

    play: Play
    scheme: str = "http"
    certificate: str | None = None
    address: str = "127.0.0.1"


SCENARIOS: dict[str, Scenario] = {}

# ports without a server behind them, as the sockets that must be kept for it, the port's own first
PORTS: dict[str, Callable[[], list[socket.socket]]] = {}


def scenario(scheme: str = "http", certificate: str | None = None, address: str = "127.0.0.1") -> Callable[[Play], Play]:
    """Registers a scenario by its function's name."""

    def register(play: Play) -> Play:
        SCENARIOS[getattr(play, "__name__", "")] = Scenario(play, scheme, certificate, address)
        return play

    return register


def port(open_port: Callable[[], list[socket.socket]]) -> Callable[[], list[socket.socket]]:
    """Registers a port by its function's name."""
    PORTS[open_port.__name__] = open_port
    return open_port


# --- what is well, to compare with


@scenario()
async def good(connection: Connection) -> None:
    """Keeps its connections, and answers whatever is asked."""
    while True:
        await connection.answer(OK)


@scenario(address="0.0.0.0" if sys.platform == "linux" else "127.0.0.1")
async def thousand_hosts(connection: Connection) -> None:
    """Answers as every address of 127.0.0.0/8, each of them a host; keeps every connection that it may keep."""
    await good(connection)


@scenario()
async def anything(connection: Connection) -> None:
    """Answers what it was last told to."""
    await connection.answer(connection.server.anything)


@scenario()
async def customs(connection: Connection) -> None:
    """Has nothing against visitors who carry no secret of another origin's."""
    request = await connection.request()
    smuggled = [header for header in ("Cookie:", "Authorization:", "X-Key:") if request.carries(header)]
    await connection.send(status("403 Smuggler") if smuggled else status("200 OK"))


# --- connections


@port
def refused() -> list[socket.socket]:
    """A port that nobody listens on, and nobody else can take."""
    return [_bind()]


@port
def never_accepted() -> list[socket.socket]:
    """A server so busy that its backlog is full: it does not even shake hands."""
    listener, crowd = _bind(), [socket.socket() for _ in range(4)]
    listener.listen(0)
    for visitor in crowd:
        visitor.settimeout(0)
        visitor.connect_ex(listener.getsockname())
    return [listener, *crowd]


def _bind() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


@scenario()
async def finished_at_once(connection: Connection) -> None:
    connection.writer.write_eof()
    await connection.hold()


@scenario()
async def reset_at_once(connection: Connection) -> None:
    connection.reset()


@scenario()
async def reset_after_the_request(connection: Connection) -> None:
    await connection.request()
    connection.reset()


@scenario()
async def never_answered(connection: Connection) -> None:
    await connection.hold()


# --- answers without an end, or in no hurry


@scenario()
async def drip_of_the_head(connection: Connection) -> None:
    await connection.answer(b"HTTP/1.1 200 OK\r\nX-Drops: ")
    await _drip(connection)


@scenario()
async def drip_of_the_status_line(connection: Connection) -> None:
    await connection.answer(b"HTTP/1.1 200 ")
    await _drip(connection)


@scenario()
async def drip_of_the_body(connection: Connection) -> None:
    await connection.answer(b"HTTP/1.1 200 OK\r\n\r\n")
    await _drip(connection)


async def _drip(connection: Connection) -> None:
    while True:
        await connection.send(b".")
        await asyncio.sleep(A_WHILE)


@scenario()
async def drip_of_hints(connection: Connection) -> None:
    await connection.request()
    while True:
        await connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await asyncio.sleep(A_WHILE)


@scenario()
async def flood_of_hints(connection: Connection) -> None:
    await _flood(connection, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")


@scenario()
async def endless_headers(connection: Connection) -> None:
    await _flood(connection, b"HTTP/1.1 200 OK\r\n", b"X-Again: and again\r\n")


@scenario()
async def endless_header(connection: Connection) -> None:
    await _flood(connection, b"HTTP/1.1 200 OK\r\nX-Again: ", b"and again ")


@scenario()
async def endless_reason(connection: Connection) -> None:
    await _flood(connection, b"HTTP/1.1 200 ", b"OK ")


@scenario()
async def endless_body(connection: Connection) -> None:
    await _flood(connection, b"HTTP/1.1 200 OK\r\n\r\n", b"blah ")


async def _flood(connection: Connection, start: bytes, wave: bytes) -> None:
    await connection.answer(start)
    while True:
        await connection.send(wave * 1000)


# --- connections that are kept, or not


@scenario()
async def closes_what_it_promised_to_keep(connection: Connection) -> None:
    await connection.answer(OK)


@scenario()
async def hangs_up_on_the_second_request(connection: Connection) -> None:
    await connection.answer(OK)
    await connection.request()


@scenario()
async def resets_on_the_second_request(connection: Connection) -> None:
    await connection.answer(OK)
    await connection.request()
    connection.reset()


@scenario()
async def answers_what_was_not_asked(connection: Connection) -> None:
    """The second answer comes with the first, before there is a question."""
    while True:
        await connection.answer(OK + status("404 For Somebody Else"))


# --- answers that change


@scenario()
async def head_is_refused(connection: Connection) -> None:
    request = await connection.request()
    await connection.send(status("405 Method Not Allowed" if request.method == b"HEAD" else "200 OK"))


@scenario()
async def head_is_not_answered(connection: Connection) -> None:
    request = await connection.request()
    await connection.send(b"" if request.method == b"HEAD" else OK)


@scenario()
async def head_with_a_body(connection: Connection) -> None:
    await connection.answer(OK)


@scenario()
async def recovers(connection: Connection) -> None:
    await _only_the_first(connection, status("500 Internal Server Error"))


@scenario()
async def recovers_after_a_second(connection: Connection) -> None:
    await _only_the_first(connection, status("503 Service Unavailable", "Retry-After: 1"))


@scenario()
async def recovers_from_a_negative_retry_after(connection: Connection) -> None:
    await _only_the_first(connection, status("429 Too Many Requests", "Retry-After: -5"))


@scenario()
async def recovers_from_a_retry_after_in_the_past(connection: Connection) -> None:
    await _only_the_first(connection, status("429 Too Many Requests", "Retry-After: Mon, 01 Jan 2001 00:00:00 GMT"))


@scenario()
async def recovers_from_an_empty_answer(connection: Connection) -> None:
    await _only_the_first(connection, b"")


async def _only_the_first(connection: Connection, answer: bytes) -> None:
    request = await connection.request()
    is_first = connection.server.asked[connection.name, request.target] == 1
    await connection.send(answer if is_first else status("200 OK"))


# --- redirects


async def _redirect(connection: Connection) -> None:
    """As `LOCATIONS` say; 404 for any target but the right one, 403 for those who believed the Location's userinfo."""
    location, expected = LOCATIONS[connection.name]
    request = await connection.request()
    if request.target == expected:
        await connection.send(status("403 Forbidden" if request.carries("Authorization:") else "200 OK"))
    elif request.path == f"/{connection.name}".encode():
        await connection.redirect(location.replace(b"{port}", str(connection.port).encode()))
    else:
        await connection.send(status("404 Not Found"))


@scenario()
async def redirect_without_location(connection: Connection) -> None:
    await connection.answer(status("302 Found"))


@scenario()
async def loop_of_one(connection: Connection) -> None:
    request = await connection.request()
    await connection.redirect(request.target)


@scenario()
async def loop_of_two(connection: Connection) -> None:
    request = await connection.request()
    await connection.redirect(request.path if b"?" in request.target else request.path + b"?other")


@scenario()
async def loop_of_fragments(connection: Connection) -> None:
    """The same URL, said in another way each time."""
    request = await connection.request()
    await connection.redirect(request.target + b"#%d" % connection.server.asked[connection.name, request.target])


@scenario()
async def endless_redirects(connection: Connection) -> None:
    request = await connection.request()
    await connection.redirect(request.target + b"x")


@scenario()
async def three_redirects(connection: Connection) -> None:
    request = await connection.request()
    if request.target.endswith(b"xxx"):
        await connection.send(status("200 OK"))
    else:
        await connection.redirect(request.target + b"x")


@scenario()
async def see_other(connection: Connection) -> None:
    request = await connection.request()
    await connection.send(status("200 OK" if request.target == b"/there" else "303 See Other", "Location: /there"))


@scenario()
async def temporary_redirect(connection: Connection) -> None:
    request = await connection.request()
    await connection.send(status("200 OK" if request.target == b"/there" else "307 Temporary Redirect", "Location: /there"))


@scenario()
async def leads_to_a_dead_end(connection: Connection) -> None:
    await connection.request()
    await connection.redirect(connection.server.url("refused").encode())


@scenario()
async def leads_to_silence(connection: Connection) -> None:
    await connection.request()
    await connection.redirect(connection.server.url("never_answered").encode())


@scenario()
async def cookie_wall(connection: Connection) -> None:
    """Sets a cookie and asks to come again, until the cookie is sent back."""
    request = await connection.request()
    if request.carries("Cookie: seen=yes"):
        await connection.send(status("200 OK"))
    else:
        await connection.redirect(request.target, b"Set-Cookie: seen=yes; Path=/; HttpOnly")


@scenario()
async def cookie_wall_without_a_door(connection: Connection) -> None:
    """Sets another cookie each time."""
    request = await connection.request()
    count = connection.server.asked[connection.name, request.target]
    await connection.redirect(request.target, b"Set-Cookie: count=%d" % count)


@scenario()
async def leads_to_customs(connection: Connection) -> None:
    """Redirects those who show their credentials to another origin, with a cookie that is not for it."""
    request = await connection.request()
    if request.carries("Authorization: Basic") and request.carries(f"X-Key: {SECRET}"):
        await connection.redirect(connection.server.url("customs").encode(), b"Set-Cookie: session=mine")
    else:
        await connection.send(status("401 Unauthorized"))


@scenario()
async def asks_for_credentials_again(connection: Connection) -> None:
    """A redirect within the origin, at whose end the credentials are wanted too."""
    request = await connection.request()
    if not request.carries("Authorization: Basic"):
        await connection.send(status("401 Unauthorized"))
    elif request.target == b"/there":
        await connection.send(status("200 OK"))
    else:
        await connection.redirect(b"/there")


# --- TLS


@scenario("https")
async def tls_is_plain_http(connection: Connection) -> None:
    await connection.reader.read(1)
    await connection.send(status("400 Bad Request"))


@scenario("https")
async def tls_is_ssh(connection: Connection) -> None:
    await connection.send(ANSWERS["ssh"])
    await connection.hold()


@scenario("https")
async def tls_hangs(connection: Connection) -> None:
    await connection.hold()


@scenario("https")
async def tls_is_closed(connection: Connection) -> None:
    await connection.reader.read(1)
    connection.writer.write_eof()
    await connection.hold()


@scenario("https")
async def tls_is_reset(connection: Connection) -> None:
    await connection.reader.read(1)
    connection.reset()


@scenario("https")
async def tls_1_0(connection: Connection) -> None:
    await connection.reader.read(1)
    await connection.send(TLS_1_0)
    await connection.hold()


@scenario("https", "good")
async def tls_and_silence(connection: Connection) -> None:
    await connection.hold()


@scenario("https", "good")
async def tls_and_nothing(connection: Connection) -> None:
    await connection.request()


@scenario("https")
async def client_certificate_in_tls_1_2(connection: Connection) -> None:
    await _ask_for_a_certificate(connection, ssl.TLSVersion.TLSv1_2)


@scenario("https")
async def client_certificate_in_tls_1_3(connection: Connection) -> None:
    """Here the client has long finished its handshake when it is refused."""
    await _ask_for_a_certificate(connection, ssl.TLSVersion.TLSv1_3)


async def _ask_for_a_certificate(connection: Connection, version: ssl.TLSVersion) -> None:
    # by hand, as asyncio closes without the alert that OpenSSL would send
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = demand_a_certificate(connection.server.ca, version).wrap_bio(incoming, outgoing, server_side=True)
    with suppress(ssl.SSLError):
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await connection.send(outgoing.read())
                incoming.write(await connection.reader.read(MEGABYTE))
    await connection.send(outgoing.read())
    connection.writer.write_eof()
    await connection.hold()


async def _alert(connection: Connection) -> None:
    await connection.reader.read(1)
    await connection.send(bytes([21, 3, 3, 0, 2, 2, ALERTS[connection.name]]))
    connection.writer.write_eof()
    await connection.hold()


async def _say(connection: Connection) -> None:
    await connection.answer(ANSWERS[connection.name])


SCENARIOS.update(
    {name: Scenario(_say) for name in ANSWERS}
    | {name: Scenario(_redirect) for name in LOCATIONS}
    | {name: Scenario(_alert, "https") for name in ALERTS}
    | {f"certificate_{name}": Scenario(good, "https", name) for name in CERTIFICATES}
)


class HostileServer:
    """All the scenarios. `asked` counts the requests of each, by request target; `anything` is what that scenario says."""

    def __init__(self, ca: trustme.CA) -> None:
        self.ca = ca
        self.anything = b""
        self.ports: dict[str, int] = {}
        self.asked: Counter[tuple[str, bytes]] = Counter()
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._connections: set[asyncio.Task[None]] = set()

    def url(self, name: str) -> str:
        scheme = SCENARIOS[name].scheme if name in SCENARIOS else "http"
        return f"{scheme}://127.0.0.1:{self.ports[name]}/{name}"

    async def __aenter__(self) -> Self:
        for name, opening in PORTS.items():
            self._sockets += (sockets := opening())
            self.ports[name] = sockets[0].getsockname()[1]
        for name, scenario in SCENARIOS.items():
            tls = CERTIFICATES[scenario.certificate](self.ca) if scenario.certificate else None
            server = await asyncio.start_server(partial(self._accept, name), scenario.address, 0, ssl=tls)
            self.ports[name] = server.sockets[0].getsockname()[1]
            self._servers.append(server)
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for kept in self._sockets:
            kept.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a task of our own, so that what still holds at the end can be ended
        task = asyncio.create_task(self._play(name, Connection(self, name, reader, writer)))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _play(self, name: str, connection: Connection) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # ENOTCONN is no ConnectionError
            try:
                await SCENARIOS[name].play(connection)
            finally:
                connection.writer.close()


@contextmanager
def serve_aside(ca: trustme.CA) -> Iterator[HostileServer]:
    """The server in a thread of its own, so that it answers whatever the test waits for."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(PATIENCE)

    server = HostileServer(ca)
    run(server.__aenter__())
    try:
        yield server
    finally:
        run(server.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
