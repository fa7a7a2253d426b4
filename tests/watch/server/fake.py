"""A watch of made-up targets, for the tests of the server that shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.builders import CHECKED_AT, NOT_FOUND, make_result, make_target
from urlcheck.model.result import Result
from urlcheck.watch.view import RoundView, State, TargetView

SINCE = datetime(2026, 11, 22, 9, 31, tzinfo=UTC)


def make_view(target_id: str = "a1", **values: Any) -> TargetView:
    """A target that is up, with these values instead."""
    result: Result | None = values.pop("result", make_result())
    view = TargetView(
        id=target_id,
        name=None,
        url=result.target.url if result else "https://example.org/",
        result=result,
        state=State.UP,
        since=SINCE,
        next_check=CHECKED_AT + timedelta(seconds=30),
        uptime_24h=1.0,
        uptime_30d=0.9995,
        in_maintenance=False,
        checks={"ok": 3},
        state_changes=1,
        latencies=[81.4, None, 79.25],
        changes=[],
        days=[],
    )
    return replace(view, **values)


def make_down(target_id: str = "b2", url: str = "https://example.org/gone", **values: Any) -> TargetView:
    """A target that is down."""
    result = make_result(NOT_FOUND, make_target(url))
    return make_view(target_id, **{"result": result, "state": State.DOWN, "checks": {"ok": 1, "status": 2}, **values})


class FakeWatch:
    """A `WatchView` whose targets a test sets."""

    def __init__(self, *targets: TargetView, interval: float = 30.0) -> None:
        self.targets = {target.id: target for target in targets}
        now = datetime.now(UTC)
        self.round = RoundView(now - timedelta(seconds=2), now, 1.25, 0, interval)
        self.listeners: list[Callable[[str], None]] = []
        self.finds = 0

    @property
    def counts(self) -> Mapping[State, int]:
        return Counter(target.state for target in self.targets.values())

    def find_since(self, state: State) -> datetime | None:
        return min((target.since for target in self.targets.values() if target.state is state), default=None)

    def list_ids(self) -> Sequence[str]:
        return [*self.targets]

    def find(self, target_id: str) -> TargetView | None:
        self.finds += 1
        return self.targets.get(target_id)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def put(self, *targets: TargetView) -> None:
        """Add targets or change them."""
        for target in targets:
            self.targets[target.id] = target
            self.tell(target.id)

    def remove(self, target_id: str) -> None:
        del self.targets[target_id]
        self.tell(target_id)

    def tell(self, target_id: str) -> None:
        for listener in [*self.listeners]:
            listener(target_id)
