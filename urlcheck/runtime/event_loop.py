"""The event loop of the program: uvloop where there is one."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

# the loop, the resolver and one connection need this many; with fewer, libuv ends the program, or no URL can be checked
_DESCRIPTORS = 12
_RARELY = (10_000, 20, 50)
_tuning = 0
_threshold_before = gc.get_threshold()


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run to the end, on uvloop where it is installed (not on Windows): it takes up to an eighth off the time of a URL.

    Raises `OSError` where there are too few file descriptors for a loop.
    """
    if not sys.flags.dev_mode:
        logging.lastResort = logging.NullHandler()  # the run reports its errors itself; a library's words would stand between
    status = None
    try:
        _refuse_without_descriptors()
        with asyncio.Runner(loop_factory=choose_loop()) as runner:
            status = runner.run(main)
    except RuntimeError:
        if status is None:
            raise
        # the loop closes with a thread of its own, which could not be started
    finally:
        main.close()  # where the loop could not even be made
    return status


def tune_gc() -> None:
    """Have the garbage collector run less often. Call it when all modules are loaded: a run makes few reference cycles."""
    gc.freeze()
    gc.set_threshold(*_RARELY)


@contextmanager
def tuning_gc() -> Iterator[None]:
    """A context in which the garbage collector runs less often. Contexts may overlap; the last one restores its settings."""
    global _tuning, _threshold_before  # noqa: PLW0603 - the threshold is the process's
    if not _tuning:
        _threshold_before = gc.get_threshold()
        gc.set_threshold(*_RARELY)
    _tuning += 1
    try:
        yield
    finally:
        _tuning -= 1
        if not _tuning:
            gc.set_threshold(*_threshold_before)


def choose_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """A factory of uvloop's event loops; None where uvloop is not installed."""
    try:
        import uvloop  # noqa: PLC0415 - a program with a loop of its own does without
    except ImportError:
        return None

    class Loop(uvloop.Loop):
        async def getaddrinfo(self, host: Any, port: Any, **kwargs: Any) -> Any:
            """As uvloop has it, which asks for no type of socket before each connection. Then even an address goes through
            libuv's threads: slowly, and where they cannot be started, libuv aborts the program.
            """
            kwargs["type"] = kwargs.get("type") or socket.SOCK_STREAM
            return await super().getaddrinfo(host, port, **kwargs)

    return Loop


def _refuse_without_descriptors() -> None:
    taken: list[int] = []
    try:
        while len(taken) < _DESCRIPTORS:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for descriptor in taken:
            os.close(descriptor)
