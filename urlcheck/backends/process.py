"""Another process, as the first one sees it: what it was given, and has not given back."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from urlcheck.backends.codec import Frames, frame, pack_target, unpack_result
from urlcheck.model.nouns import Result, Target
from urlcheck.settings.settings import Settings

_PIPE_BYTES = 1 << 20
# a process says something so many times in the time that it may be silent
_PULSES = 10
# seconds for a process to load its modules on a busy machine
_START_SECONDS = 30.0


class Child:
    """A process that checks targets; `unfinished` by their index, `is_gone` when it has ended.

    `hang_seconds`: for how long it may be silent.
    """

    def __init__(self, process: asyncio.subprocess.Process, settings: Settings, hang_seconds: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.unfinished: dict[int, Target] = {}
        self.concurrency = settings.concurrency
        self.is_gone = False
        self._process = process
        self._stdin = process.stdin
        self._frames = Frames(process.stdout)
        self._hang_seconds = hang_seconds
        self._silence = 0.0
        self._has_spoken = False
        self._is_listened_to = False
        self._stdin.write(frame(pickle.dumps((settings, hang_seconds / _PULSES))))

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
        while (message := await self._listen()) is not None:
            self._silence = 0.0
            self._has_spoken = True
            if message:  # else only a sign of life
                yield [unpack_result(packed, self.unfinished.pop(packed[0])) for packed in message]
        self.is_gone = True

    async def _listen(self) -> list[Any] | None:
        self._is_listened_to = True
        try:
            message: list[Any] | None = await self._frames.read()
            return message
        finally:
            self._is_listened_to = False

    def watch(self, seconds: float) -> None:
        """So much time has passed since the last call. A process that is silent for too long is stopped or hangs: end it.

        Time in which this process did not listen does not count: it was busy, or stopped itself.
        """
        if not self._is_listened_to:
            return
        self._silence += seconds
        if self._silence > (self._hang_seconds if self._has_spoken else max(self._hang_seconds, _START_SECONDS)):
            self.kill()

    def suspend(self) -> None:
        """Stop the process until `resume`."""
        self._signal("SIGSTOP")

    def resume(self) -> None:
        self._signal("SIGCONT")

    def _signal(self, name: str) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.Signals[name])

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


async def start_child(settings: Settings, hang_seconds: float) -> Child:
    """A process that the terminal's signals do not reach; it ends with this one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # whoever fills the working directory must not say what is imported
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
    return Child(process, settings, hang_seconds)


def _import_path() -> str:
    """This process's own. The working directory comes last, if it is in it: nothing there stands in for another's module."""
    here = os.getcwd()
    folders = sorted(sys.path, key=lambda folder: folder == here or not os.path.isabs(folder))
    return os.pathsep.join(map(os.path.abspath, folders))
