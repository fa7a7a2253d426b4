"""The backend of this event loop: an engine with the clients that its checks need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from urlcheck.client.session import Clients
from urlcheck.engine.check import Check
from urlcheck.engine.engine import Engine
from urlcheck.model.errors import SettingsError
from urlcheck.runtime.descriptors import Allowance, open_allowance
from urlcheck.settings.checks import GrowingChecks
from urlcheck.settings.scopes import CheckSettings, RunSettings


class LocalChecks(Sequence[Check]):
    """The checks of the run's settings, each opened when it is first needed.

    Raises `SettingsError` with the number of the check.
    """

    def __init__(self, settings: Sequence[CheckSettings], clients: Clients, wait: float | None) -> None:
        self._settings = settings
        self._clients = clients
        self._wait = wait
        self._checks: list[Check] = []

    def __len__(self) -> int:
        return len(self._settings)

    def __getitem__(self, number: int) -> Check:  # type: ignore[override] # no slices
        while number >= len(self._checks):
            self._open(len(self._checks))
        return self._checks[number]

    def open_all(self) -> None:
        """Open every check that is known, so that settings that cannot be used are refused before the run."""
        if self._settings:
            self[len(self._settings) - 1]

    def _open(self, number: int) -> None:
        try:
            settings = self._settings[number]
            if self._wait:  # an attempt takes no longer than all the time there is
                settings = replace(settings, timeout=min(settings.timeout, self._wait))
            self._checks.append(Check(settings, self._clients.open(settings), waits=self._wait is not None))
        except SettingsError as error:
            error.check = number
            raise


@asynccontextmanager
async def open_checks(
    settings: RunSettings, checks: Sequence[CheckSettings], allowance: Allowance
) -> AsyncIterator[LocalChecks]:
    """The checks with their clients, which have opened no connection. Raises `SettingsError` for a setting that is unusable.

    Settings that are added later to a list that may grow are opened, or refused, at that moment.
    """
    async with Clients(allowance, waits=settings.wait is not None) as clients:
        local = LocalChecks(checks, clients, settings.wait)
        local.open_all()
        if isinstance(checks, GrowingChecks):
            checks.on_growth = local.open_all
        yield local


@asynccontextmanager
async def open_local(settings: RunSettings, checks: Sequence[CheckSettings], children: int = 0) -> AsyncIterator[Engine]:
    """An engine in this event loop. Raises `SettingsError` for a setting that cannot be used.

    The soft limit of descriptors is raised until the engine is closed. Some are reserved for `children` child processes.
    """
    with open_allowance(children) as allowance:
        async with open_checks(settings, checks, allowance) as local:
            allowance.measure()  # with the descriptors that resolvers have opened
            yield Engine(local, settings, allowance)
