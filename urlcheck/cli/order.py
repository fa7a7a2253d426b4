"""The task that a command line and its configuration describe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from urlcheck.settings.output import OutputSettings
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings
from urlcheck.settings.watch import WatchSettings

if TYPE_CHECKING:
    from urlcheck.input.target_builder import Entry
    from urlcheck.text.secrets import Secrets
    from urlcheck.watch.maintenance import Window


@dataclass(frozen=True, slots=True)
class Order:
    """The targets of a run, and all of its settings.

    `checks` are the settings that entries refer to by number; the first are those of `settings`. The summary has `remarks`.
    `configuration` is the file that it comes from, and `hidden` the values in it that no report shows. `read_again` makes the
    order of the same command line once more; it raises `UrlcheckError`, and prints nothing. `restart`: do not
    continue a run that was interrupted.
    """

    urls: Sequence[str | Entry]
    files: Sequence[str]
    settings: Settings
    checks: Sequence[CheckSettings]
    output: OutputSettings
    allow_empty: bool = False
    remarks: Sequence[str] = ()
    restart: bool = False
    watch: WatchSettings = field(default_factory=WatchSettings)
    maintenance: Sequence[Window] = ()
    configuration: str | None = None
    hidden: Secrets | None = None
    read_again: Callable[[], Order] | None = None
