"""Pseudo-terminals of the test's own process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

_LAST = b"(that is all)"


@dataclass
class Ends:
    """`leader` is what a person sees and types on, `follower` what a program reads and writes."""

    leader: int
    follower: int

    def hang_up(self) -> None:
        """Have the person close the window."""
        os.close(self.leader)
        self.leader = -1

    def read_all(self) -> bytes:
        """All that the program has written so far, since the last time."""
        os.write(self.follower, _LAST)
        written = b""
        while not written.endswith(_LAST):
            written += os.read(self.leader, 65536)
        return written.removesuffix(_LAST)


@contextmanager
def open_terminal() -> Iterator[Ends]:
    """A terminal that nothing uses yet."""
    ends = Ends(*os.openpty())
    try:
        yield ends
    finally:
        os.close(ends.follower)
        if ends.leader >= 0:
            ends.hang_up()


@contextmanager
def typed_on(terminal: Ends, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within, standard input is that terminal. To be called in a test, because pytest sets the stream anew before it."""
    before = os.dup(0)
    os.dup2(terminal.follower, 0)
    try:
        with open(0, closefd=False) as stream, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stream)
            yield
    finally:
        os.dup2(before, 0)
        os.close(before)
