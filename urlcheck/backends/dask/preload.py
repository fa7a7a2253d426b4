"""Loaded by the workers that `local:N` starts, before they work: Ctrl-C is for the program that the user has started."""

from __future__ import annotations

import signal


def dask_setup(_: object) -> None:
    """Dask calls it in the main thread of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
