"""The interface from which a coordinator reads its targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from urlcheck.input.target_builder import Item


class Source(Protocol):
    """Targets, and results that are settled already, block by block."""

    @property
    def exhausted(self) -> bool:
        """Whether it was read to its end."""
        ...

    async def read(self) -> Sequence[Item]:
        """The next block in the order of the input; empty at the end. Raises `InputError`."""
        ...

    def stop(self) -> None:
        """Read no further. Blocks that have been read are still handed out."""
        ...
