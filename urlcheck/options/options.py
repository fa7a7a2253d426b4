"""The options of the command: those that the settings declare, and the few that belong to the command alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import Field, fields
from typing import Any

import click

from urlcheck.options import parameter_types
from urlcheck.options.bodies import read_json
from urlcheck.options.groups import Decorator, GroupedOption, combine, show_short_help
from urlcheck.options.name_types import Topic
from urlcheck.options.pager import show_manual
from urlcheck.options.request_types import Body
from urlcheck.reports.registry import FORMATS
from urlcheck.settings import rules
from urlcheck.settings.connection import ConnectionSettings
from urlcheck.settings.field import OptionSpec, Scope, spec_of
from urlcheck.settings.identity import VERSION
from urlcheck.settings.input import InputSettings
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.request import RequestSettings
from urlcheck.settings.run import RunSettings
from urlcheck.settings.state import StateSettings
from urlcheck.settings.verdict import VerdictSettings
from urlcheck.settings.watch import WatchSettings
from urlcheck.text.durations import format_duration
from urlcheck.text.sizes import format_size

SCOPES: tuple[type[Scope], ...] = (
    InputSettings,
    RunSettings,
    StateSettings,
    RequestSettings,
    ConnectionSettings,
    VerdictSettings,
    WatchSettings,
    OutputSettings,
)


def list_options(scope: type[Scope]) -> Iterator[Decorator]:
    """The options of a scope's settings, in the order of its fields."""
    for field in fields(scope):
        if option := spec_of(field).option:
            yield from _make_options(field, option, scope.title)


def _make_options(field: Field[Any], option: OptionSpec, group: str) -> Iterator[Decorator]:
    rule = spec_of(field).rule
    inner = rule.rule if isinstance(rule, rules.Either) else rule
    names = option.names or (f"--{field.name.replace('_', '-')}",)
    shared = {"group": group, "common": option.is_common}
    if isinstance(inner, rules.Flag):
        value = not field.default
        yield _option(*names, field.name, flag_value=value, type=bool, help=option.help, shown_default=None, **shared)
    elif isinstance(inner, rules.Choice) and not option.metavar:  # a flag for each value
        for name, value in zip(names, inner.values, strict=True):
            help_text = option.help.format(value)
            yield _option(name, field.name, flag_value=value, type=type(value), help=help_text, shown_default=None, **shared)
    else:
        yield _option(
            *names,
            field.name,
            type=parameter_types.make_type(rule),
            multiple=isinstance(inner, rules.REPEATABLE),
            metavar=option.metavar,
            shown_default=option.default or _show_default(inner, field.default),
            help=option.help.format(_join(FORMATS)) if isinstance(inner, rules.Outputs) else option.help,
            **shared,
        )


def _option(*names: str, **attributes: Any) -> Decorator:
    return click.option(*names, cls=GroupedOption, default=None, **attributes)


def _show_default(rule: rules.Rule, default: Any) -> str | None:
    """A default as the help shows it; None for a setting that is unset."""
    if default in (None, (), frozenset()):
        return None
    shown: Callable[[Any], str] = _SHOWN.get(type(rule), str)
    return shown(default)


def _join(names: Any) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"


_SHOWN: dict[type[rules.Rule], Callable[[Any], str]] = {
    rules.Seconds: lambda seconds: format_duration(seconds).replace(" ", ""),
    rules.Size: lambda size: format_size(size).replace(" ", ""),
    rules.Outputs: lambda outputs: str(outputs[0][0]),
}

_OF_INPUT = {"group": InputSettings.title, "shown_default": None}
_OF_STATE = {"group": StateSettings.title, "shown_default": None}
_OF_REQUEST = {"group": RequestSettings.title, "shown_default": None}

file_option = _option(
    *("-f", "--file", "files"), type=click.Path(), metavar="FILE", multiple=True, common=True, **_OF_INPUT,
    help="Read URLs from FILE, one per line. - is standard input. Repeatable.",
)  # fmt: skip
allow_empty_option = _option(
    "--allow-empty", flag_value=True, type=bool, **_OF_INPUT,
    help="Exit with status 0 if the input holds no URL, or if all are skipped.",
)  # fmt: skip
restart_option = _option(
    "--restart", flag_value=True, type=bool, **_OF_STATE,
    help="Begin anew, even where the same run was interrupted. Needs --state.",
)  # fmt: skip
json_option = _option(
    "--json", type=Body(read_json), metavar="JSON", **_OF_REQUEST,
    help="Send JSON, by POST unless --method is given. @FILE reads it from a file. Goes to each URL's own origin only.",
)  # fmt: skip

history_option = _option(
    "--history", flag_value=True, type=bool, **_OF_STATE,
    help="Show what is known of the URLs that are given, or what changed lately, and check nothing. Needs --state.",
)  # fmt: skip

config_options = combine(
    click.option("--config", metavar="FILE", envvar="URLCHECK_CONFIG",
                 help="Read settings and targets from FILE. Default: the nearest urlcheck.toml or pyproject.toml."),
    click.option("--no-config", is_flag=True, help="Read no such file."),
    click.option("--print-config", is_flag=True, help="Print each setting and its origin, and check nothing."),
)  # fmt: skip

help_options = combine(
    click.option("--manual", type=Topic(), metavar="[TOPIC]", is_flag=False, flag_value="", is_eager=True,
                 expose_value=False, callback=show_manual, help="Show a topic of the manual, or the list of topics."),
    click.version_option(VERSION, "-V", "--version", prog_name="urlcheck", message="%(prog)s %(version)s",
                         help="Show the version."),
    click.option("-h", is_flag=True, is_eager=True, expose_value=False, callback=show_short_help,
                 help="Show the options that most people use."),
    click.help_option("--help", help="Show all options."),
)  # fmt: skip


def list_all() -> Iterator[Decorator]:
    """Every option of the command, group by group."""
    yield file_option
    for scope in SCOPES:
        yield from list_options(scope)
        if scope is InputSettings:
            yield allow_empty_option
        elif scope is StateSettings:
            yield restart_option
            yield history_option
        elif scope is RequestSettings:
            yield json_option
    yield config_options
    yield help_options


command_options = combine(*list_all())
