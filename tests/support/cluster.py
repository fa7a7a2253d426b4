"""A Dask cluster in a process of its own, which a test can kill: `python -m tests.support.cluster WORKERS`."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

ROOT = Path(__file__).parents[2]


class Cluster:
    """A running cluster: the address of its scheduler, and its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.process = process
        self.address = process.stdout.readline().strip()

    def kill_worker(self) -> None:
        """Kill one of the workers, in whose place Dask starts another."""
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _children_of(self.process.pid)}
        [server] = [pid for pid, command in commands.items() if b"forkserver" in command]
        os.kill(_children_of(server)[0], signal.SIGKILL)


def _children_of(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(pid) for thread in threads for pid in (thread / "children").read_text("ascii").split()]


@contextmanager
def start_cluster(workers: int) -> Iterator[Cluster]:
    """Start a cluster of worker processes, and end it when the block is left."""
    command = [sys.executable, "-m", __name__, str(workers)]
    env = {
        **os.environ,
        "PYTHONWARNINGS": "ignore:resource_tracker",
    }  # which warns of what is left by a process that is killed
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield Cluster(process)
            if process.poll() is None:
                process.communicate()  # it ends with its standard input
        finally:
            process.kill()  # Dask's workers end with the process that has started them


def main() -> None:
    """Serve until standard input is closed."""
    import dask  # noqa: PLC0415 - the tests import this module for its classes
    from distributed import LocalCluster  # noqa: PLC0415

    # the workers are forked from one process that has imported Dask, and what they are asked to run
    multiprocessing.set_forkserver_preload(["distributed.nanny", "urlcheck.backends.dask.actor"])
    options = {"distributed.worker.profile.enabled": False, "distributed.worker.multiprocessing-method": "forkserver"}
    with (
        dask.config.set(options),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=int(sys.argv[1]),
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        sys.stdout.write(f"{cluster.scheduler_address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
