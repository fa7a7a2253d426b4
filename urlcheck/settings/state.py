"""The settings for remembering results from run to run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from urlcheck.model.errors import SettingsError
from urlcheck.settings import rules
from urlcheck.settings.connection import Path
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.rules import Choice, Either, Flag

_SECONDS = Either(rules.Seconds())
_DAY = 24 * 60 * 60.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class StateSettings(Scope):
    """The settings for remembering results. `state` is a SQLite file, which the others need. Times are in seconds.

    `max_age`: what passed within this time is not asked again. `last_failed`: only what failed last time is checked. `fail_on`
    `new`: what failed last time too does not fail the run. `grace`: nor does what has failed for less than this time.
    `keep`: runs, changes and URLs that are older are forgotten.
    """

    title: ClassVar[str] = "State"

    state: Path | None = setting(
        None,
        Either(rules.Path()),
        option(
            metavar="FILE",
            common=True,
            help="Remember results in FILE (SQLite). The same command goes on where it was interrupted.",
        ),
    )
    max_age: float | None = setting(
        None,
        _SECONDS,
        option(metavar="DURATION", help="Do not ask again what passed within DURATION. Needs --state."),
    )
    last_failed: bool = setting(
        False, Flag(), option(help="Check only what failed last time, and skip the others. Needs --state.")
    )
    fail_on: Literal["any", "new"] = setting(
        "any",
        Choice(("any", "new")),
        option(
            metavar="any|new",
            help="Failures that fail the run. new: not those that failed last time too. Needs --state.",
        ),
    )
    grace: float | None = setting(
        None,
        _SECONDS,
        option(metavar="DURATION", help="Let a failure fail the run once it has lasted DURATION. Needs --state."),
    )
    keep: float = setting(
        90 * _DAY,
        rules.Seconds(),
        option(metavar="DURATION", help="Forget runs, changes and URLs that were last seen longer ago. Needs --state."),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.state is not None:
            if self.last_failed and self.fail_on == "new" and not self.grace:
                raise SettingsError("fail_on", "what failed last time is never new, so 'new' fails no run with", "last_failed")
            return
        for field in fields(StateSettings):
            if getattr(self, field.name) != field.default:
                raise SettingsError(field.name, "needs a file that remembers earlier runs; add", "state")
