"""The state of a watch, as the live table, the status server and notifications read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from urlcheck.watch.history import History
from urlcheck.watch.maintenance import Calendar
from urlcheck.watch.network import Network
from urlcheck.watch.roster import Roster
from urlcheck.watch.schedule import Schedule
from urlcheck.watch.summary import summarise
from urlcheck.watch.view import RoundView, State, TargetView
from urlcheck.watch.watched import Watched

_DAY, _MONTH = 86_400.0, 30 * 86_400.0


class Overview:
    """A `WatchView` of the parts of a watch. `now`: the time, in UTC; `history`: None without a store."""

    def __init__(
        self, roster: Roster, schedule: Schedule, network: Network, now: Callable[[], datetime], history: History | None = None
    ) -> None:
        self.calendar = Calendar(())
        self._roster = roster
        self._schedule = schedule
        self._network = network
        self._now = now
        self._history = history
        self._listeners: list[Callable[[str], None]] = []

    @property
    def round(self) -> RoundView:
        schedule = self._schedule
        return RoundView(
            started=self._date(schedule.started),
            finished=None if schedule.finished is None else self._date(schedule.finished),
            seconds=schedule.seconds,
            skipped=schedule.skipped,
            interval=schedule.interval,
        )

    @property
    def counts(self) -> Mapping[State, int]:
        return self._roster.counts

    def find_since(self, state: State) -> datetime | None:
        return self._roster.find_since(state)

    def list_ids(self) -> Sequence[str]:
        return self._roster.ids

    def find(self, target_id: str) -> TargetView | None:
        watched = self._roster.get(target_id)
        if watched is None:
            return None
        due, history = self._schedule.find_due(target_id), self._history
        return TargetView(
            id=watched.id,
            name=watched.name,
            url=watched.url,
            result=watched.result,
            state=watched.state,
            since=watched.since,
            next_check=None if due is None else self._date(due),
            uptime_24h=history.uptime(target_id, _DAY) if history else None,
            uptime_30d=history.uptime(target_id, _MONTH) if history else None,
            in_maintenance=self.is_in_maintenance(watched),
            checks=dict(watched.checks),
            state_changes=watched.state_changes,
            latencies=watched.list_latencies(),
            changes=tuple(watched.changes),
            days=history.days(target_id) if history else (),
            cert_expires=watched.cert_expires,
        )

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def recall(self, added: Sequence[Watched]) -> None:
        """Give new targets the states that they had in an earlier watch."""
        if self._history:
            self._history.recall(added)
            self._roster.sort()

    def is_in_maintenance(self, watched: Watched) -> bool:
        """Whether a maintenance window of the target is open."""
        return self.calendar.is_open(watched.windows, self._now())

    def is_network_suspected(self) -> bool:
        """Whether this machine's own network is suspected, so that silent targets say nothing."""
        return self._network.is_suspected

    def list_down(self) -> list[Watched]:
        """The targets that are down."""
        return [*self._roster.list_of(State.DOWN)]

    def summarise(self) -> dict[str, object]:
        """The whole watch in one JSON object."""
        facts = ((watched.state, watched.since, self.is_in_maintenance(watched)) for watched in self._roster)
        return summarise(facts, self.round)

    def _date(self, time: float) -> datetime:
        """A time of the clock as a date."""
        return self._now() + timedelta(seconds=time - self._schedule.clock())

    def tell(self, ids: Sequence[str]) -> None:
        """Tell the listeners that these targets were checked, changed, added or removed."""
        for listener in tuple(self._listeners):
            for target_id in ids:
                listener(target_id)
