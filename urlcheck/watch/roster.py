"""The targets of a watch: by id, by index, and by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from urlcheck.input.target_builder import Item
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.watch.view import State
from urlcheck.watch.watched import Watched, make_id


@dataclass(frozen=True, slots=True)
class Loaded:
    """The targets that a new list adds, those that it removes, and the results of skipped entries, which are not watched."""

    added: Sequence[Watched]
    removed: Sequence[Watched]
    skipped: Sequence[Result]


class Roster:
    """All watched targets in the order of the input. `ids` are their ids; iteration yields the targets."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._ids_of: dict[int, str] = {}
        self._by_state: dict[State, dict[str, None]] = {state: {} for state in State}
        self._last_index = -1

    def load(self, items: Sequence[Item], now: datetime) -> Loaded:
        """Hold these targets, and no others.

        A target that was there before keeps its state and its index, by which the engine knows it.
        """
        skipped: list[Result] = []
        added: list[Watched] = []
        before, self._watched = self._watched, {}
        seen: Counter[str] = Counter()
        for item in items:
            if isinstance(item, Result) and item.verdict is Verdict.SKIPPED:
                skipped.append(item)
                continue
            target = item.target if isinstance(item, Result) else item
            target_id = make_id(target)
            seen[target_id] += 1
            if seen[target_id] > 1:  # a URL with other settings, such as another method
                target_id = f"{target_id}-{seen[target_id]}"
            watched = before.pop(target_id, None)
            if watched:
                watched.retarget(replace(target, index=watched.target.index))
            else:
                watched = self._add(target_id, target, now)
                added.append(watched)
            watched.settled = replace(item, target=watched.target) if isinstance(item, Result) else None
            self._watched[target_id] = watched
        for watched in before.values():
            del self._ids_of[watched.target.index]
            del self._by_state[watched.state][watched.id]
        return Loaded(added, [*before.values()], skipped)

    def _add(self, target_id: str, target: Target, now: datetime) -> Watched:
        self._last_index += 1
        watched = Watched(target_id, replace(target, index=self._last_index), now)
        self._ids_of[self._last_index] = target_id
        self._by_state[watched.state][target_id] = None
        return watched

    def sort(self) -> None:
        """Sort the targets of each state by the time at which they entered it, after an earlier watch gave them states."""
        everyone = sorted(self._watched.values(), key=lambda watched: watched.since)
        self._by_state = {state: {} for state in State}
        for watched in everyone:
            self._by_state[watched.state][watched.id] = None

    def move(self, watched: Watched, before: State) -> None:
        """Move a target from the state `before` to its present one."""
        del self._by_state[before][watched.id]
        self._by_state[watched.state][watched.id] = None

    @property
    def ids(self) -> Sequence[str]:
        return tuple(self._watched)

    @property
    def counts(self) -> Mapping[State, int]:
        """The number of targets in each state."""
        return {state: len(ids) for state, ids in self._by_state.items()}

    def list_of(self, state: State) -> Iterator[Watched]:
        """The targets in a state, the one that has been in it for the shortest time first."""
        return (self._watched[target_id] for target_id in reversed(self._by_state[state]))

    def find_since(self, state: State) -> datetime | None:
        """Since when some target has been in the state."""
        first = next(iter(self._by_state[state]), None)
        return None if first is None else self._watched[first].since

    def find_by_index(self, index: int) -> Watched | None:
        target_id = self._ids_of.get(index)
        return None if target_id is None else self._watched[target_id]

    def get(self, target_id: str) -> Watched | None:
        return self._watched.get(target_id)

    def __getitem__(self, target_id: str) -> Watched:
        return self._watched[target_id]

    def __contains__(self, target_id: object) -> bool:
        return target_id in self._watched

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._watched.values())

    def __len__(self) -> int:
        return len(self._watched)
