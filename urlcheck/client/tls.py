"""TLS connections that report to the attempt under way, and remember how the server greeted them."""

from __future__ import annotations

import ssl
from typing import Any

from urlcheck.client.trace import Phase, current
from urlcheck.client.trust_store import load_system_roots
from urlcheck.runtime.descriptors import are_exhausted

# a record's header (5 bytes), a message's (4), and the version that a ServerHello chooses
_GREETING_BYTES = 11
_OLD_VERSIONS = {b"\3\0": "SSL 3.0", b"\3\1": "TLS 1.0", b"\3\2": "TLS 1.1"}


class TracedTls(ssl.SSLObject):
    """A TLS connection that remembers how the server greeted it, which OpenSSL forgets where it refuses the greeting."""

    incoming: ssl.MemoryBIO
    greeting = b""

    def do_handshake(self) -> None:
        if len(self.greeting) < _GREETING_BYTES and self.incoming.pending:
            data = self.incoming.read()
            self.incoming.write(data)
            self.greeting += data[: _GREETING_BYTES - len(self.greeting)]
        super().do_handshake()

    @property
    def old_version(self) -> str | None:
        """The version of TLS that the server chose, if it is older than 1.2 (RFC 5246, 7.4.1.3)."""
        is_hello = self.greeting[:1] == b"\x16" and self.greeting[5:6] == b"\x02"
        return _OLD_VERSIONS.get(self.greeting[9:_GREETING_BYTES]) if is_hello else None


class TracedContext(ssl.SSLContext):
    """Tells the attempt under way of its TLS handshake; what a server showed can be read even where it is refused.

    `trusts_system`: the system's trust store is loaded at the first handshake, which many runs never come to.
    """

    trusts_system = False
    sslobject_class = TracedTls

    def wrap_bio(self, incoming: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        trace = current.get()
        if self.trusts_system:
            if are_exhausted():  # OpenSSL would load nothing, and report nothing
                trace.was_short = True
            else:
                load_system_roots(self)
                self.trusts_system = False
        tls = super().wrap_bio(incoming, *args, **options)
        assert isinstance(tls, TracedTls)
        tls.incoming = incoming
        trace.phase = Phase.HANDSHAKE
        trace.tls = tls
        return tls
