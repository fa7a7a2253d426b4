"""Where targets come from: arguments, list files and standard input, read lazily, a block of lines at a time.

A list may be longer than memory, and a pipe may stay silent: blocks are read in a thread of their own, at most a few ahead,
and a line is never held beyond `MAX_LINE` bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import sys
import threading
from collections import deque
from collections.abc import AsyncIterable, Collection, Iterable, Iterator, Sequence
from typing import BinaryIO, Protocol

from urlcheck.errors import InputError
from urlcheck.model import Target
from urlcheck.targets import Collector

MAX_LINE = 64 * 1024
STDIN = "-"

_BLOCK = 32 * 1024
_BLOCKS_AHEAD = 4
_BOM = b"\xef\xbb\xbf"
_COMMENT = re.compile(r"[ \t]#.*")
_SHOWN_OF_A_LONG_LINE = 80
_BEFORE_A_SECRET = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?[^:@?#]*")


class Source(Protocol):
    """What an engine reads its targets from. `exhausted`: it was read to its end."""

    exhausted: bool

    async def next_block(self) -> Sequence[Target]:
        """The next targets in the order of the input, at least one; none at the end. Raises `InputError`."""
        ...

    def stop(self) -> None:
        """Read no further; what has been read already is still handed out."""
        ...


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


def read_targets(stream: BinaryIO, name: str, collector: Collector) -> Iterator[list[Target]]:
    """The targets of a list: UTF-8, one entry a line, with comments; in blocks."""
    number = 0
    for block in read_lines(stream):
        targets = []
        for line in block:
            number += 1
            bare = (line.removeprefix(_BOM) if number == 1 else line).strip()
            if not (bare or len(line) > MAX_LINE) or bare.startswith(b"#"):
                continue
            if target := _read_line(line, bare, name, number, collector):
                targets.append(target)
        yield targets


def _read_line(line: bytes, bare: bytes, name: str, number: int, collector: Collector) -> Target | None:
    if len(line) > MAX_LINE:
        start = _BEFORE_A_SECRET.match(bare[:_SHOWN_OF_A_LONG_LINE].decode("utf-8", "ignore"))
        return collector.reject(f"{start[0] if start else ''}…", name, number, f"a line over {MAX_LINE // 1024} KiB")
    try:
        text = bare.decode("utf-8")
    except UnicodeDecodeError:
        return collector.reject(bare.decode("utf-8", "backslashreplace"), name, number, "not UTF-8")
    return collector.collect(_COMMENT.sub("", text) if "#" in text else text, name, number)


class Lists:
    """The inputs of a command line, opened at once and read in order: arguments, then files; `-` is standard input.

    Raises `InputError` for a file that cannot be opened, before anything is read.
    """

    def __init__(self, arguments: Sequence[str], files: Sequence[str], collector: Collector) -> None:
        self._arguments = arguments
        self._collector = collector
        with contextlib.ExitStack() as opened:
            self._files = [(name, opened.enter_context(_open(name))) for name in files]
            self._stdin = opened.enter_context(_open(STDIN)) if STDIN in arguments else None
            opened.pop_all()  # closed by whoever reads them to the end

    def __iter__(self) -> Iterator[list[Target]]:
        targets: list[Target] = []
        for text in self._arguments:
            if text == STDIN and self._stdin:
                yield targets
                targets = []
                yield from self._read(STDIN, self._stdin)
            elif target := self._collector.collect(text, "arguments"):
                targets.append(target)
        yield targets
        for name, stream in self._files:
            yield from self._read(name, stream)

    def _read(self, name: str, stream: BinaryIO) -> Iterator[list[Target]]:
        source = "stdin" if name == STDIN else name
        try:
            with stream:
                yield from read_targets(stream, source, self._collector)
        except OSError as error:
            raise InputError(f"cannot read {source}: {error.strerror}") from error


def _open(name: str) -> BinaryIO:
    """Unbuffered: a read returns what a pipe has, and no lock is held while it waits for more."""
    try:
        if name == STDIN:
            os.set_blocking(sys.stdin.fileno(), True)  # whoever gave it to us may have wanted it otherwise
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        return open(name, "rb", buffering=0)
    except (OSError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or "it is closed"
        raise InputError(f"cannot read {'stdin' if name == STDIN else name}: {reason}") from None


class ThreadedSource:
    """Hands over blocks that a thread reads, so that a slow or silent input holds up nothing."""

    def __init__(self, blocks: Iterable[list[Target]]) -> None:
        self.exhausted = False
        self._blocks = iter(blocks)
        self._read: deque[list[Target]] = deque()
        self._places = threading.Semaphore(_BLOCKS_AHEAD)
        self._arrival = asyncio.Event()
        self._ended = False
        self._error: InputError | None = None
        self._thread: threading.Thread | None = None

    async def next_block(self) -> Sequence[Target]:
        if self._thread is None:
            # a daemon: a read that never returns must not keep the program from ending
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._read_ahead, args=(loop,), daemon=True, name="input")
            self._thread.start()
        while not self._read:
            if self._ended:
                if self._error:
                    raise self._error
                return []
            self._arrival.clear()
            await self._arrival.wait()
        self._places.release()
        return self._read.popleft()

    def stop(self) -> None:
        self._ended = True
        self._places.release()
        self._arrival.set()

    def _read_ahead(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while not self._ended:
                self._places.acquire()  # before reading, so that what was read is handed over at once
                block = None if self._ended else next(self._blocks, None)
                if block is None:
                    self.exhausted = not self._ended
                    break
                if block:
                    self._read.append(block)
                    loop.call_soon_threadsafe(self._arrival.set)
                else:
                    self._places.release()
        except InputError as error:
            self._error = error
        finally:
            self._ended = True
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._arrival.set)


class IterableSource:
    """The URLs of a program, from any iterable or asynchronous iterable of strings."""

    _BLOCK = 64

    def __init__(self, urls: Iterable[str] | AsyncIterable[str], collector: Collector) -> None:
        self.exhausted = False
        self._urls = aiter(urls) if isinstance(urls, AsyncIterable) else iter(urls)
        self._is_at_hand = isinstance(urls, Collection)
        self._collector = collector
        self._stopped = False

    async def next_block(self) -> Sequence[Target]:
        while not (self._stopped or self.exhausted):
            texts = await self._next_texts()
            self.exhausted = not texts
            targets = [target for text in texts if (target := self._collector.collect(text, "arguments"))]
            if targets:
                return targets
        return []

    async def _next_texts(self) -> list[str]:
        if isinstance(self._urls, Iterator):
            return list(itertools.islice(self._urls, self._BLOCK))
        try:
            return [await anext(self._urls)]
        except StopAsyncIteration:
            return []

    def stop(self) -> None:
        """What is in memory already counts as read."""
        self._stopped = not self._is_at_hand
