"""Finds the files that may hold settings: those in the working directory and above, the nearest first."""

from __future__ import annotations

import os
from collections.abc import Iterator

FILE, PROJECT = "urlcheck.toml", "pyproject.toml"
PREFIX = "URLCHECK_"  # the names of environment variables start with it


def find_candidates() -> Iterator[str]:
    """Yield their paths relative to the working directory, as far up as the root of its repository, or home.

    A `pyproject.toml` that does not mention urlcheck is left out: parsing it would cost time for nothing.
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
        return True  # it may; reading it later reports the error
