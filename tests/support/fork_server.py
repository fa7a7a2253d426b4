"""Starts programs by forking a process that has loaded them: processes of their own all the same, in a tenth of the time.

The server is `python -m tests.support.fork_server OWNER LISTENER MODULE ARGUMENT...`, with the numbers of two sockets: it
serves all who connect to the second, and ends when the owner of the first does. The module has a function `load`, which is
given the arguments, and a function `run`, which each forked process calls. A request is a JSON message with the descriptors
of a program's standard streams and of a pipe, in which the server reports the program's number and its status.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TextIO, cast

_MOST_BYTES = 1 << 20
_STREAMS = 3  # standard input, output and error
# the interpreter reads these before it runs anything
_INTERPRETERS_OWN = ("PYTHON", "LC_", "LANG")


def can_fork(env: Mapping[str, str]) -> bool:
    """Whether a program with these variables is the same forked as started."""
    return sys.platform == "linux" and not any(name.startswith(_INTERPRETERS_OWN) for name in env)


class ForkedProcess:
    """A program that the server started, with what the tests use of `asyncio.subprocess.Process`."""

    def __init__(
        self,
        pid: int,
        status: asyncio.StreamReader,
        report: asyncio.BaseTransport,
        pipes: Sequence[asyncio.BaseTransport | None],
    ) -> None:
        self.pid = pid
        self._report = report
        self.returncode: int | None = None
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._status = status
        self._pipes = pipes

    async def wait(self) -> int:
        if self.returncode is None and (line := await self._status.readline()):
            self.returncode = int(line)
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> None:
        """Close its streams, and wait for its end."""
        for pipe in self._pipes:
            if pipe is not None:
                pipe.close()
        await self.wait()
        self._report.close()

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def path_of(address: str) -> str:
    """The path of a server's socket, which is no file: Linux alone has such paths."""
    return f"\0{address}"


class ServerProcess:
    """The process of a server, which ends with its owner."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._owner, theirs = socket.socketpair()
        self.address = secrets.token_hex()
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path_of(self.address))
            listener.listen()
            numbers = [theirs.fileno(), listener.fileno()]
            command = (sys.executable, "-m", __name__, *map(str, numbers), module, *arguments)
            self._process = subprocess.Popen(command, pass_fds=numbers, stdin=subprocess.DEVNULL)

    def close(self) -> None:
        self._owner.close()
        self._process.wait()


class ForkServer:
    """The server at an address, to which the first program connects."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    async def start(
        self, arguments: Sequence[str], streams: Sequence[int], cwd: str, env: Mapping[str, str], before: str = ""
    ) -> ForkedProcess:
        """Start a program with these arguments; `streams` are PIPE, DEVNULL, or descriptors.

        `before`: Python code that the program runs first.
        """
        theirs: list[int] = []
        ours: list[int | None] = []
        for number, stream in enumerate(streams):
            if stream == PIPE:
                ends = os.pipe()
                theirs.append(ends[min(number, 1)])
                ours.append(ends[1 - min(number, 1)])
            else:
                theirs.append(os.open(os.devnull, os.O_RDWR) if stream == DEVNULL else os.dup(stream))
                ours.append(None)
        read_status, write_status = os.pipe()
        message = json.dumps({"arguments": [*arguments], "cwd": cwd, "env": {**env}, "before": before}).encode()
        socket.send_fds(self._connect(), [message], [*theirs, write_status])
        for descriptor in (*theirs, write_status):
            os.close(descriptor)
        status, report = await _read_from(read_status)
        stdin = await _write_to(ours[0])
        stdout, stderr = [await _read_from(end) if end is not None else None for end in ours[1:]]
        pipes = [*(each[1] for each in (stdout, stderr) if each), stdin.transport if stdin else None]
        process = ForkedProcess(int(await status.readline()), status, report, pipes)
        process.stdin = stdin
        process.stdout, process.stderr = stdout and stdout[0], stderr and stderr[0]
        return process

    def close(self) -> None:
        if self._socket:
            self._socket.close()

    def _connect(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST_BYTES)
            self._socket.connect(path_of(self._address))
        return self._socket


async def _read_from(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0))
    return reader, transport


async def _write_to(descriptor: int | None) -> asyncio.StreamWriter | None:
    if descriptor is None:
        return None
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(descriptor, "wb", 0))
    return asyncio.StreamWriter(transport, protocol, None, loop)


# --- the server ---


class Forking:
    """Forks a program for each request."""

    def __init__(self, owner: socket.socket, listener: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(owner, selectors.EVENT_READ, self._exit)
        self._selector.register(listener, selectors.EVENT_READ, partial(self._accept, listener))
        self._is_program = False

    def serve(self) -> None:
        """Serve until the owner is gone, then exit. Returns in each program, which goes on from there."""
        while True:
            for key, _ in self._selector.select():
                key.data()
                if self._is_program:
                    return

    def _exit(self) -> None:
        os._exit(0)

    def _accept(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        self._selector.register(client, selectors.EVENT_READ, partial(self._start, client))

    def _start(self, client: socket.socket) -> None:
        message, descriptors, _, _ = socket.recv_fds(client, _MOST_BYTES, _STREAMS + 1)
        if not message:
            self._selector.unregister(client)
            client.close()
            return
        *streams, report = descriptors
        if pid := os.fork():
            for stream in streams:
                os.close(stream)
            _report(report, pid)
            pidfd = os.pidfd_open(pid)
            self._selector.register(pidfd, selectors.EVENT_READ, partial(self._finish, pidfd, pid, report))
        else:
            os.close(report)
            for key in [*self._selector.get_map().values()]:
                key.fileobj.close() if isinstance(key.fileobj, socket.socket) else os.close(key.fd)
            self._selector.close()
            self._is_program = True
            _become(json.loads(message), streams)

    def _finish(self, pidfd: int, pid: int, report: int) -> None:
        _, status = os.waitpid(pid, 0)
        _report(report, os.waitstatus_to_exitcode(status))
        self._selector.unregister(pidfd)
        os.close(pidfd)
        os.close(report)


def _report(descriptor: int, number: int) -> None:
    with suppress(BrokenPipeError):
        os.write(descriptor, b"%d\n" % number)


def _become(request: dict[str, object], streams: Sequence[int]) -> None:
    """Make this process one that was started as the request says."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    sys.argv[1:] = request["arguments"]  # type: ignore[call-overload]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        opened = _reopen(number, getattr(sys, name))
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)
    exec(str(request["before"]), {})


def _reopen(number: int, like: TextIO) -> TextIO:
    """A standard stream as the interpreter opens it."""
    mode, buffering = "r" if number == 0 else "w", 1 if number == 2 or os.isatty(number) else -1
    return cast("TextIO", open(number, mode, buffering, like.encoding, like.errors, closefd=False))


def main() -> None:
    """Load the module, and run it in each process that was forked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends with its owner
    owner, listener, name, *arguments = sys.argv[1:]
    module = importlib.import_module(name)
    module.load(arguments)
    gc.freeze()
    Forking(*(socket.socket(fileno=int(number)) for number in (owner, listener))).serve()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module.run()


if __name__ == "__main__":
    main()
