"""The place of a setting that cannot be used: a line of the file, a variable, or the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from urlcheck.config.keys import COMMAND_LINE, Key, Setting, name_key
from urlcheck.model.errors import SettingsError


def find_setting(error: SettingsError, settings: Iterable[Setting]) -> Setting | None:
    """The setting that an error is about: that of its field, else that of its other field; None if neither is told."""
    by_param = {setting.key.param: setting for setting in settings}
    return by_param.get(error.field) or by_param.get(error.other or "")


def describe(error: SettingsError, keys: Mapping[str, Key]) -> str:
    """The error as a configuration names it: `ca-file: cannot read missing.pem`."""
    return error.describe(partial(name_key, keys.values()))


def locate(error: SettingsError, setting: Setting, keys: Mapping[str, Key]) -> str | None:
    """The error after the place of the setting; None for the command line, whose errors name options.

    `urlcheck.toml:12: ca-file: cannot read missing.pem`, or `URLCHECK_CA_FILE: cannot read missing.pem`.
    """
    if setting.origin == COMMAND_LINE:
        return None
    message = describe(error, keys)
    if setting.origin == setting.key.variable and setting.key.param == error.field:  # the variable names the key
        message = message.removeprefix(f"{setting.key.name}: ")
    return f"{setting.origin}: {message}"
