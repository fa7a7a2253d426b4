from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

from tests.support.builders import drain, make_builder, target_of
from urlcheck.input.iterable_source import IterableSource


async def generate(*urls: str) -> AsyncIterator[str]:
    for url in urls:
        yield url


async def test_an_iterable_source_reads_any_iterable() -> None:
    source = IterableSource(["a.example", "b.example", "a.example"], make_builder())
    assert [target_of(item).url for item in await drain(source)] == ["a.example", "b.example"]
    assert source.exhausted


async def test_an_iterable_source_reads_any_asynchronous_iterable() -> None:
    source = IterableSource(generate("a.example", "a.example", "b.example"), make_builder())
    assert [target_of(item).url for item in await drain(source)] == ["a.example", "b.example"]
    assert source.exhausted


async def test_duplicates_alone_do_not_end_an_iterable_source() -> None:
    source = IterableSource(["a.example"] * 1000 + ["b.example"], make_builder())
    assert [target_of(item).url for item in await drain(source)] == ["a.example", "b.example"]


async def test_an_endless_iterable_is_read_a_block_at_a_time_until_stopped() -> None:
    source = IterableSource((f"{number}.example" for number in itertools.count()), make_builder())
    assert await source.read()
    source.stop()
    assert await source.read() == []
    assert not source.exhausted


async def test_a_collection_counts_as_read_where_it_is_stopped() -> None:
    source = IterableSource(["a.example", "b.example"], make_builder())
    source.stop()
    assert [target_of(item).url for item in await drain(source)] == ["a.example", "b.example"]
    assert await source.read() == []
    assert source.exhausted
