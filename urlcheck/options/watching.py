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


def refuse_conflicts(context: click.Context, settings: Settings, watch: WatchSettings, *, restart: bool) -> None:
    """Raises `SettingsError` for options of a watch without one, and for options of a single run in a watch.

    A configuration may have settings of a watch that is not asked for this time; then they say nothing.
    """
    if watch.watch is not None:
        excluded = {
            "wait": settings.wait is not None,
            "max_age": settings.max_age is not None,
            "last_failed": settings.last_failed,
            "fail_on": settings.fail_on != "any",
            "grace": settings.grace is not None,
            "restart": restart,
        }
        for name, is_given in excluded.items():
            if is_given:
                raise SettingsError(name, "cannot be used together with", "watch")
        return
    for field in fields(WatchSettings):
        if context.get_parameter_source(field.name) is ParameterSource.COMMANDLINE:
            raise SettingsError(field.name, "needs", "watch")
