"""`${NAME}` in a text stands for a variable of the environment; `$${` is `${` itself, and any other `$` a `$`."""

from __future__ import annotations

import os
import re

from urlcheck.text.secrets import Secrets

_REFERENCE = re.compile(r"\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")


# characters: a shorter value is no secret; an error hides shorter ones too, as only the text of the error depends on it
_MIN_SECRET, _MIN_HIDDEN = 6, 4


class UnusableValueError(Exception):
    """A value that an option cannot be given, and why."""


class MissingVariableError(UnusableValueError):
    """A value that names a variable which the environment does not have."""


class Variables:
    """The environment. It remembers the values it returned: errors hide them, and reports show them only as part of a URL."""

    def __init__(self) -> None:
        self.names: set[str] = set()  # the variables that a file refers to
        self._values: dict[str, str] = {}
        self._secrets: dict[str, str] = {}

    def expand(self, text: str, *, is_shown: bool = False) -> str:
        """The text with every variable replaced; `is_shown`: it is for people to see, as a URL is.

        Raises `UnusableValueError`, which names the variable and shows nothing else.
        """

        def look_up(found: re.Match[str]) -> str:
            if found[0].startswith("$$"):
                return found[0][1:]
            self.names.add(found[1])
            value = _look_up(found[1])
            self._values.setdefault(value.strip(), found[0])
            if not is_shown:
                self._secrets.setdefault(value.strip(), found[0])
            return value

        return _REFERENCE.sub(look_up, text)

    @property
    def secrets(self) -> Secrets:
        """The values that no report shows. A URL, `https://…`, is not among them: a password in it is masked anyway."""
        return Secrets(
            {value: name for value, name in self._secrets.items() if len(value) >= _MIN_SECRET and "://" not in value}
        )

    def hide(self, message: str) -> str:
        """An error with the references in place of the values."""
        return Secrets({value: name for value, name in self._values.items() if len(value) >= _MIN_HIDDEN}).hide(message)


def quote(text: str) -> str:
    """The text quoted so that `expand` returns the original."""
    return text.replace("${", "$${")


def _look_up(name: str | None) -> str:
    if name is None:
        raise UnusableValueError("'${' begins the name of a variable, as in ${TOKEN}; write $${ for '${' itself")
    try:
        return os.environ[name]
    except KeyError:
        raise MissingVariableError(f"the environment has no variable {name}") from None
