"""Opens the store of a run. A run without a state file has one that knows and remembers nothing, and loads no SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from urlcheck.input.source import Source
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.model.errors import StateError
from urlcheck.model.result import Result
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings

if TYPE_CHECKING:
    from urlcheck.store.store import Store


class NoStore:
    """The store of a run without a state file."""

    error: StateError | None = None
    on_error: Callable[[StateError], None]
    finished = None
    is_whole = False
    said: str | None = None

    def recall(self, source: Source) -> Source:
        return source

    def confirm(self) -> None:
        pass

    def remember(self, results: Sequence[Result], *, is_cut_short: bool) -> Sequence[Result]:  # noqa: ARG002 - as of a store
        return results


AnyStore: TypeAlias = "Store | NoStore"


@asynccontextmanager
async def open_store(
    settings: Settings,
    checks: Sequence[CheckSettings],
    builder: TargetBuilder,
    describe_input: Callable[[], Sequence[str] | None] = lambda: None,
    *,
    restart: bool = False,
) -> AsyncIterator[AnyStore]:
    """The store of a run whose targets this builder makes. Pending results are written on exit.

    `describe_input` gives the texts that identify the input, None for one that cannot be read again. Raises `StateError`.
    """
    if settings.state is None:
        yield NoStore()
        return
    from urlcheck.store.store import Store  # noqa: PLC0415 - few runs need SQLite

    # a large file takes seconds, and a disk may take longer
    store = await call_in_thread(Store, settings, checks)
    await call_in_thread(partial(store.begin, builder, describe_input, restart=restart))
    try:
        yield store
    finally:
        await call_in_thread(store.end)
