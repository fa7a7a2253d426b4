"""The command line as a user runs it, in a process of its own."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.support.clock import PATIENCE
from tests.support.fork_server import ForkedProcess

Program = Process | ForkedProcess


@dataclass(frozen=True)
class Finished:
    """What a program left behind."""

    status: int | None
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines on standard output, in the order of the input."""
        records = [json.loads(line) for line in self.stdout.splitlines()]
        return sorted(records, key=lambda record: record["line"] or 0)

    @property
    def verdicts(self) -> dict[str, str]:
        return {record["url"]: record["verdict"] for record in self.records}


class Launch(Protocol):
    """Starts the command line, in an empty folder. `is_loaded`: by a fork of a process that has loaded its modules."""

    async def __call__(
        self,
        *arguments: str,
        stdin: int = DEVNULL,
        stdout: int = PIPE,
        stderr: int = PIPE,
        env: Mapping[str, str] | None = None,
        is_loaded: bool = True,
    ) -> Program: ...


class Urlcheck(Protocol):
    """Runs the command line to its end; standard input is empty, or what it is given."""

    async def __call__(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Finished: ...


class RunHere(Protocol):
    """Runs the command line in the test's own process: enough, and faster, where it ends before it checks anything."""

    def __call__(self, *arguments: str) -> Finished: ...


async def finish(process: Program, before: bytes = b"") -> Finished:
    """The end of a launched program; `before` is what has been read of its standard output already."""
    assert process.stderr is not None
    streams = [process.stdout, process.stderr] if process.stdout else [process.stderr]
    async with asyncio.timeout(PATIENCE):
        # not communicate(), which would close an input that is meant to stay open
        *stdout, stderr = await asyncio.gather(*(stream.read() for stream in streams))
        status = await process.wait()
    return Finished(status, b"".join([before, *stdout]).decode(), stderr.decode())


async def read_line(process: Program) -> bytes:
    """The next line of a launched program's standard output, when it comes."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return await process.stdout.readline()
