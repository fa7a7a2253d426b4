"""Which files may hold settings: those in the working directory and above, the nearest first."""

from __future__ import annotations

import os
from collections.abc import Iterator

FILE, PROJECT = "urlcheck.toml", "pyproject.toml"
PREFIX = "URLCHECK_"  # of variables


def find_candidates() -> Iterator[str]:
    """Their names as seen from the working directory, as far up as the root of its repository, or home.

    A project that does not mention urlcheck is none, whatever else it is: nobody need pay for reading it.
    """
    try:
        directory, home = os.getcwd(), os.path.realpath(os.path.expanduser("~"))
    except OSError:  # it was deleted
        return
    above = ""
    while True:
        for name in (FILE, PROJECT):
            path = os.path.join(directory, name)
            if os.path.isfile(path) and (name == FILE or _mentions_us(path)):
                yield os.path.join(above, name)
        parent = os.path.dirname(directory)
        if directory in (parent, home) or os.path.exists(os.path.join(directory, ".git")):
            return
        directory, above = parent, os.path.join(os.pardir, above)


def _mentions_us(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"urlcheck" in file.read()
    except OSError:
        return True  # for all that one can tell; whoever reads it says what is wrong
