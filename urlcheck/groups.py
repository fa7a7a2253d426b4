"""Options in groups: each stands under a heading of the help, and fills a field of a settings object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from urlcheck.bodies import add_body
from urlcheck.settings import OutputSettings, Settings

if TYPE_CHECKING:
    from click.types import OptionHelpExtra

AnySettings = TypeVar("AnySettings", Settings, OutputSettings)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class GroupedOption(click.Option):
    """An option that knows under which heading it is listed, and what applies where it is not given."""

    def __init__(self, *args: Any, group: str, shown_default: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group
        self.shown_default = shown_default

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:  # noqa: ARG002 - Click's signature
        return {"default": self.shown_default} if self.shown_default else {}


class GroupedCommand(click.Command):
    """A command whose help lists its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                groups.setdefault(getattr(param, "group", "Other"), []).append(record)
        other = groups.pop("Other", [])
        for group, records in [*groups.items(), ("Other", other)]:
            with formatter.section(group):
                formatter.write_dl(records)


def pick(settings: type[AnySettings], params: Mapping[str, Any]) -> AnySettings:
    """The settings object of that type, filled with what the command line says; what it does not say has its default."""
    given = {name: value for name, value in add_body(params).items() if value is not None and value != ()}
    return settings(**{field.name: given[field.name] for field in fields(settings) if field.name in given})


def group_options(group: str, settings: type[Any]) -> Callable[..., Decorator]:
    """A maker of options of one group; `shows` formats the default that the settings field of the same name has."""
    defaults = {field.name: field.default for field in fields(settings)}

    def option(*names: str, shows: Callable[[Any], str] | None = None, **attributes: Any) -> Decorator:
        field = next((name for name in names if not name.startswith("-")), names[-1].lstrip("-").replace("-", "_"))
        shown = shows(defaults[field]) if shows else None
        return click.option(*names, cls=GroupedOption, group=group, shown_default=shown, default=None, **attributes)

    return option


def combine(*decorators: Decorator) -> Decorator:
    """Several decorators as one, the first on top."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
