"""The interface between a remote backend and the connection that carries its messages: pipes, or calls of an actor."""

from __future__ import annotations

from typing import Protocol

from urlcheck.settings.files import FileReader


class Link(Protocol):
    """A connection to the other end, which carries whole messages in their order.

    `worker` names the other end in results, and is None where that is this machine. `files` reads the files that must be sent,
    and is None where the other end finds them by their names.
    """

    @property
    def worker(self) -> str | None: ...

    @property
    def files(self) -> FileReader | None: ...

    def send(self, message: bytes) -> None:
        """Send a message soon. A message to an end that is gone is dropped: `receive` reports it."""
        ...

    async def receive(self) -> bytes | None:
        """The next message; None once the other end is gone."""
        ...

    def suspend(self) -> None:
        """The program is about to be stopped by its terminal."""
        ...

    def resume(self) -> None:
        """The program goes on."""
        ...

    def kill(self) -> None:
        """End the other end at once: `receive` returns None soon."""
        ...

    async def aclose(self, *, has_ended: bool) -> None:
        """Free everything; `has_ended`: the other end has sent all and ends by itself."""
        ...
