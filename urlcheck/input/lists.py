"""Reads targets from arguments, list files and standard input: lazily, a block of lines at a time.

A list may be longer than memory: it is read as it is needed, and a line is never held beyond `MAX_LINE` bytes.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import BinaryIO

from urlcheck.input.entry import BLANKS
from urlcheck.input.files import STDIN, is_fifo, measure, open_list
from urlcheck.input.finished import Finished
from urlcheck.input.target_builder import Entry, Item, TargetBuilder
from urlcheck.model.errors import InputError
from urlcheck.model.target import Length

MAX_LINE = 64 * 1024

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
    """The lines of a stream without their ends. A block has the lines that are available without waiting.

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


def read_targets(
    stream: BinaryIO, name: str, builder: TargetBuilder, finished: Finished | None = None
) -> Iterator[list[Item]]:
    """The targets of a list, in blocks. Raises `InputError` for a list that is not UTF-8 text with an entry a line.

    Every line has a position, also a blank line or a comment. Positions in `finished` are skipped, by the block if possible.
    """
    number, start = 0, builder.position
    for block in read_lines(stream):
        targets: list[Item] = []
        if not number:
            _refuse_other_text(block[0], name)
        first = start + number
        done = finished.count(first, first + len(block)) if finished else 0
        if done == len(block):
            number += done
            builder.position = start + number
            yield targets
            continue
        for line in block:
            number += 1
            if done and finished and finished.has(start + number - 1):
                continue
            builder.position = start + number - 1
            bare = line.removeprefix(_BOM).strip(_BLANKS)  # also where lists were put together
            if not (bare or len(line) > MAX_LINE) or bare.startswith(b"#"):
                continue
            if target := _read_line(line, bare, name, number, builder):
                targets.append(target)
        builder.position = start + number
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
        self._finished: Finished | None = None
        self._targets = 0
        self._bytes = 0
        self._is_read = False
        with contextlib.ExitStack() as opened:
            # opening a pipe without a writer blocks, so the reading thread opens it
            self._files = [(name, None if is_fifo(name) else opened.enter_context(open_list(name))) for name in files]
            self._stdin = opened.enter_context(open_list(STDIN)) if STDIN in arguments else None
            opened.pop_all()  # the method that reads them to the end closes them
        self._size = measure([*(stream for _, stream in self._files), *([self._stdin] if self._stdin else [])])

    def pass_over(self, finished: Finished) -> None:
        """Do not read these entries again; `length` counts them."""
        self._finished = finished

    @property
    def can_be_read_again(self) -> bool:
        """Whether another run finds the same there: arguments and regular files, but not standard input."""
        return self._size is not None and STDIN not in [*self._arguments, *(name for name, _ in self._files)]

    def describe(self) -> list[str] | None:
        """The arguments and the content of the files, as texts that identify them; None where they cannot be read again."""
        if not self.can_be_read_again:
            return None
        texts = [text if isinstance(text, str) else f"{text.url}\n{text.name}\n{text.check}" for text in self._arguments]
        for name, stream in self._files:
            assert stream is not None, "a pipe has no size"
            start = stream.tell()
            digest = hashlib.file_digest(stream, partial(hashlib.blake2b, digest_size=16)).hexdigest()  # type: ignore[arg-type]
            texts.append(f"\n{name}\n{stream.tell() - start}\n{digest}")
            stream.seek(start)
        return texts

    @property
    def length(self) -> Length | None:
        """The number of targets, estimated from the part of regular files that was read; None where it cannot be estimated."""
        if self._is_read:
            return Length(self._targets, is_exact=True)
        if not self._size or not 0 < self._bytes <= self._size:
            return None
        return Length(self._targets * self._size // self._bytes, is_exact=False)

    def __iter__(self) -> Iterator[list[Item]]:
        position = 0
        for targets in self._read_all():
            self._targets += len(targets)
            if self._finished:
                self._targets += self._finished.count(position, self._builder.position)
                position = self._builder.position
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
                continue
            position = self._builder.position
            if self._finished and self._finished.has(position):
                if isinstance(text, Entry):
                    self._builder.pass_over(text)
            elif target := self._collect(text):
                targets.append(target)
            self._builder.position = position + 1
        yield targets
        for name, stream in self._files:
            yield from self._read(name, stream or open_list(name))

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
                for targets in read_targets(stream, source, self._builder, self._finished):
                    if self._size:
                        self._bytes = before + stream.tell() - start
                    yield targets
        except OSError as error:
            raise InputError(f"cannot read {source}: {error.strerror}") from error
