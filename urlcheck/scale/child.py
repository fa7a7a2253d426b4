"""Another process, as the first one sees it: what it was given, and has not given back."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress

from urlcheck.model import Result, Target
from urlcheck.scale.wire import Frames, frame, pack_target, unpack_result
from urlcheck.settings import Settings

_PIPE_BYTES = 1 << 20


class Child:
    """A process that checks targets; `unfinished` by their index, `is_gone` when it has ended."""

    def __init__(self, process: asyncio.subprocess.Process, settings: Settings) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.unfinished: dict[int, Target] = {}
        self.concurrency = settings.concurrency
        self.is_gone = False
        self._process = process
        self._stdin = process.stdin
        self._frames = Frames(process.stdout)
        self._stdin.write(frame(pickle.dumps(settings)))

    @property
    def is_hungry(self) -> bool:
        """Whether it has no more than it has in flight, as far as one can see from here."""
        return not self.is_gone and len(self.unfinished) <= self.concurrency

    def give(self, targets: list[Target]) -> None:
        """Targets to check."""
        self.unfinished.update((target.index, target) for target in targets)
        self._send([pack_target(target) for target in targets])

    def limit(self, concurrency: int) -> None:
        """Have no more than so many requests in flight from now on."""
        self.concurrency = concurrency
        self._send(concurrency)

    def stop(self, reason: str) -> None:
        """Give back what is not finished."""
        self._send(reason)

    def end(self) -> None:
        """There will be no more targets."""
        with suppress(OSError, RuntimeError):
            self._stdin.close()

    async def results(self) -> AsyncGenerator[list[Result], None]:
        """What it gives back, until its process ends."""
        while message := await self._frames.read():
            yield [unpack_result(packed, self.unfinished.pop(packed[0])) for packed in message]
        self.is_gone = True

    def kill(self) -> None:
        """End the process, whatever it is at."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End the process, and wait for its end."""
        self.end()
        self.kill()
        await self._process.wait()

    def _send(self, message: object) -> None:
        with suppress(OSError, RuntimeError):  # it died; its results end, and that is where it is dealt with
            self._stdin.write(frame(message))


async def start_child(settings: Settings) -> Child:
    """A process that the terminal's signals do not reach; it ends with its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # whoever fills the working directory must not say what is imported
        "-m",
        "urlcheck.scale.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        limit=_PIPE_BYTES,
        env={**os.environ, "PYTHONPATH": _import_path()},
    )
    return Child(process, settings)


def _import_path() -> str:
    """This process's own. The working directory comes last, if it is in it: nothing there stands in for another's module."""
    here = os.getcwd()
    folders = sorted(sys.path, key=lambda folder: folder == here or not os.path.isabs(folder))
    return os.pathsep.join(map(os.path.abspath, folders))
