"""Reads list and configuration of a watch: at the start, and anew at SIGHUP or when a file has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from urlcheck.cli.order import Order
from urlcheck.cli.watch_display import WatchDisplay
from urlcheck.input.files import STDIN
from urlcheck.input.target_builder import Item, TargetBuilder
from urlcheck.model.errors import InputError, SettingsError, UrlcheckError
from urlcheck.model.result import Result
from urlcheck.reports.summary import count
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.checks import Checks
from urlcheck.settings.field import Scope
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.scopes import InputSettings, RunSettings
from urlcheck.settings.secrets import keeping_secrets
from urlcheck.settings.watch import WatchSettings
from urlcheck.text.safe import clean
from urlcheck.text.secrets import hiding
from urlcheck.watch.file_changes import FileChanges
from urlcheck.watch.list_reader import ListReader
from urlcheck.watch.maintenance import Calendar
from urlcheck.watch.roster import Loaded
from urlcheck.watch.watch import Watch

if TYPE_CHECKING:
    from urlcheck.watch.stored_history import StoredHistory

# seconds between two looks at the files
LOOK_SECONDS = 1.0
# settings of a whole run that a reload applies; the others apply at the next start
_APPLIED = frozenset({"watch", "confirm", "recover", "notify", "notify_repeat"})


class Reloader:
    """Gives the watch its targets and settings. `checks` is the run's list of check settings, which grows.

    `followers` are called with the settings of the watch, at first and whenever they are read anew.
    """

    def __init__(
        self, order: Order, watch: Watch, checks: Checks, display: WatchDisplay, history: StoredHistory | None
    ) -> None:
        self.duplicates = 0
        self.skipped: Sequence[Result] = ()
        self.followers: list[Callable[[WatchSettings], None]] = [watch.configure]
        self._order = order
        self._watch = watch
        self._checks = checks
        self._display = display
        self._history = history
        self._reader = ListReader()
        self._files = FileChanges(_list_files(order))
        self._request = asyncio.Event()
        self._secrets = ExitStack()

    def request(self) -> None:
        """Read everything anew soon."""
        self._request.set()

    async def load(self) -> None:
        """Read the list for the first time. Raises `InputError` and `SettingsError`."""
        items = await call_in_thread(self._read, self._order)
        self.skipped = self._apply(self._order, items).skipped

    async def run(self) -> None:
        """Read anew whenever it is wanted, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._request.wait()
            if self._request.is_set() or self._files.are_settled():
                self._request.clear()
                await self._load_again()

    def close(self) -> None:
        """Hide no secrets of a configuration any more."""
        self._secrets.close()

    async def _load_again(self) -> None:
        """Apply the new list and configuration, or say why they cannot be used."""
        before = self._order
        self._files.follow(_list_files(before))
        try:
            order = await call_in_thread(before.read_again) if before.read_again else before
            self._files.follow(_list_files(order))
            items = await call_in_thread(self._read, order)
            loaded = self._apply(order, items)
        except Exception as error:  # noqa: BLE001 - whatever it is, the watch goes on, and the next reload may succeed
            reason = str(error) if isinstance(error, UrlcheckError) else repr(error)
            self._display.say(f"list and configuration are as before, because the new ones cannot be used: {clean(reason)}")
            return
        told = [f"{count(len(loaded.added), 'target')} added", f"{len(loaded.removed):,} removed"]
        self._display.inform(f"list and configuration were read anew: {', '.join(told)}")
        if others := _list_unapplied(before, order):
            self._display.say(f"a new start is needed for: {', '.join(others)}")

    def _read(self, order: Order) -> list[Item]:
        builder = TargetBuilder(order.settings.part(InputSettings), order.checks)
        if self._history:
            builder.identify_by(self._history.identify, set())
        items = self._reader.read(order.urls, order.files, builder)
        self.duplicates = builder.duplicates
        if not items and not order.allow_empty:
            raise InputError("no URL in the input")
        if self._history:
            self._history.prepare(items)
        return items

    def _apply(self, order: Order, items: Sequence[Item]) -> Loaded:
        numbers = self._number(order)
        secrets = ExitStack()
        if order.hidden:
            secrets.enter_context(hiding(order.hidden))
        secrets.enter_context(keeping_secrets(order.checks))
        self._secrets.close()
        self._secrets = secrets
        self._order = order
        for follow in self.followers:
            follow(order.watch)
        return self._watch.load([_renumber(item, numbers) for item in items], Calendar(order.maintenance))

    def _number(self, order: Order) -> list[int]:
        """The number that each of the order's checks has in the run. Raises `SettingsError` for one that cannot be used."""
        numbers = []
        for number, check in enumerate(order.checks):
            try:
                numbers.append(0 if check == self._checks[0] else self._checks.find_number(check))
            except SettingsError as error:
                error.check = number
                raise
        return numbers


def _renumber(item: Item, numbers: Sequence[int]) -> Item:
    if isinstance(item, Result):
        return replace(item, target=replace(item.target, check=numbers[item.target.check]))
    return replace(item, check=numbers[item.check])


def _list_files(order: Order) -> list[str]:
    files = [name for name in order.files if name != STDIN]
    return [*files, order.configuration] if order.configuration else files


def _list_unapplied(before: Order, after: Order) -> list[str]:
    """The names of settings that have changed, but are read at the start alone."""
    pairs: list[tuple[type[Scope], Any, Any]] = [
        (RunSettings, before.settings, after.settings),
        (WatchSettings, before.watch, after.watch),
        (OutputSettings, before.output, after.output),
    ]
    return [
        field.name.replace("_", "-")
        for scope, old, new in pairs
        for field in fields(scope)
        if field.name not in _APPLIED and getattr(old, field.name) != getattr(new, field.name)
    ]
