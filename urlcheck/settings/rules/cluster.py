"""The rule for the address of a cluster."""

from __future__ import annotations

import re
from typing import Any

from urlcheck.settings.errors import RuleError
from urlcheck.settings.rules.basic import Text

_LOCAL = "local:"
_MOST_LOCAL = 64
# a scheduler's address in Dask's form: a protocol, a host, perhaps a port
_ADDRESS = re.compile(r"[a-z][a-z0-9+]*://[!-~]+")


class Cluster(Text):
    """The address of a Dask scheduler, or `local:N`."""

    def __init__(self) -> None:
        super().__init__("the address of a Dask scheduler, such as tcp://HOST:8786, or local:N")

    def fit(self, value: Any) -> str:
        text = Text.fit(self, value)
        if text.startswith(_LOCAL):
            if count_local(text) not in range(1, _MOST_LOCAL + 1):
                raise RuleError(f"local:N starts N worker processes on this machine, from 1 to {_MOST_LOCAL}")
        elif not _ADDRESS.fullmatch(text):
            raise RuleError("write the address of a Dask scheduler, such as tcp://HOST:8786, or local:N")
        return text


def count_local(cluster: str) -> int | None:
    """The N of `local:N`; None for the address of a scheduler, and 0 for an N that is no number."""
    if not cluster.startswith(_LOCAL):
        return None
    number = cluster.removeprefix(_LOCAL)
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else 0
