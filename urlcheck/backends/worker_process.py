"""Starts and ends a process that checks targets. This module imports little, so the process can start before all else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_PIPE_BYTES = 1 << 20
# seconds between two looks whether the process has ended
_WAIT_SECONDS = 0.005


class WorkerProcess:
    """A process that the terminal's signals do not reach, and that ends with this one. Raises `OSError`.

    It imports what it needs while this process goes on. `connect` begins the conversation.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this program
            [
                sys.executable,
                "-P",  # modules are never imported from the working directory, which others may write to
                *("-m", "urlcheck.backends", str(os.getpid())),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": import_path()},
        )
        self._transports: list[asyncio.BaseTransport] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The ends of its pipes, for the running event loop."""
        import asyncio  # noqa: PLC0415 - it is imported while the process starts

        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(_PIPE_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        from_process, _ = await loop.connect_read_pipe(lambda: protocol, self._process.stdout)
        to_process, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, self._process.stdin)
        self._transports += [to_process, from_process]
        return reader, asyncio.StreamWriter(to_process, flow, None, loop)

    def send_signal(self, name: str) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.Signals[name])

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> None:
        """Wait until it has ended."""
        import asyncio  # noqa: PLC0415 - likewise

        while self._process.poll() is None:  # noqa: ASYNC110 - asyncio's own way needs a thread on some systems
            await asyncio.sleep(_WAIT_SECONDS)
        self._close()

    def discard(self) -> None:
        """End a process that no backend uses."""
        self.kill()
        self._close()
        self._process.wait()

    def _close(self) -> None:
        for end in self._transports or (self._process.stdin, self._process.stdout):
            assert end
            end.close()


def import_path() -> str:
    """This process's import path. The working directory, if it has it, comes last, so that no module there hides another."""
    here = os.getcwd()
    folders = sorted(sys.path, key=lambda folder: folder == here or not os.path.isabs(folder))
    return os.pathsep.join(map(os.path.abspath, folders))
