"""The interfaces of the coordinator: backends, places where targets are checked, and scalers, which decide on their number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from urlcheck.engine.status import BackendReport, BackendStatus, HostQueue, OverloadHandler, Withdrawn
from urlcheck.http.url import Origin
from urlcheck.model.result import Result
from urlcheck.model.stop_reason import StopReason
from urlcheck.model.target import Target


class BackendLostError(Exception):
    """A backend has ended before it was told to. `unfinished` are the targets that it has no result for."""

    def __init__(self, unfinished: Sequence[Target]) -> None:
        super().__init__(f"a backend was lost with {len(unfinished)} targets")
        self.unfinished = unfinished


class Backend(Protocol):
    """A place where targets are checked: this event loop, another process, another machine.

    Each submitted target comes out once, in a batch of `results`, or is withdrawn, or is named by `BackendLostError`. Several
    backends may check one host: each has a share of the requests in flight to it. `on_overload` is called where such a host
    rejects a request for its load.
    """

    on_overload: OverloadHandler | None

    @property
    def status(self) -> BackendStatus: ...

    @property
    def report(self) -> BackendReport: ...

    def submit(self, targets: Sequence[Target]) -> None:
        """Take targets in. The caller bounds how many are unfinished."""
        ...

    def set_limit(self, in_flight: int) -> None:
        """Have at most this many requests in flight from now on; none at 0, while other backends have all places."""
        ...

    async def withdraw(self) -> Withdrawn:
        """Give back the targets of all hosts without requests in flight and without state that must be kept."""
        ...

    async def find_busiest(self) -> HostQueue | None:
        """The host with the most targets that wait, of those that reject nothing; None where none waits."""
        ...

    def set_share(self, origin: Origin, share: int) -> None:
        """Have at most `share` requests to this host in flight from now on."""
        ...

    async def take_queue(self, origin: Origin) -> Withdrawn:
        """Give back the waiting targets of a host, once no more requests to it than its share are in flight.

        The origin stays while targets of it are in flight, or wait for the time of their next attempt.
        """
        ...

    def pause(self, origin: Origin, seconds: float) -> None:
        """Send no request to this host for that time: it has demanded a pause of another backend."""
        ...

    def finish(self) -> None:
        """No more targets will be submitted: `results` ends after the last one."""
        ...

    def stop(self, reason: StopReason | str) -> None:
        """Abandon what is in flight. Targets without a finished attempt become `unchecked` for this reason."""
        ...

    def suspend(self) -> None:
        """The program is about to be stopped by its terminal (Ctrl-Z)."""
        ...

    def resume(self) -> None:
        """The program goes on."""
        ...

    def results(self) -> AsyncIterator[Sequence[Result]]:
        """The results, in batches, as they are reached. Raises `BackendLostError`."""
        ...

    async def aclose(self) -> None:
        """End at once, and free everything."""
        ...


class Scaled(Protocol):
    """The coordinator, as a scaler sees it."""

    @property
    def unfinished(self) -> int: ...

    async def share_out(self, joining: Sequence[Backend]) -> None:
        """Divide hosts and places in flight among the present backends and these."""
        ...

    def stop(self, reason: StopReason | str) -> None:
        """End the run: targets without a verdict become `unchecked`, for this reason."""
        ...


class Scaler(Protocol):
    """Opens backends and has the coordinator share its work with them.

    `opened` are those that it has opened and that may still work; `remarks` are sentences about them for the user.
    """

    @property
    def opened(self) -> Sequence[Backend]: ...

    @property
    def remarks(self) -> Sequence[str]: ...

    async def begin(self, scaled: Scaled) -> None:
        """Called before the first target is read."""
        ...

    async def watch(self, scaled: Scaled) -> None:
        """Open backends while the run lasts. May return before its end."""
        ...
