"""Regular expressions that a user gives."""

from __future__ import annotations

import re
import warnings

from urlcheck.errors import SettingsError


def compile_pattern(pattern: str, option: str) -> re.Pattern[str]:
    """A compiled pattern; raises `SettingsError`, which names the option, for what is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(f"{option} {pattern!r} is not a regular expression: {error}") from None
