"""Merges the settings of a run: the environment overrides a file, and the command line overrides both."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import click

from urlcheck.config.document import NO_DOCUMENT, Document, Table
from urlcheck.config.keys import COMMAND_LINE, Key, Setting, Surroundings, list_keys, read_arguments, read_text, read_toml
from urlcheck.config.places import describe, find_setting, locate
from urlcheck.config.trust import refuse_overwriting, refuse_writing
from urlcheck.config.variables import MissingVariableError, UnusableValueError, Variables
from urlcheck.input.entry import BLANKS
from urlcheck.input.target_builder import Entry
from urlcheck.model.errors import ConfigurationError, SettingsError
from urlcheck.options import bodies
from urlcheck.options.groups import pick
from urlcheck.options.opposites import find_opposites
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings

_OWN_KEYS = ("url", "name")


@dataclass(frozen=True, slots=True)
class OwnTarget:
    """A `[[target]]`: its entry, its own settings with the check that they make, and the URL and name as they are written."""

    entry: Entry
    check: CheckSettings | None
    settings: tuple[Setting, ...]
    url: str
    name: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a run. `settings`: the values given, by parameter; `urls`: of the command line; `keys`: all options.

    `maintenance` are the tables of the windows.
    """

    keys: Mapping[str, Key]
    settings: Mapping[str, Setting]
    urls: tuple[str, ...]
    targets: tuple[OwnTarget, ...]
    maintenance: tuple[Table, ...] = ()

    @property
    def checks(self) -> list[CheckSettings]:
        """The settings that targets have of their own, each once; the run's list has them behind those of the run."""
        return list(dict.fromkeys(target.check for target in self.targets if target.check))

    def number_checks(self) -> dict[str, object]:
        """The parameters `urls`, `checks` and `maintenance` of the command: what is to be checked, and by which settings."""
        checks = self.checks
        numbers = {check: number for number, check in enumerate(checks, 1)}
        entries = (replace(target.entry, check=numbers[target.check] if target.check else 0) for target in self.targets)
        params: dict[str, object] = {"urls": (*self.urls, *entries), "checks": checks}
        if self.maintenance:
            from urlcheck.config.maintenance import read_window  # noqa: PLC0415 - paid for by those who have windows

            params["maintenance"] = [read_window(table) for table in self.maintenance]
        return params

    def locate(self, error: SettingsError) -> str | None:
        """The error with the place of the setting at fault; None for the command line and for defaults."""
        if error.check:
            target = next(target for target in self.targets if target.check == self.checks[error.check - 1])
            setting = find_setting(error, target.settings)
            return locate(error, setting, self.keys) if setting else f"{target.origin}: {describe(error, self.keys)}"
        setting = find_setting(error, self.settings.values())
        return locate(error, setting, self.keys) if setting else None


def configure(
    context: click.Context, given: Mapping[str, object], document: Document | None, variables: Variables
) -> Configuration:
    """Fill the context's parameters with what the file and the environment say; `given`: what the command line's parser found.

    Raises `ConfigurationError`, in one line that says where.
    """
    keys = list_keys(context.command)
    reader = _Reader(keys, Surroundings(context, variables, document or NO_DOCUMENT))
    told_over_file = [
        reader.read_environment(),
        [read_arguments(key, given, COMMAND_LINE, context) for key in keys.values() if key.param in given],
    ]
    overridden = {setting.key.param for layer in told_over_file for setting in layer}
    layers = [reader.read_table(document.run, overridden) if document else [], *told_over_file]
    settings: dict[str, Setting] = {}
    for layer in layers:
        told = {setting.key.param: setting for setting in layer}
        switched_on = [param for param, setting in told.items() if setting.value]
        for param in (*_find_replaced(told), *find_opposites(switched_on)):
            settings.pop(param, None)
        settings.update(told)
    urls = tuple(context.params["urls"])
    files = settings.get("files")
    if urls and files and files.origin != COMMAND_LINE:
        del settings["files"]
    context.params.update((param, setting.value) for param, setting in settings.items())
    if document:
        _refuse_writing(document, settings.get("outputs"))
    is_replaced = urls or (files and files not in layers[0])
    tables = () if is_replaced or not document else document.targets
    targets = tuple(reader.read_target(table, settings.values()) for table in tables)
    return Configuration(keys, settings, urls, targets, document.maintenance if document else ())


def _find_replaced(told: Iterable[str]) -> Iterable[str]:
    """The parameters that the given ones replace: a request has one body, that of the more specific place."""
    return bodies.PARAMS if bodies.PARAMS.intersection(told) else ()


class _Reader:
    """Makes settings of what tables and variables say."""

    def __init__(self, keys: Mapping[str, Key], surroundings: Surroundings) -> None:
        self._context = surroundings.context
        self._keys = keys
        self._surroundings = surroundings
        self._for_targets = {name: key for name, key in keys.items() if key.is_for_targets}

    def read_table(self, table: Table, overridden: Collection[str]) -> list[Setting]:
        """The settings of a run's table; none that is overridden and lacks a variable. Raises `ConfigurationError`."""
        return self._read(table, self._keys, table.values, overridden)

    def read_environment(self) -> list[Setting]:
        """The settings of `URLCHECK_…`; an empty variable says nothing. Raises `ConfigurationError`."""
        settings = []
        for key in self._keys.values():
            if text := os.environ.get(key.variable, "").strip():
                try:
                    settings.append(read_text(key, text, key.variable, self._context))
                except UnusableValueError as error:
                    raise ConfigurationError(f"{key.variable}: {error}") from None
        return settings

    def read_target(self, table: Table, run: Iterable[Setting]) -> OwnTarget:
        """A `[[target]]`: its settings are the run's, its own on top. Raises `ConfigurationError`."""
        url, name = (self._read_text(table, key) for key in _OWN_KEYS)
        values = {key: value for key, value in table.values.items() if key not in _OWN_KEYS}
        own = self._read(table, self._for_targets, values)  # first: an unknown key may be meant as the url
        if not url:
            raise table.complain("url" if url == "" else "", f"{table.title} has no url")
        check = self._make_check(table, own, run) if own else None
        entry = Entry(url, table.file, table.lines.get("url"), name)
        return OwnTarget(
            entry, check, tuple(own), str(table.values["url"]), name and str(table.values["name"]), table.place("url")
        )

    def _make_check(self, table: Table, own: Iterable[Setting], run: Iterable[Setting]) -> CheckSettings:
        from urlcheck.policy.policy import Policy  # noqa: PLC0415 - paid for by those who have targets

        told = {setting.key.param: setting.value for setting in own}
        params = self._context.params | dict.fromkeys(_find_replaced(told)) | told
        try:
            check = pick(Settings, params).check
            Policy(check)  # an expectation that cannot be used is refused with its place
        except SettingsError as error:
            if (setting := find_setting(error, own)) is None and (inherited := find_setting(error, run)):
                if located := locate(error, inherited, self._keys):
                    raise ConfigurationError(located) from None
                raise
            raise table.complain(setting.key.name if setting else "", describe(error, self._keys) + table.of_title) from None
        return check

    def _read_text(self, table: Table, key: str) -> str | None:
        text = table.values.get(key)
        if text is None:
            return None
        if not isinstance(text, str):
            hint = "; write a table for each URL" if key == "url" and isinstance(text, list) else ""
            raise table.complain(key, f"{key} is not a text{table.of_title}{hint}")
        try:
            return self._surroundings.variables.expand(text, is_shown=True).strip(BLANKS)
        except UnusableValueError as error:
            raise table.complain(key, f"{key}{table.of_title}: {error}") from None

    def _read(
        self, table: Table, keys: Mapping[str, Key], values: Mapping[str, object], overridden: Collection[str] = ()
    ) -> list[Setting]:
        settings = []
        for name, written in values.items():
            if name not in keys:
                raise table.complain(name, self._explain(name, written, keys, table))
            try:
                settings.append(read_toml(keys[name], written, table.place(name), self._surroundings))
            except UnusableValueError as error:
                if isinstance(error, MissingVariableError) and keys[name].param in overridden:
                    continue
                raise table.complain(name, f"{name}{table.of_title}: {error}") from None
        return settings

    def _explain(self, name: str, written: object, keys: Mapping[str, Key], table: Table) -> str:
        if name in self._keys:
            return f"{name!r} is for the whole run, not for {table.title}"
        from urlcheck.config.mistakes import explain_key  # noqa: PLC0415 - used only after a mistake

        return explain_key(name, written, [*keys, *(_OWN_KEYS if table.title else ("target", "maintenance"))], table)


def _refuse_writing(document: Document, reports: Setting | None) -> None:
    """Reports must not take the place of the file, nor be written where it may not write. Raises `SettingsError`."""
    for name, file in cast("Iterable[tuple[str, str | None]]", reports.value if reports else ()):
        if not (reports and file):
            continue
        try:
            refuse_overwriting(document, file)
            if reports.origin not in (COMMAND_LINE, reports.key.variable):
                refuse_writing(document, name, file)
        except UnusableValueError as error:
            raise ConfigurationError(f"{reports.origin}: {error}") from None
