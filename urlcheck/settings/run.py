"""The settings for working through a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from urlcheck.model.errors import SettingsError
from urlcheck.settings import rules
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.rules import Either

_SECONDS = rules.Seconds()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RunSettings(Scope):
    """The settings for working through a list. Times are in seconds; `rate` is in requests a second to one host.

    `wait`: a URL that does not pass is checked again until this long after the beginning of the run, in place of retries.
    `dask`: the address of a Dask scheduler whose workers check in place of this process, or `local:N`.
    """

    title: ClassVar[str] = "Run"

    concurrency: int = setting(
        256,
        rules.Count(1, 100_000),
        option("-c", "--concurrency", metavar="N", common=True, help="Requests in flight, in total."),
    )
    per_host: int = setting(
        10, rules.Count(1, 100_000), option(metavar="N", common=True, help="Requests in flight to one host.")
    )
    rate: float | None = setting(
        None, Either(rules.Rate()), option(metavar="N", common=True, help="Limit of requests per second to one host.")
    )
    processes: int | Literal["auto"] = setting(
        "auto",
        Either(rules.Count(1, 64), ("auto",)),
        option(
            *("-j", "--processes"),
            metavar="N|auto",
            help="Number of processes. auto starts more for a long list, up to one per core.",
        ),
    )
    dask: str | None = setting(
        None,
        Either(rules.Cluster()),
        option(
            metavar="ADDRESS",
            help="Check on the workers of a Dask cluster: tcp://HOST:8786, or local:N to start N workers here.",
        ),
    )
    deadline: float | None = setting(
        None,
        Either(_SECONDS),
        option(metavar="DURATION", help="Stop the run after DURATION. URLs without a finished attempt are unchecked."),
    )
    wait: float | None = setting(
        None,
        Either(_SECONDS),
        option(
            metavar="DURATION",
            common=True,
            help="Repeat checks until all pass or time is up. For services that are starting.",
        ),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dask is not None and self.processes != "auto":
            raise SettingsError("processes", "cannot be used together with", "dask")
