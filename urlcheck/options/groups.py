"""Options in groups: each is listed under the title of its group in the help, and fills a field of a settings object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from urlcheck.model.errors import SettingsError
from urlcheck.options.bodies import add_body
from urlcheck.options.opposites import refuse_opposites
from urlcheck.runtime.streams import measure_width

if TYPE_CHECKING:
    from click.types import OptionHelpExtra

    from urlcheck.settings.output import OutputSettings
    from urlcheck.settings.settings import Settings
    from urlcheck.settings.watch import WatchSettings

AnySettings = TypeVar("AnySettings", "Settings", "OutputSettings", "WatchSettings")
_UNGROUPED = "Configuration and help"
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class GroupedOption(click.Option):
    """An option with the title of its group, its default as help shows it, and whether `-h` lists it."""

    def __init__(self, *args: Any, group: str, shown_default: str | None, common: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group
        self.shown_default = shown_default
        self.common = common

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:  # noqa: ARG002 - Click's signature
        return {"default": self.shown_default} if self.shown_default else {}

    def get_short_help(self, ctx: click.Context) -> tuple[str, str]:
        """The names of the option, and the first sentence of its help with the default."""
        record = self.get_help_record(ctx)
        assert record is not None, "only hidden options have no help"
        sentence = (self.help or "").partition(". ")[0].rstrip(".")
        default = f" [default: {self.shown_default}]" if self.shown_default else ""
        return record[0], f"{sentence}.{default}"


class _Formatter(click.HelpFormatter):
    """Help as wide as the terminal. Click measures it with `shutil`, which loads libraries for compression at each start."""

    def __init__(self, width: int | None = None, max_width: int = 80) -> None:
        # never narrower than 50 columns, as Click has it
        super().__init__(width=width or max(min(measure_width(), max_width) - 2, 50))


class _Context(click.Context):
    formatter_class = _Formatter


class GroupedCommand(click.Command):
    """A command with two texts of help: all options by group for `--help`, and a screen of the common ones for `-h`.

    Both begin with the usage and `examples`, which are printed line by line as they are written.
    """

    context_class = _Context

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:  # else a shell asks how a line that is not finished may go on
            refuse_opposites(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        self._format_examples(formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                groups.setdefault(getattr(param, "group", _UNGROUPED), []).append(record)
        ungrouped = groups.pop(_UNGROUPED, [])
        for group, records in [*groups.items(), (_UNGROUPED, ungrouped)]:
            with formatter.section(group):
                formatter.write_dl(records)

    def get_short_help(self, ctx: click.Context) -> str:
        """The text of `-h`."""
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text((self.help or "").partition("\n\n")[0])
        self._format_examples(formatter)
        common = [param for param in self.get_params(ctx) if isinstance(param, GroupedOption) and param.common]
        with formatter.section("Common options"):
            formatter.write_dl([option.get_short_help(ctx) for option in common])
        formatter.write_paragraph()
        formatter.write_text("--help lists all options, and --manual explains them.")
        return formatter.getvalue().rstrip("\n")

    def _format_examples(self, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in self.examples))


def show_short_help(ctx: click.Context, _: click.Parameter, is_asked_for: bool) -> None:  # noqa: FBT001 - Click's signature
    """The callback of `-h`: print the common options and exit."""
    if is_asked_for and isinstance(ctx.command, GroupedCommand):
        click.echo(ctx.command.get_short_help(ctx))
        ctx.exit()


def pick(settings: type[AnySettings], params: Mapping[str, Any]) -> AnySettings:
    """Return a settings object of that type with the values of the command line, and defaults for the other fields."""
    given = {name: value for name, value in add_body(params).items() if value is not None and value != ()}
    given["keep_body"] = bool(given.get("show_body"))
    try:
        return settings(**{field.name: given[field.name] for field in fields(settings) if field.name in given})
    except SettingsError as error:
        if error.field == "data" and params.get("json") is not None:  # the option that gave the body is named
            raise SettingsError("json", error.reason, error.other) from None
        raise


def combine(*decorators: Decorator) -> Decorator:
    """Return one decorator that applies several, so that the first is the outermost."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
