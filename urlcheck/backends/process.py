"""The backend of another process of this machine: its link is two pipes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from urlcheck.backends.frames import frame, read_frame
from urlcheck.backends.remote import RemoteBackend
from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.settings.scopes import CheckSettings, RunSettings

# seconds that a process which has sent everything has to exit
_EXIT_SECONDS = 2.0


class ProcessLink:
    """The pipes of a process, which finds files by their names."""

    worker = None
    files = None

    def __init__(self, child: WorkerProcess, pipes: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self._child = child
        self._reader, self._writer = pipes

    def send(self, message: bytes) -> None:
        with suppress(OSError, RuntimeError):  # it died
            self._writer.write(frame(message))

    async def receive(self) -> bytes | None:
        return await read_frame(self._reader)

    def suspend(self) -> None:
        self._child.send_signal("SIGSTOP")

    def resume(self) -> None:
        self._child.send_signal("SIGCONT")

    def kill(self) -> None:
        self._child.kill()

    async def aclose(self, *, has_ended: bool) -> None:
        with suppress(OSError, RuntimeError):
            self._writer.close()
        if has_ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EXIT_SECONDS):
                    await self._child.wait()
                    return
        self._child.kill()
        await self._child.wait()


async def open_process(
    settings: RunSettings,
    checks: Sequence[CheckSettings],
    hang_seconds: float | None = None,
    child: WorkerProcess | None = None,
) -> RemoteBackend:
    """The backend of a process, or of `child`, which has been started. Raises `OSError`.

    `hang_seconds`: the silence after which it is replaced; by default as long as an attempt may take, and at least 30 s.
    """
    child = child or WorkerProcess()
    try:
        pipes = await child.connect()
    except BaseException:
        child.discard()
        raise
    return RemoteBackend(ProcessLink(child, pipes), settings, checks, hang_seconds)
