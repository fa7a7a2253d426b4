"""Decides what a notification says: changes of confirmed states, certificates that expire, reminders. Pure logic."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from urlcheck.model.record import format_time
from urlcheck.settings.watch import WatchSettings
from urlcheck.watch.health import SETTLED
from urlcheck.watch.view import Change, State
from urlcheck.watch.watched import Watched

# days before its expiry at which a certificate is notified, each once
CERTIFICATE_DAYS = (21, 14, 7, 1)
_DAY = timedelta(days=1)

Notice = dict[str, object]


class Watching(Protocol):
    """The part of a watch that notices depend on."""

    def is_in_maintenance(self, watched: Watched) -> bool: ...

    def is_network_suspected(self) -> bool: ...

    def summarise(self) -> dict[str, object]: ...

    def list_down(self) -> list[Watched]: ...


class Notices:
    """An observer that gives `send` one notice for each round in which something changed, with all changes in it.

    A change is told when it is confirmed: suspect and unknown targets are not, nor is a target that is up when it is first
    asked. What changes in maintenance, while this machine's network is suspected, or while there is no receiver, is told
    afterwards, if it is still so.
    """

    def __init__(
        self, watch: Watching, settings: WatchSettings, send: Callable[[Notice], None], now: Callable[[], datetime]
    ) -> None:
        self._watch = watch
        self._send = send
        self._now = now
        self._changed: dict[str, Watched] = {}
        self._expiring: dict[str, Watched] = {}
        self._last_sent = now()
        self.configure(settings)

    def configure(self, settings: WatchSettings) -> None:
        """Apply other settings from now on."""
        self._has_receiver = settings.notify is not None
        self._repeat = timedelta(seconds=settings.notify_repeat) if settings.notify_repeat else None

    def note(self, watched: Watched, change: Change | None) -> None:  # noqa: ARG002 - a change may be told later, too
        settled = watched.health.settled
        if watched.notified is State.UNKNOWN and settled is State.UP:
            watched.notified = settled
        if settled in SETTLED and settled is not watched.notified:
            self._changed[watched.id] = watched
        else:
            self._changed.pop(watched.id, None)
        if find_threshold(watched, self._now()) is not None:
            self._expiring[watched.id] = watched
        else:
            self._expiring.pop(watched.id, None)

    def forget(self, target_id: str) -> None:
        """A target is not watched any more."""
        self._changed.pop(target_id, None)
        self._expiring.pop(target_id, None)

    def end_round(self) -> None:
        if not self._has_receiver or self._watch.is_network_suspected():
            return
        now = self._now()
        changed = self._take(self._changed)
        expiring = self._take(self._expiring)
        changes = [describe_change(watched) for watched in changed]
        certificates = [describe_certificate(watched, now) for watched in expiring]
        if not (changes or certificates):
            if self._repeat is None or now - self._last_sent < self._repeat:
                return
            changes = [describe_change(watched) for watched in self._watch.list_down() if self._is_told_down(watched)]
            if not changes:
                return
        for watched in changed:
            watched.notified = watched.health.settled
        for watched in expiring:
            watched.told_days = find_threshold(watched, now)
        self._last_sent = now
        self._send(
            {
                "sent_at": format_time(now),
                "changes": changes,
                "certificates": certificates,
                "summary": self._watch.summarise(),
            }
        )

    def _take(self, waiting: dict[str, Watched]) -> list[Watched]:
        """Take the targets that may be told now. The others wait until their maintenance is over."""
        taken = [watched for watched in waiting.values() if not self._watch.is_in_maintenance(watched)]
        for watched in taken:
            del waiting[watched.id]
        return taken

    def _is_told_down(self, watched: Watched) -> bool:
        return watched.notified is State.DOWN and not self._watch.is_in_maintenance(watched)


def find_threshold(watched: Watched, now: datetime) -> int | None:
    """The threshold, in days, that a certificate has reached and that was not told yet. Resets a renewed certificate."""
    if watched.cert_expires is None:
        return None
    days = math.floor((watched.cert_expires - now) / _DAY)
    reached = min((threshold for threshold in CERTIFICATE_DAYS if days <= threshold), default=None)
    if reached is None or (watched.told_days is not None and reached > watched.told_days):
        watched.told_days = reached
        return None
    return None if reached == watched.told_days else reached


def describe_change(watched: Watched) -> Notice:
    """The change since the last notification, with the verdict that made it. A reminder has two equal states."""
    settled = watched.health.settled
    change = next((change for change in watched.changes if change.after is settled), None)
    return {
        "id": watched.id,
        "name": watched.name,
        "url": watched.url,
        "from": watched.notified.value,
        "to": settled.value,
        "since": format_time(change.at if change else watched.since),
        "verdict": change.verdict if change else None,
        "detail": change.detail if change else None,
    }


def describe_certificate(watched: Watched, now: datetime) -> Notice:
    """A certificate that expires, or has expired: then `days` is negative."""
    assert watched.cert_expires is not None
    return {
        "id": watched.id,
        "name": watched.name,
        "url": watched.url,
        "expires": format_time(watched.cert_expires),
        "days": math.floor((watched.cert_expires - now) / _DAY),
    }
