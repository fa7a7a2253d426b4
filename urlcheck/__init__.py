"""urlcheck: checks lists of URLs concurrently, and says of every one what happened and whether that is good enough.

results = asyncio.run(check(["https://example.org"]))

async for result in check_urls(urls, Settings(timeout=5)):
    print(result.verdict, result.target.url, result.detail)
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING

from urlcheck.errors import SettingsError
from urlcheck.settings import VERSION, Settings
from urlcheck.verdict import Verdict

__all__ = [
    "Failure",
    "Hop",
    "Response",
    "Result",
    "Settings",
    "SettingsError",
    "Target",
    "Verdict",
    "check",
    "check_urls",
]
__version__ = VERSION

if TYPE_CHECKING:
    from urlcheck.model import Failure, Hop, Response, Result, Target
else:

    def __getattr__(name: str) -> object:
        """What a result is made of, loaded when it is first named: `urlcheck --help` has no use for it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from urlcheck import model  # noqa: PLC0415

        return getattr(model, name)


async def check(urls: Iterable[str] | AsyncIterable[str], settings: Settings | None = None) -> list[Result]:
    """Check every URL; the results, in the order of the input. Raises `SettingsError`."""
    results = [result async for result in check_urls(urls, settings)]
    return sorted(results, key=lambda result: result.target.index)


async def check_urls(
    urls: Iterable[str] | AsyncIterable[str], settings: Settings | None = None
) -> AsyncGenerator[Result, None]:
    """Check every URL; each result as it is reached, in bounded memory. Raises `SettingsError`."""
    from urlcheck.scale.fleet import open_checks  # noqa: PLC0415 - `urlcheck --help` must not pay for it
    from urlcheck.sources import IterableSource  # noqa: PLC0415
    from urlcheck.targets import Collector  # noqa: PLC0415

    settings = settings or Settings()
    source = IterableSource(urls, Collector(settings))
    async with open_checks(source, settings) as run, aclosing(run.results()) as results:
        async for result in results:
            yield result
