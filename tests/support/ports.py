"""Loopback ports for servers that cannot choose their own."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

# below the range from which Linux takes ports that are not named: no other test's server or connection gets one of these
_PORTS = range(15_000, 32_000)


def find_port() -> int:
    """A port at which nobody listens yet, for a server that a test starts later."""
    # the system's numbers: two workers whose tests have set the same seed must not choose the same ports
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as sock, suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port")
