"""The settings by scope: those of the input, of the run, and of the check of one target."""

from __future__ import annotations

from dataclasses import dataclass, fields

from urlcheck.http.methods import is_idempotent
from urlcheck.settings.compatibility import refuse_conflicts
from urlcheck.settings.connection import ConnectionSettings
from urlcheck.settings.input import InputSettings
from urlcheck.settings.request import RequestSettings, list_pairs
from urlcheck.settings.run import RunSettings
from urlcheck.settings.verdict import VerdictSettings

__all__ = [
    "OF_A_CHECK",
    "CheckSettings",
    "ConnectionSettings",
    "InputSettings",
    "RequestSettings",
    "RunSettings",
    "VerdictSettings",
    "list_pairs",
]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CheckSettings(RequestSettings, ConnectionSettings, VerdictSettings):
    """The settings for checking one target: all that a `[[target]]` of a configuration may set for itself."""

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_conflicts(self)

    @property
    def is_repeatable(self) -> bool:
        """Whether a request may be sent twice (RFC 9110, 9.2.2)."""
        return is_idempotent(self.method)


# the names of the settings that a target may have for itself
OF_A_CHECK = frozenset(field.name for field in fields(CheckSettings))
