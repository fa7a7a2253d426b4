"""The record of one attempt while aiohttp is at work on it: how far it came, the address it reached, the reason of a refusal.

aiohttp reports none of that when an attempt fails, and forgets some of it when one succeeds. So the connector, the sockets and
the TLS contexts find the attempt under way through a context variable, and report to it.
"""

from __future__ import annotations

from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import ClientConnectorError

from urlcheck.client.address_policy import AddressPolicy, RefusedAddressError
from urlcheck.client.failures import is_shortage

if TYPE_CHECKING:
    from datetime import datetime

    from aiohttp.abc import ResolveResult

    from urlcheck.client.protocol import TracedHandler
    from urlcheck.client.tls import TracedTls

_PUBLIC, _BEHIND_PROXY = "a public address", "a host behind a proxy"


class Phase(Enum):
    """The stage that a request has reached. Its value describes what has not happened yet."""

    LOOK_UP = "no answer from the name servers"
    CONNECT = "no connection"
    HANDSHAKE = "no TLS handshake"
    ANSWER = "no response"
    BODY = "no end of the body"


class _FailedHandshake(NamedTuple):
    """The facts about an address that was connected to, and whose TLS handshake failed."""

    error: ClientConnectorError
    address: str | None
    tls: TracedTls | None


class AttemptTrace:
    """The record of one attempt, request by request.

    `has_place`: a descriptor is set aside for the next socket; `was_short`: a socket could not be opened for want of one.
    """

    __slots__ = (
        "_came_from",
        "_came_through_proxy",
        "_failed",
        "_host",
        "address",
        "address_policy",
        "cert_expires",
        "has_place",
        "is_proxied",
        "phase",
        "refusal",
        "tls",
        "was_short",
        "was_used_before",
    )

    def __init__(self, address_policy: AddressPolicy) -> None:
        self.address_policy = address_policy
        self.address: str | None = None
        self._came_from: str | None = None
        self._came_through_proxy = False
        self.has_place = False
        self.begin("", is_proxied=False)

    def move_on(self) -> None:
        """A redirect is followed: the next host is chosen by the last one, or by one before it.

        A proxy hides the address of a host, so that a host behind it counts as public for every later direct connection. For
        later hosts behind the proxy it counts as private if its URL names a private address.
        """
        if self.is_proxied:
            self._came_through_proxy = True
            if not self.address_policy.is_private(self._host):
                self._came_from = self._came_from or _BEHIND_PROXY
        elif self.address is not None and self.address_policy.judge(self.address):
            self._came_from = self._came_from or _PUBLIC

    def begin(self, host: str, *, is_proxied: bool) -> None:
        """Another request begins. Behind a proxy no address is known, but one that the URL itself names is judged.

        Raises `RefusedAddressError`.
        """
        self._host = host
        self.phase = Phase.LOOK_UP
        self.is_proxied = is_proxied
        self.address = None
        self.cert_expires: datetime | None = None
        self.refusal: str | None = None
        self.tls: TracedTls | None = None
        self.was_short = False
        self.was_used_before = False
        self._failed: _FailedHandshake | None = None
        if is_proxied and self._came_from and self.address_policy.is_private(host):
            self._refuse(f"redirected from {self._came_from} to {host}, which is not public")

    def admit(self, found: list[ResolveResult]) -> list[ResolveResult]:
        """The addresses of a host that may be connected to, in their order. Raises `RefusedAddressError` where none may.

        A refused address is left out before any connection is begun. A failure then comes from the other addresses, and their
        order does not matter.
        """
        allowed = [each for each in found if self._find_refusal(each["host"]) is None]
        if found and not allowed:
            self.meet(min(each["host"] for each in found))
        return allowed

    def meet(self, address: str) -> None:
        """A connection to this address is about to be made or used again. Raises `RefusedAddressError`."""
        if self.is_proxied:
            return
        self.address = address.partition("%")[0]
        self.refusal = None
        if refusal := self._find_refusal(address):
            self._refuse(refusal)

    def _find_refusal(self, address: str) -> str | None:
        if self.is_proxied:
            return None
        came_from = self._came_from or (_BEHIND_PROXY if self._came_through_proxy else None)
        return self.address_policy.refusal(address, came_from=came_from)

    def _refuse(self, refusal: str) -> None:
        self.refusal = refusal
        raise RefusedAddressError(refusal)

    def weigh(self, error: ClientConnectorError) -> ClientConnectorError:
        """The failure of a host whose addresses failed so far: one in a TLS handshake rather than one in connecting.

        The library reports the address that it tries last, and the order of addresses changes from one attempt to the next.
        """
        if is_shortage(error):
            return error  # it says nothing of the address
        if self.phase is Phase.HANDSHAKE:
            self._failed = _FailedHandshake(error, self.address, self.tls)
        return self.recall_handshake() or error

    def recall_handshake(self) -> ClientConnectorError | None:
        """The failed TLS handshake with one address, if others were tried after it; the record is then of that one."""
        if self._failed is None:
            return None
        self.phase = Phase.HANDSHAKE
        error, self.address, self.tls = self._failed
        return error

    def end(self) -> None:
        """The attempt is over. An error refers to the code that raised it, and through that to this record."""
        self._failed = None

    def reach(self, handler: TracedHandler) -> None:
        """A connection stands, new or kept. Raises `RefusedAddressError`."""
        if handler.uses and handler.address:
            self.meet(handler.address)
        self._failed = None
        self.was_used_before = handler.uses > 0
        handler.uses += 1
        self.phase = Phase.ANSWER
        if not self.is_proxied:
            self.address = handler.address or self.address  # a connection that was reset has none any more
        self.cert_expires = handler.cert_expires


current: ContextVar[AttemptTrace] = ContextVar("trace")
