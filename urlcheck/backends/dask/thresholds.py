"""The times of a cluster, apart from what needs Dask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How long the workers of a cluster are waited for, in seconds.

    `look_seconds`: between two looks at the list of workers. `worker_seconds`: for which a run without a deadline waits for a
    worker. `open_seconds`: that a worker has to say its version, or to make the actor, for which it needs a free thread.
    `retry_seconds`: until a worker that was lost, but is still in the list, is tried again; they double.
    """

    look_seconds: float = 1.0
    worker_seconds: float = 60.0
    open_seconds: float = 30.0
    retry_seconds: float = 5.0
