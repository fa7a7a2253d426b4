"""`${NAME}` in a text stands for a variable of the environment; `$${` is `${` itself, and any other `$` a `$`."""

from __future__ import annotations

import os
import re

_REFERENCE = re.compile(r"\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")


class UnusableValueError(Exception):
    """A value that an option cannot be given, and why."""


def expand(text: str) -> str:
    """The text with every variable replaced. Raises `UnusableValueError`, which names the variable and shows nothing else."""
    return _REFERENCE.sub(_look_up, text)


def _look_up(found: re.Match[str]) -> str:
    if found[0].startswith("$$"):
        return found[0][1:]
    name = found[1]
    if name is None:
        raise UnusableValueError("'${' begins the name of a variable, as in ${TOKEN}; write $${ for '${' itself")
    try:
        return os.environ[name]
    except KeyError:
        raise UnusableValueError(f"the environment has no variable {name}") from None
