"""Opens the state file of a watch, where one is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from urlcheck.model.errors import StateError
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings

if TYPE_CHECKING:
    from urlcheck.watch.stored_history import StoredHistory


@asynccontextmanager
async def remembering(
    settings: Settings, checks: Sequence[CheckSettings], complain: Callable[[StateError], None]
) -> AsyncIterator[StoredHistory | None]:
    """The history of a watch, None without a state file. Pending results are written on exit.

    `complain` is told once what goes wrong in the middle. Raises `StateError`.
    """
    if settings.state is None:
        yield None
        return
    from urlcheck.store.watching import WatchStore  # noqa: PLC0415 - few runs need SQLite
    from urlcheck.watch.stored_history import StoredHistory  # noqa: PLC0415 - likewise

    store = await call_in_thread(WatchStore, str(settings.state), settings.keep, checks)
    history = StoredHistory(store, complain, lambda: datetime.now(UTC))
    try:
        yield history
    finally:
        await call_in_thread(store.close)
        history.look_for_error()
