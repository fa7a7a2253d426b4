"""Name lookups: c-ares first, and no failure is believed before the system's own resolver has confirmed it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import queue
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from aiohttp import AsyncResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from urlcheck.runtime.descriptors import are_exhausted
from urlcheck.runtime.threads import start_thread, without_signals

# seconds for which a failed lookup is cached, and the most failures cached: a list full of one dead name asks once
_FAILURE_SECONDS, _FAILURES = 10.0, 10_000
_THREADS = 32

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]  # as socket.getaddrinfo gives it
_Request = tuple[asyncio.Future[list[AddressInfo]], str, int, int]


class LookupThreads:
    """Runs the system's resolver in threads of its own, started as they are needed.

    The threads are daemons: an abandoned lookup does not delay the end of the program. `close` ends each thread after the
    lookup that it is busy with.
    """

    def __init__(self, getaddrinfo: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._threads = 0
        self._pending = 0

    async def look_up(self, host: str, port: int, family: int) -> list[AddressInfo]:
        """The result of `socket.getaddrinfo`; raises its `OSError`."""
        if self._pending >= self._threads and self._threads < _THREADS:
            self._start_thread()
        self._pending += 1  # until a thread has finished the request, even if its caller has given up
        future: asyncio.Future[list[AddressInfo]] = asyncio.get_running_loop().create_future()
        self._requests.put((future, host, port, family))
        return await future

    def close(self) -> None:
        """End the threads. Lookups that wait for a thread are still done."""
        for _ in range(self._threads):
            self._requests.put(None)
        self._threads = 0

    def _start_thread(self) -> None:
        """Start a thread. If none can be started, the existing ones do the work; without any, raises `OSError`."""
        try:
            start_thread(self._work, "lookup")
            self._threads += 1
        except RuntimeError as error:
            if not self._threads:
                raise OSError(errno.ENOMEM, "no thread can be started to look names up") from error

    def _work(self) -> None:
        while request := self._requests.get():
            future, host, port, family = request
            try:
                found = [] if future.cancelled() else self._getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
                settle = partial(future.set_result, found)
            except UnicodeError:
                settle = partial(future.set_exception, socket.gaierror(socket.EAI_NONAME, "not a host name"))
            except Exception as error:  # noqa: BLE001 - the caller gets every error, and the thread goes on
                settle = partial(future.set_exception, error)
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                future.get_loop().call_soon_threadsafe(self._hand_over, future, settle)

    def _hand_over(self, future: asyncio.Future[Any], settle: Callable[[], None]) -> None:
        self._pending -= 1
        if not future.done():
            settle()


class ConfirmingResolver(AbstractResolver):
    """Looks a name up with c-ares, where there is one, and again with the system's resolver before it fails.

    `failure_seconds`: for how long a failure is remembered.
    """

    def __init__(self, fast: AbstractResolver | None, system: LookupThreads) -> None:
        self.failure_seconds = _FAILURE_SECONDS
        self._fast = fast
        self._system = system
        self._failures: dict[tuple[str, int], tuple[float, OSError]] = {}

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of a name. Raises `OSError`: a `socket.gaierror` where the name is at fault."""
        until, error = self._failures.get((host, family), (0.0, None))
        if error and time.monotonic() < until:
            raise error.with_traceback(None)
        if self._fast:
            with contextlib.suppress(OSError):
                return await self._fast.resolve(host, port, family)
        try:
            found = await self._system.look_up(host, port, family)
        except OSError as failure:
            if are_exhausted():  # some systems say then that there is no such name
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from failure
            self._remember(host, family, failure)
            raise
        return [_make_result(host, port, info) for info in found]

    async def close(self) -> None:
        self._system.close()
        if self._fast:
            await self._fast.close()

    def _remember(self, host: str, family: int, failure: OSError) -> None:
        if isinstance(failure, socket.gaierror):  # and nothing that is this machine's own trouble
            if len(self._failures) >= _FAILURES:
                self._failures.clear()
            self._failures[host, family] = time.monotonic() + self.failure_seconds, failure


class PinningResolver(AbstractResolver):
    """Knows the addresses of some hosts and ports, as `Settings.resolve` has them; another resolver is asked for others."""

    def __init__(self, pins: Iterable[tuple[str, int, str]], other: AbstractResolver) -> None:
        self._other = other
        self._pins: dict[tuple[str, int], list[str]] = {}
        for host, port, addresses in pins:
            self._pins.setdefault((host, port), []).extend(addresses.split(","))

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of a host and port. Raises `OSError`."""
        pins = self._pins.get((host.removesuffix("."), port)) or self._pins.get(("*", port))
        if pins is None:
            return await self._other.resolve(host, port, family)
        found = [_pin(host, port, address) for address in pins]
        found = [pin for pin in found if family in (socket.AF_UNSPEC, pin["family"])]
        if not found:
            raise socket.gaierror(
                getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME), "the pinned addresses have another IP version"
            )
        return found

    async def close(self) -> None:
        await self._other.close()


def make_resolver() -> ConfirmingResolver:
    """The resolver of a session, with c-ares where it is installed and works (not on Windows' Proactor loop)."""
    try:
        with without_signals():  # c-ares has a thread of its own
            fast = AsyncResolver()
    except (RuntimeError, OSError):
        return ConfirmingResolver(None, LookupThreads())
    return ConfirmingResolver(fast, LookupThreads())


def _pin(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)


def _make_result(host: str, port: int, info: AddressInfo) -> ResolveResult:
    family, _, proto, _, address = info
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    name, zone = address[0], address[3] if family == socket.AF_INET6 else 0
    return ResolveResult(
        hostname=host, host=f"{name}%{zone}" if zone else name, port=port, family=family, proto=proto, flags=flags
    )
