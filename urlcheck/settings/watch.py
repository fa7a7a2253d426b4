"""The settings of a watch: repeated checks, notifications and the status server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from urlcheck.model.errors import SettingsError
from urlcheck.settings import rules
from urlcheck.settings.connection import Path
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.rules import Either

# a shorter interval would be a load test; it also bounds the cost of a list that is empty but for entries that are no URLs
SHORTEST_INTERVAL = 0.1
_CONFIRM, _RECOVER = 2, 1


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WatchSettings(Scope):
    """The settings of a watch. Times are in seconds. All but `watch` have a meaning only where that is set.

    `serve` is the host and port of the status server, `allow_hosts` the names under which it may be asked besides localhost
    and IP addresses. `serve_token_file` names a file with the token that its readers must show.
    """

    title: ClassVar[str] = "Watch"

    watch: float | None = setting(
        None,
        Either(rules.Seconds(SHORTEST_INTERVAL)),
        option(metavar="DURATION", common=True, help="Check every target on this interval until stopped."),
    )
    confirm: int | None = setting(
        None,
        Either(rules.Count(1, 100)),
        option(
            metavar="N", default=str(_CONFIRM), help="Failures in a row before a target is down. Until then it is suspect."
        ),
    )
    recover: int | None = setting(
        None,
        Either(rules.Count(1, 100)),
        option(metavar="N", default=str(_RECOVER), help="Passes in a row before a target is up again."),
    )
    notify: str | None = setting(
        None,
        Either(rules.Text("an absolute http(s) URL", rules.check_absolute_url)),
        option(metavar="URL", help="POST JSON to URL when states have changed, and before certificates expire."),
        is_secret=True,
    )
    notify_repeat: float | None = setting(
        None,
        Either(rules.Seconds(SHORTEST_INTERVAL)),
        option(metavar="DURATION", help="Repeat the notification on this interval while a target is down."),
    )
    serve: tuple[str, int] | None = setting(
        None,
        Either(rules.Address()),
        option(metavar="[HOST:]PORT", help="Serve a status page, a JSON API and metrics. HOST is 127.0.0.1 unless given."),
    )
    allow_hosts: Sequence[str] = setting(
        (),
        rules.Texts(),
        option(
            "--allow-host",
            metavar="NAME",
            help="Host name under which the page may be asked, besides localhost and IP addresses. Repeatable.",
        ),
    )
    serve_token_file: Path | None = setting(
        None,
        Either(rules.Path()),
        option(metavar="FILE", help="Ask readers of the page for the token in FILE. Needed unless HOST is loopback."),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.serve is None:
            for field in ("allow_hosts", "serve_token_file"):
                if getattr(self, field):
                    raise SettingsError(field, "needs", "serve")
        if self.notify_repeat is not None and self.notify is None:
            raise SettingsError("notify_repeat", "needs", "notify")

    @property
    def failures_to_confirm(self) -> int:
        """Failures in a row before a target is down."""
        return self.confirm or _CONFIRM

    @property
    def passes_to_recover(self) -> int:
        """Passes in a row before a target is up again."""
        return self.recover or _RECOVER
