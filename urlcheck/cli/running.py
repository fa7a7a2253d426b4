"""Runs an order. This module imports everything that every run needs."""

from __future__ import annotations

from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.cli.order import Order
from urlcheck.runtime.deferred_trust import deferring_trust
from urlcheck.runtime.event_loop import run

with deferring_trust():
    from urlcheck.cli.run import execute


def run_order(order: Order, children: list[WorkerProcess]) -> int:
    """Run to the end. Returns the exit status. Raises `UrlcheckError`. `children` were started for the run."""
    if order.watch.watch:
        from urlcheck.cli.watching import execute as watch  # noqa: PLC0415 - few runs are a watch

        return run(watch(order, children))
    return run(execute(order, children))
