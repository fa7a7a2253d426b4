"""Reads targets from arguments, list files and standard input: lazily, a block of lines at a time.

A list may be longer than memory: it is read as it is needed, and a line is never held beyond `MAX_LINE` bytes.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from urlcheck.input.entry import BLANKS
from urlcheck.input.target_builder import Entry, Item, TargetBuilder
from urlcheck.model.errors import InputError
from urlcheck.model.target import Length

MAX_LINE = 64 * 1024
STDIN = "-"

_BLOCK = 32 * 1024
_BOM = b"\xef\xbb\xbf"
# the longer ones first: that of UTF-32 begins with that of UTF-16
_OTHER_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_BLANKS = BLANKS.encode()
_COMMENT = re.compile(r"[ \t]#.*")
_SHOWN_OF_A_LONG_LINE = 80
_BEFORE_A_SECRET = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?[^:@?#]*")


def read_lines(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a stream without their ends, in blocks: as many as could be had without waiting for more.

    A line over `MAX_LINE` bytes is cut to `MAX_LINE + 1`.
    """
    rest = b""
    while chunk := stream.read(_BLOCK):
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[: MAX_LINE + 1]
        if lines:
            yield lines
    if rest:
        yield [rest]


def read_targets(stream: BinaryIO, name: str, builder: TargetBuilder) -> Iterator[list[Item]]:
    """The targets of a list: UTF-8, one entry a line, with comments; in blocks. Raises `InputError` for other text."""
    number = 0
    for block in read_lines(stream):
        targets = []
        if not number:
            _refuse_other_text(block[0], name)
        for line in block:
            number += 1
            bare = line.removeprefix(_BOM).strip(_BLANKS)  # also where lists were put together
            if not (bare or len(line) > MAX_LINE) or bare.startswith(b"#"):
                continue
            if target := _read_line(line, bare, name, number, builder):
                targets.append(target)
        yield targets


def _refuse_other_text(first: bytes, name: str) -> None:
    """Raises `InputError` if the first line shows that no line of the list can be read."""
    if coding := next((coding for mark, coding in _OTHER_BOMS if first.startswith(mark)), None):
        raise InputError(f"{name} is {coding} text, not UTF-8; iconv -f {coding} -t UTF-8 converts it")
    if b"\r" in first.strip(_BLANKS):
        raise InputError(f"the lines of {name} end with CR alone; tr '\\r' '\\n' converts them")


def _read_line(line: bytes, bare: bytes, name: str, number: int, builder: TargetBuilder) -> Item | None:
    if len(line) > MAX_LINE:
        start = _BEFORE_A_SECRET.match(bare[:_SHOWN_OF_A_LONG_LINE].decode("utf-8", "ignore"))
        return builder.reject(f"{start[0] if start else ''}…", name, number, f"a line over {MAX_LINE // 1024} KiB")
    try:
        text = bare.decode("utf-8")
    except UnicodeDecodeError:
        return builder.reject(bare.decode("utf-8", "backslashreplace"), name, number, "not UTF-8")
    return builder.build(_COMMENT.sub("", text) if "#" in text else text, name, number)


class Lists:
    """The inputs of a run, opened at once and read in order: arguments or entries, then files; `-` is standard input.

    Raises `InputError` for a file that cannot be opened, before anything is read.
    """

    def __init__(self, arguments: Sequence[str | Entry], files: Sequence[str], builder: TargetBuilder) -> None:
        self._arguments = arguments
        self._builder = builder
        self._targets = 0
        self._bytes = 0
        self._is_read = False
        with contextlib.ExitStack() as opened:
            # opening a pipe without a writer blocks, so the reading thread opens it
            self._files = [(name, None if _is_fifo(name) else opened.enter_context(_open(name))) for name in files]
            self._stdin = opened.enter_context(_open(STDIN)) if STDIN in arguments else None
            opened.pop_all()  # the method that reads them to the end closes them
        self._size = _measure([*(stream for _, stream in self._files), *([self._stdin] if self._stdin else [])])

    @property
    def length(self) -> Length | None:
        """The number of targets, estimated from the part of regular files that was read; None where it cannot be estimated."""
        if self._is_read:
            return Length(self._targets, is_exact=True)
        if not self._size or not 0 < self._bytes <= self._size:
            return None
        return Length(self._targets * self._size // self._bytes, is_exact=False)

    def __iter__(self) -> Iterator[list[Item]]:
        for targets in self._read_all():
            self._targets += len(targets)
            yield targets
        self._is_read = True

    def _read_all(self) -> Iterator[list[Item]]:
        targets: list[Item] = []
        for text in self._arguments:
            if text == STDIN:
                yield targets
                targets = []
                if self._stdin and not self._stdin.closed:  # named twice, it is read once
                    yield from self._read(STDIN, self._stdin)
            elif target := self._collect(text):
                targets.append(target)
        yield targets
        for name, stream in self._files:
            yield from self._read(name, stream or _open(name))

    def _collect(self, argument: str | Entry) -> Item | None:
        if isinstance(argument, Entry):
            return self._builder.build_entry(argument)
        return self._builder.build(argument, "arguments")

    def _read(self, name: str, stream: BinaryIO) -> Iterator[list[Item]]:
        source = "stdin" if name == STDIN else name
        try:
            with stream:
                start = stream.tell() if self._size else 0
                before = self._bytes
                for targets in read_targets(stream, source, self._builder):
                    if self._size:
                        self._bytes = before + stream.tell() - start
                    yield targets
        except OSError as error:
            raise InputError(f"cannot read {source}: {error.strerror}") from error


def _measure(streams: Sequence[BinaryIO | None]) -> int | None:
    """The bytes that are left to read; None where one of the streams is no regular file."""
    size = 0
    for stream in streams:
        if stream is None or not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return None
        size += os.fstat(stream.fileno()).st_size - stream.tell()
    return size


def _is_fifo(name: str) -> bool:
    try:
        return name != STDIN and stat.S_ISFIFO(os.stat(name).st_mode)
    except OSError:
        return False


def _open(name: str) -> BinaryIO:
    """Unbuffered: a read returns what a pipe has, and no lock is held while it waits for more."""
    try:
        if name == STDIN:
            os.set_blocking(sys.stdin.fileno(), True)  # the parent process may have made it non-blocking
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        return open(name, "rb", buffering=0)
    except (OSError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or "it is closed"
        raise InputError(f"cannot read {'stdin' if name == STDIN else name or repr(name)}: {reason}") from None
