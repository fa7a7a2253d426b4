"""A clock for tests: where every task waits for a time to come, it comes at once."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

Parameters = ParamSpec("Parameters")

PATIENCE = 60  # seconds after which a program that hangs fails its test; no test waits for them to pass


class StandstillError(AssertionError):
    """Every task waits, and nothing is to come."""


class ImpatientSelector(selectors.SelectSelector):
    """Lets the time go by that it should have waited."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if events := super().select(0):
            return events
        if timeout is None:
            raise StandstillError
        self.now += max(timeout, 0)
        return []


class ImpatientLoop(asyncio.SelectorEventLoop):
    """Its time starts at 0 and moves from one timer to the next."""

    def __init__(self) -> None:
        self.selector = ImpatientSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def in_no_time(
    test: Callable[Parameters, Coroutine[Any, Any, None]],
) -> Callable[Parameters, None]:
    """Run a test under that clock: hours pass in no time, and a deadlock fails it instead of hanging."""

    @functools.wraps(test)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        with asyncio.Runner(loop_factory=ImpatientLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def now() -> float:
    """Seconds on the running loop's clock."""
    return asyncio.get_running_loop().time()
