"""Threads beside the event loop's. Signals are left to the main one, where alone Python handles them."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from urlcheck.runtime.termination import ENDING

# the program has handlers for these
_HANDLED = {*ENDING, *(signal.Signals[name] for name in ("SIGALRM", "SIGTSTP") if hasattr(signal, name))}

_P = ParamSpec("_P")
_R = TypeVar("_R")


@contextmanager
def without_signals() -> Iterator[None]:
    """A thread that is started within, a library's own too, is sent none.

    Else the system may give it one while the main thread is held up in a write, which nothing would end then.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon: work that never returns does not keep the program alive. Raises `RuntimeError` at too many threads."""
    thread = threading.Thread(target=work, daemon=True, name=name)
    with without_signals():
        thread.start()
    return thread


async def call_in_thread(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Like `asyncio.to_thread`. Where no thread can be started, the function is called here, and blocks the loop."""
    call = partial(copy_context().run, function, *args, **kwargs)
    try:
        with without_signals():
            future = asyncio.get_running_loop().run_in_executor(None, call)
    except RuntimeError:
        return call()
    return await future
