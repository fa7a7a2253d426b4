"""The interface of the objects that receive the results of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from urlcheck.model.result import Result

if TYPE_CHECKING:
    from urlcheck.reports.summary import Summary


class Sink(Protocol):
    """Takes the results of a run, each once, in order of completion: outputs, the summary, a live view."""

    def add(self, results: Sequence[Result]) -> None:
        """Take a batch of results."""
        ...

    def close(self, summary: Summary) -> None:
        """The run has ended; `summary` has all of its results."""
        ...
