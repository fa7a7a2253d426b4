"""The errors that a user can cause. Each ends a run with one clear line, its message."""

from __future__ import annotations

from collections.abc import Callable


class UrlcheckError(Exception):
    """Base of the errors below."""


class SettingsError(UrlcheckError, ValueError):
    """A setting that cannot be used.

    `field` is its name in Python, or a variable such as `HTTPS_PROXY`; `reason` is the fault, without a value that may be a
    secret. `other` names a second setting, with which the sentence ends. `check` is the number of the check settings that it
    belongs to, 0 for those of the run.
    """

    def __init__(self, field: str, reason: str, other: str | None = None) -> None:
        super().__init__(field, reason, other)
        self.field = field
        self.reason = reason
        self.other = other
        self.check = 0

    def describe(self, name: Callable[[str], str] = str) -> str:
        """`FIELD: REASON`; `name` gives a field the name that the reader knows it by."""
        return f"{name(self.field)}: {self.reason}{f' {name(self.other)}' if self.other else ''}"

    def __str__(self) -> str:
        return self.describe()


class ConfigurationError(UrlcheckError):
    """A configuration file or a variable that cannot be used. Its message begins with the place."""


class InputError(UrlcheckError):
    """An input that cannot be read."""


class OutputError(UrlcheckError):
    """An output that cannot be written."""


class StateError(UrlcheckError):
    """A state file that cannot be used."""


class ClosedPipeError(Exception):
    """The reader of standard output has closed it, as `head` does. It is no `OSError`, which Click would take for its own."""
