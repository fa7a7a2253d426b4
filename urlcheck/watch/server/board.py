"""The targets as JSON: built when somebody asks, and kept until they change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from urlcheck.watch.server.shapes import Shape, shape_target
from urlcheck.watch.summary import summarise
from urlcheck.watch.view import State, TargetView, WatchView

# targets that are built without a break: about 3 ms, in which no check makes progress
PORTION = 50
_RANK = {state: rank for rank, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One target, as JSON, with the values by which it is found, sorted and counted.

    `url` is masked; `words` are the name and the URL in lower case.
    """

    id: str
    url: str
    state: State
    since: datetime
    in_maintenance: bool
    verdict: str | None
    words: str
    body: str


class Board:
    """The entries of all targets. A target that changes is marked, and built anew at the next refresh."""

    def __init__(self, view: WatchView) -> None:
        self._view = view
        self._entries: dict[str, Entry] = {}
        self._stale: set[str] = set()
        self._is_built = False
        self._refreshing = asyncio.Lock()
        self._listeners: list[Callable[[str], None]] = []
        self._unsubscribe = view.subscribe(self._mark)

    def close(self) -> None:
        """Stop listening to the watch."""
        self._unsubscribe()

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call the listener with the id of each target that changes."""
        self._listeners.append(listener)

    def _mark(self, target_id: str) -> None:
        if self._is_built:
            self._stale.add(target_id)
        for listener in self._listeners:
            listener(target_id)

    async def refresh(self) -> None:
        """Bring the entries up to date; in portions, so that the event loop is not held for long."""
        async with self._refreshing:
            if not self._is_built:
                self._is_built = True  # from now on, changes are marked
                self._stale.update(self._view.list_ids())
            # a change from here on is left to the next refresh, so that this one ends however fast targets change
            stale, self._stale = [*self._stale], set()
            is_same_list = True
            for start in range(0, len(stale), PORTION):
                if start:
                    await asyncio.sleep(0)
                for target_id in stale[start : start + PORTION]:
                    is_same_list &= self._build(target_id)
            if not is_same_list:
                self._entries = {known: self._entries[known] for known in self._view.list_ids() if known in self._entries}

    def _build(self, target_id: str) -> bool:
        """Build an entry, or remove it; returns whether the list of targets is as before."""
        was_known = target_id in self._entries
        target = self._view.find(target_id)
        if target is None:
            self._entries.pop(target_id, None)
            return True
        self._entries[target_id] = make_entry(target)
        return was_known

    def find(self, target_id: str) -> Entry | None:
        """An entry as it was at the last refresh."""
        return self._entries.get(target_id)

    def list_entries(self) -> list[Entry]:
        """All entries, in the order of the input."""
        return [*self._entries.values()]

    def list_problems_first(self) -> list[Entry]:
        """All entries, the worst state first, those in maintenance after the problems."""
        return sorted(self._entries.values(), key=rank)

    def summarise(self) -> Shape:
        """The summary of the whole watch."""
        states = ((entry.state, entry.since, entry.in_maintenance) for entry in self._entries.values())
        return summarise(states, self._view.round)


def make_entry(target: TargetView) -> Entry:
    """The entry of a target."""
    shape = shape_target(target)
    verdict = target.result.verdict.value if target.result else None
    words = f"{shape['name'] or ''} {shape['url']}".lower()
    url, body = str(shape["url"]), json.dumps(shape)
    return Entry(target.id, url, target.state, target.since, target.in_maintenance, verdict, words, body)


def rank(entry: Entry) -> int:
    """The place of an entry among the states; a problem that is excused by maintenance stands before what is up."""
    return _RANK[State.UNKNOWN] if entry.in_maintenance and entry.state is not State.UP else _RANK[entry.state]


def join_bodies(entries: Collection[Entry]) -> str:
    """The entries as a JSON array."""
    return f"[{','.join(entry.body for entry in entries)}]"
