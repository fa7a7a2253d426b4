"""A source for programs: URLs and targets from any iterable or asynchronous iterable."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterable, Collection, Iterable, Iterator, Sequence
from os import PathLike
from typing import Protocol, TypeAlias, runtime_checkable

from urlcheck.http.url import Url
from urlcheck.input.target_builder import Entry, Item, TargetBuilder
from urlcheck.model.target import Target

_BLOCK = 64  # entries that are taken at a time


@runtime_checkable
class UrlObject(Protocol):
    """A URL of a library such as yarl or httpx; `str` of it is the whole URL."""

    @property
    def scheme(self) -> str: ...

    @property
    def host(self) -> object: ...


AnyUrl: TypeAlias = str | Target | UrlObject
Urls: TypeAlias = Iterable[AnyUrl] | AsyncIterable[AnyUrl]


class IterableSource:
    """Entries of a program. An iterator is advanced in the event loop, so it must not block.

    The constructor raises `TypeError` for what is no iterable of URLs. `read` raises what the iterable raises, or the error
    of an entry that cannot be used, once the entries before it are handed out.
    """

    def __init__(self, urls: Urls, builder: TargetBuilder) -> None:
        _refuse_other_than_iterables(urls)
        self.exhausted = False
        self._urls = aiter(urls) if isinstance(urls, AsyncIterable) else iter(urls)
        self._is_in_memory = isinstance(urls, Collection)
        self._builder = builder
        self._error: Exception | None = None
        self._next: asyncio.Future[AnyUrl] | None = None
        self._stopped = False
        self._taken = 0

    async def read(self) -> Sequence[Item]:
        while not (self._stopped or self._error or self.exhausted):
            items = self._take() if isinstance(self._urls, Iterator) else await self._await_one()
            if items:
                return items
        if self._error and not self._stopped:
            raise self._error
        return []

    def stop(self) -> None:
        """Read no further. A collection counts as read, as it is in memory."""
        self._stopped = not self._is_in_memory
        if self._next:
            self._next.cancel()

    def _take(self) -> list[Item]:
        assert isinstance(self._urls, Iterator)
        items: list[Item] = []
        last = self._taken + _BLOCK
        try:
            for entry in itertools.islice(self._urls, _BLOCK):
                items += self._build(entry)
            self.exhausted = self._taken < last
        except Exception as error:  # noqa: BLE001 - a program's own iterable may raise anything
            self._error = error
        return items

    async def _await_one(self) -> list[Item]:
        """The next entry, or nothing where the run is stopped before it comes."""
        assert not isinstance(self._urls, Iterator)
        self._next = asyncio.ensure_future(anext(self._urls))
        try:
            await asyncio.wait({self._next})
        except asyncio.CancelledError:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
            raise
        if self._next.cancelled() and self._stopped:
            return []
        try:
            return self._build(self._next.result())
        except StopAsyncIteration:
            self.exhausted = True
        except Exception as error:  # noqa: BLE001
            self._error = error
        return []

    def _build(self, entry: AnyUrl) -> list[Item]:
        self._taken += 1
        if isinstance(entry, str):
            item = self._builder.build(entry, "arguments")
        elif isinstance(entry, Target):
            number = self._builder.find_check(entry.settings)
            item = self._builder.build_entry(
                Entry(entry.url, entry.source, entry.line, entry.name, number, entry.data, entry.settings)
            )
        else:
            item = self._builder.build(_write(entry, self._taken), "arguments")
        return [item] if item else []


def _write(entry: object, number: int) -> str:
    """A URL of a library as text. Raises `TypeError` for anything else."""
    if isinstance(entry, Url):  # its text leaves the credentials out
        text = str(entry)
        return text if entry.userinfo is None else text.replace("://", f"://{entry.userinfo}@", 1)
    if isinstance(entry, UrlObject):
        return str(entry)
    raise TypeError(f"entry {number} of the URLs is {_describe(entry)}; a URL is a str, a Target or a yarl.URL")


def _refuse_other_than_iterables(urls: object) -> None:
    if isinstance(urls, str | Target | UrlObject):
        raise TypeError(f"the URLs are {_describe(urls)}, not a list; write [url] for a single one")
    is_no_url = isinstance(urls, bytes | bytearray | PathLike)
    if is_no_url or not isinstance(urls, Iterable | AsyncIterable):
        raise TypeError(f"the URLs are {_describe(urls)}, not an iterable of them")


def _describe(value: object) -> str:
    """The type of a value, in words. The value itself is not shown: it may hold a secret."""
    if value is None:
        return "None"
    kinds = ((str, "a str"), (bytes | bytearray, "bytes"), (PathLike, "a path"), (Target, "a Target"), (UrlObject, "a URL"))
    return next((words for kind, words in kinds if isinstance(value, kind)), f"of type {type(value).__name__}")
