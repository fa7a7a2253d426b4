"""Finds the heads of HTTP/1 answers, and rewrites those that a strict parser refuses and curl reads.

curl and browsers read heads that RFC 9112 forbids, so servers send them. aiohttp's parser refuses them. `repair` turns
such a head into a valid one that says the same, by curl's rules. It refuses those that curl refuses, and lengths that differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# as much as curl accepts of all heads together, and more interim responses (1xx) than any server has a use for
MAX_HEAD_BYTES = 300 * 1024
MAX_HEADS = 100
# header lines of one head
MAX_HEADERS = 1000

# the beginnings that need no repair, unless the parser says so
USUAL_STARTS = (b"HTTP/1.1 ", b"HTTP/1.0 ")

# a second CR comes from servers that end each line of a text that has its own line ends
_END = re.compile(rb"\n\r{0,2}\n")
_END_OVERLAP = 3
# curl takes HTTP/2 for a version here too: servers write it without speaking it
_STATUS_LINE = re.compile(rb"(?i:HTTP)/(1\.[01]|2|2\.0) +([0-9]{3})(?![0-9])(.*)", re.DOTALL)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NUMBER = re.compile(rb"\+?([0-9]+)")  # curl ignores the rest, such as a unit
_LENGTH, _CODING = b"content-length", b"transfer-encoding"
# aiohttp refuses a head that holds it: a WebSocket draft of 2010
_UNWANTED = frozenset({b"sec-websocket-key1"})
_MAX_DIGITS = 18  # a length of more is no length: the body ends with the connection

# the first bytes of servers that speak another protocol; five are enough to tell them apart
_SIGNATURE_BYTES = 5
_OTHER_PROTOCOLS = (
    (re.compile(rb"SSH-"), "the server speaks SSH"),
    (re.compile(rb"RTSP/"), "the server speaks RTSP"),
    (re.compile(rb"ICY "), "the server speaks Shoutcast's ICY"),
    (re.compile(rb"SIP/"), "the server speaks SIP"),
    (re.compile(rb"[0-9]{3}[ -]"), "the server speaks another protocol, such as SMTP or FTP"),
    (re.compile(rb"[\x14-\x17]\x03"), "the server speaks TLS: an https URL may be meant"),
    (re.compile(rb"...[\x04\x07]\0", re.DOTALL), "the server speaks HTTP/2 alone"),  # a frame of SETTINGS or GOAWAY
)


class HeadError(Exception):
    """Data that is not the head of an answer; the text says why."""


class HeadReader:
    """Collects the bytes of an answer until a head is whole, over as many pieces as it comes in."""

    __slots__ = ("_bytes", "_heads", "_pending")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._bytes = 0
        self._heads = 0

    @property
    def is_begun(self) -> bool:
        """Whether a part of a head came, and not its end."""
        return bool(self._pending)

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """The next head, empty if it is not whole, and what follows it. Raises `HeadError` for what cannot become one."""
        known = len(self._pending)
        if not known and data.startswith((b"\r", b"\n")):  # empty lines before a status line (RFC 9112, 2.2)
            size = len(data)
            data = data.lstrip(b"\r\n")
            self._count(size - len(data))
        if known:
            self._pending += data
            found = _END.search(self._pending, max(0, known - _END_OVERLAP))
        else:
            found = _END.search(data)
        if found is None:
            self._wait(data, known)
            return b"", b""
        self._heads += 1
        if self._heads > MAX_HEADS:
            raise HeadError("more interim responses than anyone needs")
        end = found.end()
        self._count(end - known)
        if known:
            data = bytes(self._pending)
            self._pending.clear()
        return data[:end], data[end:]

    def check_end(self) -> None:
        """Raises `HeadError` if the little that came before the end of the connection is no beginning of a head."""
        check_start(self._pending)

    def _wait(self, data: bytes, known: int) -> None:
        """Keep a part of a head. Raises `HeadError` as soon as the data cannot be one."""
        self._count(len(data))
        if not known:
            self._pending += data
        if len(self._pending) >= _SIGNATURE_BYTES:
            check_start(self._pending)

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > MAX_HEAD_BYTES:
            raise HeadError("more headers than anyone needs")


def check_start(data: bytes | bytearray) -> None:
    """Raises `HeadError` for the first bytes of an answer that is not HTTP/1; the text names the protocol if it is known."""
    start = bytes(data[:_SIGNATURE_BYTES])
    if start.upper() == b"HTTP/"[: len(start)]:
        return
    for pattern, message in _OTHER_PROTOCOLS:
        if pattern.match(start):
            raise HeadError(message)
    raise HeadError("it does not begin with a status line")


def repair(head: bytes) -> bytes:
    """A valid head that says the same as this one, by curl's rules. Raises `HeadError` where curl would fail too.

    Lines that are no headers are left out; equal lengths become one; a length beside a transfer coding is dropped
    (RFC 9112, 6.3). Lengths that differ are refused.
    """
    check_start(head)
    if b"\0" in head:
        raise HeadError("a NUL in the headers")
    first, *lines = (line.rstrip(b"\r").replace(b"\r", b" ") for line in head.rstrip(b"\r\n").split(b"\n"))
    fields = [*_read_fields(lines)]
    codings = [coding for name, value in fields if name.lower() == _CODING for coding in _split_list(value)]
    is_coded = any(coding.lower() != b"identity" for coding in codings)
    lengths = [length for name, value in fields if name.lower() == _LENGTH for length in _split_list(value)]
    left_out = _UNWANTED | {_LENGTH} | (set() if is_coded else {_CODING})
    repaired = [_repair_status_line(first), *(b"%b: %b" % field for field in fields if field[0].lower() not in left_out)]
    if not is_coded and any(name.lower() == _LENGTH for name, _ in fields):
        length = _agree(lengths)
        repaired += [b"Content-Length: " + length] if len(length) <= _MAX_DIGITS else []
    return b"\r\n".join([*repaired, b"", b""])


def _repair_status_line(line: bytes) -> bytes:
    found = _STATUS_LINE.fullmatch(line)
    if found is None:
        raise HeadError("a malformed status line, or another version of HTTP")
    version, status, reason = found.groups()
    return b"HTTP/%b %b %b" % (b"1.0" if version == b"1.0" else b"1.1", status, reason.strip())


def _read_fields(lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Name and value of each header; a line that continues another is a part of it (RFC 9112, 5.2)."""
    unfolded: list[bytearray] = []
    for line in lines:
        if unfolded and line.startswith((b" ", b"\t")):  # the status line before them has no continuation
            unfolded[-1] += b" " + line.strip()
        else:
            unfolded.append(bytearray(line))
    for line in map(bytes, unfolded):
        name, colon, value = line.partition(b":")
        if not colon:
            raise HeadError("a line without a colon in the headers")
        if _NAME.fullmatch(name):
            yield name, value.strip()


def _split_list(value: bytes) -> Iterator[bytes]:
    return (member for member in map(bytes.strip, value.split(b",")) if member)


def _agree(lengths: list[bytes]) -> bytes:
    """The length that all of them say, in digits."""
    numbers = {found[1].lstrip(b"0") or b"0" if (found := _NUMBER.match(length)) else b"" for length in lengths}
    if len(numbers) > 1 and b"" not in numbers:
        raise HeadError("lengths that differ")
    number = numbers.pop() if len(numbers) == 1 else b""
    if not number:
        raise HeadError("a length that is not a number")
    return number
