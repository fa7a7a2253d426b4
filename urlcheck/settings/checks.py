"""The check settings of a run: those of the run itself, and those that targets bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

from urlcheck.model.errors import SettingsError
from urlcheck.settings.scopes import OF_A_CHECK, CheckSettings
from urlcheck.settings.settings import Settings


class GrowingChecks(list[CheckSettings]):
    """A list of check settings that may grow. Who adds to it calls `on_growth`, which raises `SettingsError`."""

    def __init__(self, settings: Iterable[CheckSettings] = ()) -> None:
        super().__init__(settings)
        self.on_growth: Callable[[], None] = lambda: None


class Checks(GrowingChecks):
    """A list that grows when a target brings settings that are not in it. A target refers to its settings by their number.

    Number 0 are the settings of the run. `on_growth` is called after each addition; if it raises, the addition is undone.
    Memory grows with the number of different settings, not with the number of targets.
    """

    def __init__(self, run: Settings) -> None:
        super().__init__([run.check])
        self._run = run
        self._numbers: dict[CheckSettings, int] = {}

    def find_number(self, settings: object) -> int:
        """The number of a target's settings, 0 for None. Raises `SettingsError` and, for another type, `TypeError`."""
        if settings is None:
            return 0
        if not isinstance(settings, CheckSettings):
            raise TypeError(f"the settings of a target are of type {type(settings).__name__}, not Settings")
        number = self._numbers.get(settings)
        if number is None:
            number = self._numbers[settings] = self._add(settings)
        return number

    def _add(self, settings: CheckSettings) -> int:
        if isinstance(settings, Settings):
            self._refuse_those_of_a_run(settings)
        self.append(settings.part(CheckSettings))
        try:
            self.on_growth()
        except BaseException:
            self.pop()
            raise
        return len(self) - 1

    def _refuse_those_of_a_run(self, settings: Settings) -> None:
        """A setting of the whole run is refused where it is neither the default nor the run's."""
        for field in fields(settings):
            value = getattr(settings, field.name)
            if field.name not in OF_A_CHECK and value not in (field.default, getattr(self._run, field.name)):
                raise SettingsError(field.name, "is a setting of the whole run, not of one target")
