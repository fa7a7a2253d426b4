"""A source that knows the results of earlier runs: what needs no request leaves it as a result."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

from urlcheck.input.source import Source
from urlcheck.input.target_builder import Item
from urlcheck.model.result import Result, settle
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.scopes import CheckSettings

_NOT_FAILED = "did not fail last time"

Settle = Callable[[Sequence[Item]], Sequence[Item]]


class RecallingSource:
    """Hands out what another source reads, and between its blocks the results of the interrupted run that goes on.

    `settle` makes results of the targets that need no request; it is called in a thread, as it may wait for a disk. `replayed`
    are the earlier results. New targets come first, so that requests need not wait for a million of those.
    """

    def __init__(self, source: Source, settle: Settle | None, replayed: Iterator[list[Result]]) -> None:
        self._source = source
        self._settle = settle
        self._replayed = replayed
        self._is_their_turn = False
        self._has_replays = True
        self._has_ended = False

    @property
    def exhausted(self) -> bool:
        return self._source.exhausted

    async def read(self) -> Sequence[Item]:
        if self._is_their_turn and self._has_replays:
            self._is_their_turn = self._has_ended
            if block := await call_in_thread(next, self._replayed, None):
                return block
            self._has_replays = False
        if not self._has_ended:
            if items := await self._source.read():
                self._is_their_turn = True
                return await call_in_thread(self._settle, items) if self._settle else items
            self._has_ended = self._is_their_turn = True
            return await self.read()
        return []

    def stop(self) -> None:
        self._source.stop()


def skip_passed(item: Item, failing: Container[int], checks: Sequence[CheckSettings]) -> Item:
    """The item, or a result for one that did not fail last time."""
    target = item if isinstance(item, Target) else item.target
    if target.identity in failing or (isinstance(item, Result) and item.verdict is Verdict.SKIPPED):
        return item
    return settle(target, Verdict.SKIPPED, _NOT_FAILED, ok=checks[target.check].lets_pass(Verdict.SKIPPED))
