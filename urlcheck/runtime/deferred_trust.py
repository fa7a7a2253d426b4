"""Defers the reading of the system's trust store from an import to the first handshake that needs it.

`import aiohttp` makes two default TLS contexts. Each reads the store; both together take a seventh of the program's start. The
program's own requests use neither. Other code in the process, such as a format from elsewhere, may use them as ever.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _DeferredContext(ssl.SSLContext):
    """A context that reads the store before its first handshake, and is an ordinary one from then on."""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return _read_store(self).wrap_bio(*args, **options)

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return _read_store(self).wrap_socket(*args, **options)


@contextmanager
def deferring_trust() -> Iterator[None]:
    """Contexts that are told meanwhile to trust the system's store read it later."""
    ssl.SSLContext.set_default_verify_paths = _defer  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        del ssl.SSLContext.set_default_verify_paths


def _defer(context: ssl.SSLContext) -> None:
    context.__class__ = _DeferredContext


def _read_store(context: ssl.SSLContext) -> ssl.SSLContext:
    context.__class__ = ssl.SSLContext
    context.set_default_verify_paths()
    return context
