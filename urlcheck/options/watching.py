"""Options that need, or exclude, a watch."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from urlcheck.model.errors import SettingsError
from urlcheck.settings.watch import WatchSettings

if TYPE_CHECKING:
    from urlcheck.settings.settings import Settings


def refuse_conflicts(context: click.Context, settings: Settings, watch: WatchSettings) -> None:
    """Raises `SettingsError` for options of a watch without one, and for a watch that is to wait.

    A configuration may have settings of a watch that is not asked for this time; then they say nothing.
    """
    if watch.watch is not None:
        if settings.wait is not None:
            raise SettingsError("wait", "cannot be used together with", "watch")
        return
    for field in fields(WatchSettings):
        if context.get_parameter_source(field.name) is ParameterSource.COMMANDLINE:
            raise SettingsError(field.name, "is for repeated checks, which need", "watch")
