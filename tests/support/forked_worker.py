"""A worker of pytest-xdist, in a process that has loaded the tests before: all workers together load and compile them once.

pytest-xdist starts a worker as `PYTHON -u -c CODE`. This file, as a script with the address of a fork server, stands in for
PYTHON: it has the worker forked, with its own standard streams, and ends as the worker does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout


def load(arguments: Sequence[str]) -> None:
    """The tests to which the arguments of pytest lead; what is wrong with them each worker finds again, and reports."""
    import pytest  # noqa: PLC0415 - not in the script, which has to start at once

    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        pytest.main(["--collect-only", "-p", "no:cacheprovider", *arguments])


def run() -> None:
    """The code with which pytest-xdist starts a worker."""
    exec(sys.argv[-1], {"__name__": "__main__"})


def main() -> None:
    """Have a worker forked, and wait for its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pytest and the worker have it too, and see to it
    address, *arguments = sys.argv[1:]
    ours, theirs = os.pipe()
    request = {"arguments": arguments, "cwd": os.getcwd(), "env": dict(os.environ), "before": ""}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(f"\0{address}")  # as fork_server.path_of, which takes too long to import
        socket.send_fds(server, [json.dumps(request).encode()], [0, 1, 2, theirs])
    os.close(theirs)
    with open(ours, encoding="ascii") as report:
        report.readline()  # its number
        sys.exit(int(report.readline() or 1))  # nothing, where the server has ended first


if __name__ == "__main__":
    main()
