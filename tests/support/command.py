"""What the command line makes of arguments and configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from urlcheck.input.target_builder import Entry
from urlcheck.options.groups import pick
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings


@dataclass(frozen=True)
class Told:
    """What the command's function was called with."""

    params: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return pick(Settings, self.params)

    @property
    def output(self) -> OutputSettings:
        return pick(OutputSettings, self.params)

    @property
    def urls(self) -> list[str]:
        """Everything that is to be checked, but for what is in files."""
        return [url.url if isinstance(url, Entry) else url for url in self.params["urls"]]

    @property
    def targets(self) -> list[Entry]:
        return [url for url in self.params["urls"] if isinstance(url, Entry)]

    @property
    def own_checks(self) -> list[CheckSettings | None]:
        """The settings that each target has of its own, None where they are the run's."""
        return [self.params["checks"][target.check - 1] if target.check else None for target in self.targets]


Tell = Callable[..., Told]
Complain = Callable[..., str]
