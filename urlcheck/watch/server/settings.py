"""The settings of the status server: its address, its names and its token."""

from __future__ import annotations

from dataclasses import dataclass

# a shorter secret can be guessed over the network
SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`port` 0 takes a free port; an empty `host` stands for all addresses of this machine.

    `allowed_hosts`: names under which the server may be asked, besides localhost and IP addresses. `token`: the secret that
    every request must bring; None, for none, is allowed on loopback alone.
    """

    host: str = "127.0.0.1"
    port: int = 0
    allowed_hosts: tuple[str, ...] = ()
    token: str | None = None
