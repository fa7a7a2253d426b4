from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.builders import drain, make_target
from urlcheck.input.target_builder import Item
from urlcheck.input.thread_source import ThreadSource
from urlcheck.model.errors import InputError

FIRST, SECOND, THIRD = (make_target(index=index) for index in range(3))


class Racing(ThreadSource):
    """Its thread comes to its end whenever somebody asks whether it has."""

    def __getattribute__(self, name: str) -> Any:
        if name == "_ended" and threading.current_thread() is threading.main_thread() and self._thread:
            self._thread.join()
        return super().__getattribute__(name)


async def test_a_block_that_arrives_as_the_thread_ends_is_not_lost() -> None:
    source = Racing([[FIRST], [SECOND]])
    assert [await source.read(), await source.read(), await source.read()] == [[FIRST], [SECOND], []]


async def test_a_thread_source_hands_over_every_block_in_order() -> None:
    source = ThreadSource([[FIRST, SECOND], *[[]] * 100, [THIRD]])
    assert await drain(source) == [FIRST, SECOND, THIRD]
    assert source.exhausted
    assert await source.read() == []


async def test_a_thread_source_hands_over_more_blocks_than_it_reads_ahead() -> None:
    source = ThreadSource([FIRST] for _ in range(100))
    assert await drain(source) == [FIRST] * 100


async def test_a_thread_source_reads_a_few_blocks_ahead_at_most() -> None:
    read: list[int] = []

    def blocks() -> Iterator[list[Item]]:
        for number in itertools.count():
            read.append(number)
            yield [FIRST]

    source = ThreadSource(blocks())
    for taken in range(1000):
        await source.read()
        assert len(read) < taken + 10
    source.stop()


async def test_a_thread_source_hands_over_the_blocks_before_an_error() -> None:
    def blocks() -> Iterator[list[Item]]:
        yield [FIRST]
        raise InputError("cannot read urls.txt: Input/output error")

    source = ThreadSource(blocks())
    assert await source.read() == [FIRST]
    with pytest.raises(InputError, match="Input/output error"):
        await source.read()
    assert not source.exhausted


class SilentInput:
    """Gives two blocks, and then says nothing until it is let go."""

    def __init__(self) -> None:
        self.waiting = threading.Event()
        self.let_go = threading.Event()

    def __iter__(self) -> Iterator[list[Item]]:
        yield [FIRST]
        yield [SECOND]
        self.waiting.set()
        self.let_go.wait()


@pytest.fixture
def silent() -> Iterator[SilentInput]:
    silent = SilentInput()
    yield silent
    silent.let_go.set()


async def test_a_stopped_thread_source_hands_over_the_blocks_it_read_and_ends(silent: SilentInput) -> None:
    source = ThreadSource(silent)
    assert await source.read() == [FIRST]
    await asyncio.to_thread(silent.waiting.wait)
    source.stop()
    assert await drain(source) == [SECOND]
    assert not source.exhausted


async def test_a_thread_source_that_was_stopped_is_not_exhausted_when_its_input_ends(silent: SilentInput) -> None:
    source = ThreadSource(silent)
    await source.read()
    await asyncio.to_thread(silent.waiting.wait)
    source.stop()
    silent.let_go.set()
    assert source._thread
    await asyncio.to_thread(source._thread.join)
    assert not source.exhausted


async def test_stopping_a_thread_source_ends_a_read_that_waits(silent: SilentInput) -> None:
    source = ThreadSource(silent)
    waiting = asyncio.create_task(drain(source))
    await asyncio.to_thread(silent.waiting.wait)
    source.stop()
    assert await waiting == [FIRST, SECOND]
