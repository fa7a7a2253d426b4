"""Servers of other projects, each on a free loopback port for the length of a test."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.clock import PATIENCE
from tests.support.ports import find_port

# Debian keeps servers where only root's search path leads
_FOLDERS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
_STARTS = 5  # another process may take a free port before the server does
_POLL = 0.02  # seconds between two attempts to connect to a server that starts

Command = Callable[[int], Sequence[str]]


class DaemonError(Exception):
    """A server that ended before it accepted a connection; the text is its log."""


class Daemons:
    """Starts servers with their files in a folder, and ends them."""

    def __init__(self, folder: Path, *, required: bool) -> None:
        self.folder = folder
        self._required = required
        self._processes: list[Process] = []

    def find(self, program: str) -> str:
        """The path of an installed program; skips the test where there is none."""
        path = shutil.which(program, path=_FOLDERS)
        return path or self.skip(f"{program} is not installed")

    def skip(self, reason: str) -> str:
        """Skip the test, or fail it where all servers must be there."""
        if self._required:
            pytest.fail(f"--need-servers: {reason}")
        pytest.skip(reason)

    async def start(self, command: Command) -> int:
        """Run the command for a port, and return the port once the server accepts connections there; raises `DaemonError`."""
        log = ""
        for _ in range(_STARTS):
            port = find_port()
            process = await self._run(command(port))
            async with asyncio.timeout(PATIENCE):
                while process.returncode is None:
                    if await accepts(port):
                        return port
                    await asyncio.sleep(_POLL)
            log = (self.folder / "daemon.log").read_text("utf-8", "replace")
            if "in use" not in log:
                break
        raise DaemonError(log)

    async def _run(self, command: Sequence[str]) -> Process:
        with (self.folder / "daemon.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=log, stderr=STDOUT, cwd=self.folder)
        self._processes.append(process)
        return process

    async def stop(self) -> None:
        """End all servers, and give them the time to remove what they left outside their folder."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
            except TimeoutError:
                process.kill()


async def accepts(port: int) -> bool:
    """Whether a server accepts connections on that port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
