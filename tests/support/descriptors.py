"""File descriptors of this process that earlier tests have left to be closed."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress

from tests.support.clock import PATIENCE


class _Last:
    """Stands for a channel of c-ares. The thread that destroys channels, one after the other, comes to it last."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()

    def __getitem__(self, _: int) -> object:
        import pycares  # noqa: PLC0415 - not everywhere

        self.is_reached.set()
        return pycares._ffi.NULL  # type: ignore[attr-defined]


def settle() -> None:
    """Have them closed: by the garbage collector, and by c-ares, which closes in a thread of its own."""
    gc.collect()
    with suppress(ImportError):
        import pycares  # noqa: PLC0415 - not everywhere

        if pycares._shutdown_manager._thread:
            last = _Last()
            pycares._shutdown_manager.destroy_channel(last, None)
            assert last.is_reached.wait(PATIENCE)
