"""The settings of a check as a program gives them, all in one."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.settings.scopes import CheckSettings, InputSettings, RunSettings
from urlcheck.settings.state import StateSettings


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Settings(InputSettings, RunSettings, StateSettings, CheckSettings):
    """Everything that a run may be told, with its defaults. The scopes that it is made of describe each field.

    Raises `SettingsError` for a value that a field cannot have, and for values that exclude each other.
    """

    @property
    def check(self) -> CheckSettings:
        """The settings for checking each target that has none of its own."""
        return self.part(CheckSettings)
