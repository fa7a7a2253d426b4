"""The process of a worker. Its argument is its parent's number; it is tied to the parent before anything else is loaded."""

from __future__ import annotations

import gc
import os
import signal
import sys

from urlcheck.runtime.termination import ENDING, end

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Work until the parent has nothing more to do, or is gone."""
    for number in ENDING:  # the first process handles these signals, and tells the others what to do
        signal.signal(number, signal.SIG_IGN)
    end_with_parent(int(sys.argv[1]))
    gc.set_threshold(100_000)  # as in the first process
    from urlcheck.runtime.deferred_trust import deferring_trust  # noqa: PLC0415 - after the process is tied

    with deferring_trust():
        from urlcheck.backends.pipes import work  # noqa: PLC0415 - likewise
    from urlcheck.runtime.event_loop import run  # noqa: PLC0415 - likewise

    try:
        status = run(work())
    except* ConnectionError:  # the parent wants no more results
        status = 0
    end(status)


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends, however that ends, and also while this process is stopped.

    On other systems, this process notices that its standard output has no reader any more.
    """
    if sys.platform != "linux":
        return
    try:
        import ctypes  # noqa: PLC0415 - on Linux alone

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return
    if os.getppid() != parent:  # it ended before
        os._exit(0)


if __name__ == "__main__":
    main()
