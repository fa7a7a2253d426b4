"""The backend of another process of this machine: its link is two pipes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from urlcheck.backends.frames import frame, read_frame
from urlcheck.backends.remote import RemoteBackend
from urlcheck.settings.scopes import CheckSettings, RunSettings

_PIPE_BYTES = 1 << 20
# seconds that a process which has sent everything has to exit
_EXIT_SECONDS = 2.0


class ProcessLink:
    """The pipes of a process, which finds files by their names."""

    worker = None
    files = None

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout

    def send(self, message: bytes) -> None:
        with suppress(OSError, RuntimeError):  # it died
            self._stdin.write(frame(message))

    async def receive(self) -> bytes | None:
        return await read_frame(self._stdout)

    def suspend(self) -> None:
        self._signal("SIGSTOP")

    def resume(self) -> None:
        self._signal("SIGCONT")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def aclose(self, *, has_ended: bool) -> None:
        with suppress(OSError, RuntimeError):
            self._stdin.close()
        if has_ended:  # asyncio warns of an unknown child where one is killed at the moment at which it exits
            with suppress(TimeoutError):
                async with asyncio.timeout(_EXIT_SECONDS):
                    await self._process.wait()
                    return
        self.kill()
        await self._process.wait()

    def _signal(self, name: str) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.Signals[name])


async def open_process(
    settings: RunSettings, checks: Sequence[CheckSettings], hang_seconds: float | None = None
) -> RemoteBackend:
    """Start a process that the terminal's signals do not reach, and that ends with this one. Raises `OSError`.

    `hang_seconds`: the silence after which it is replaced; by default as long as an attempt may take, and at least 30 s.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # modules are never imported from the working directory, which others may write to
        "-m",
        "urlcheck.backends",
        str(os.getpid()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        limit=_PIPE_BYTES,
        env={**os.environ, "PYTHONPATH": _import_path()},
    )
    return RemoteBackend(ProcessLink(process), settings, checks, hang_seconds)


def _import_path() -> str:
    """This process's own. The working directory comes last, if it is in it: no module there hides another."""
    here = os.getcwd()
    folders = sorted(sys.path, key=lambda folder: folder == here or not os.path.isabs(folder))
    return os.pathsep.join(map(os.path.abspath, folders))
