"""The interface of the objects that are told what happens in a watch."""

from __future__ import annotations

from typing import Protocol

from urlcheck.watch.view import Change
from urlcheck.watch.watched import Watched


class Observer(Protocol):
    """Is told what happens in a watch, in its event loop."""

    def note(self, watched: Watched, change: Change | None) -> None:
        """A target was checked, or its state changed for another reason. `change` None: its state is as before."""
        ...

    def end_round(self) -> None:
        """A round has ended, or changes have waited for long enough."""
        ...

    def forget(self, target_id: str) -> None:
        """A target is not watched any more."""
        ...
