"""Whose fault an error is that is noticed late: the place where what it speaks of is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from urlcheck.config.keys import Setting
from urlcheck.config.layers import COMMAND_LINE, Configuration, OwnTarget
from urlcheck.model.errors import SettingsError
from urlcheck.options.groups import pick
from urlcheck.settings.settings import Settings


def find_origin(configuration: Configuration, params: Mapping[str, object], message: str) -> str:
    """Where that comes from which a message calls by its option; empty for the command line, or where it is not sure.

    What the run's own parameters do not cause is the fault of the first target whose settings do.
    """
    run, targets = [*configuration.settings.values()], [target for target in configuration.targets if target.entry.settings]
    if targets:
        is_of_run, target = asyncio.run(_ask(params, targets, message))
        if target:
            return next((setting.origin for setting in _find_named(target.settings, message)), target.origin)
        if not is_of_run:
            run += [setting for target in targets for setting in target.settings]
    for named in _find_named(run, message):
        origins = {setting.origin for setting in run if setting.key is named.key}
        return "" if len(origins) > 1 or COMMAND_LINE in origins else origins.pop()
    return ""


def _find_named(settings: Iterable[Setting], message: str) -> list[Setting]:
    """Those that the message names, in its order."""
    words = [word.rstrip(",;:") for word in message.split()]
    named = [setting for setting in settings if f"--{setting.key.name}" in words]
    return sorted(named, key=lambda setting: words.index(f"--{setting.key.name}"))


async def _ask(params: Mapping[str, object], targets: list[OwnTarget], message: str) -> tuple[bool, OwnTarget | None]:
    """Whether the run's own settings lead to that message, and if not, the first target whose settings do."""
    from urlcheck.client.session import Clients  # noqa: PLC0415 - there has been an error, and nothing else is to be done

    async with Clients() as clients:

        def leads_to_it(settings: Settings | None) -> bool:
            try:
                clients.open(settings or pick(Settings, params))
            except SettingsError as error:
                return str(error) == message
            return False

        if leads_to_it(None):
            return True, None
        return False, next((target for target in targets if leads_to_it(target.entry.settings)), None)
