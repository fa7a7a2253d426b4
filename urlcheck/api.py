"""The library: lists of URLs in, results out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING

from urlcheck.settings.settings import Settings

if TYPE_CHECKING:
    from urlcheck.model.nouns import Result


async def check(urls: Iterable[str] | AsyncIterable[str], settings: Settings | None = None) -> list[Result]:
    """Check every URL; the results, in the order of the input. Raises `SettingsError`."""
    results = [result async for result in check_urls(urls, settings)]
    return sorted(results, key=lambda result: result.target.index)


async def check_urls(
    urls: Iterable[str] | AsyncIterable[str], settings: Settings | None = None
) -> AsyncGenerator[Result, None]:
    """Check every URL; each result as it is reached, in bounded memory. Raises `SettingsError`."""
    from urlcheck.backends.coordinator import open_checks  # noqa: PLC0415 - `urlcheck --help` must not pay for it
    from urlcheck.input.sources import IterableSource  # noqa: PLC0415
    from urlcheck.input.targets import Collector  # noqa: PLC0415

    settings = settings or Settings()
    source = IterableSource(urls, Collector(settings))
    async with open_checks(source, settings) as run, aclosing(run.results()) as results:
        async for result in results:
            yield result
