"""The command line, in a process that has loaded it before."""

from __future__ import annotations

import importlib
import runpy
from collections.abc import Sequence

_LOADED = (
    "urlcheck.backends.process",
    "urlcheck.cli.live",
    "urlcheck.cli.program",
    "urlcheck.cli.run",
    "urlcheck.cli.watching",
    "urlcheck.reports.formats.jsonl",
    "urlcheck.reports.terminal.table",
    "urlcheck.config.layers",
    "urlcheck.runtime.deferred_trust",
    "urlcheck.runtime.signals",
    "tomllib",
    "encodings.utf_8_sig",
    "encodings.ascii",
    "aiodns",
    "uvloop",
)


def load(_: Sequence[str]) -> None:
    """What most programs load."""
    for name in _LOADED:
        importlib.import_module(name)


def run() -> None:
    """`python -m urlcheck` with the arguments of this process."""
    runpy.run_module("urlcheck", run_name="__main__", alter_sys=True)
