"""Flags, and other options, that cannot be used together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

_OPPOSITES = {"quiet": "verbose", "verbose": "quiet", "wait": "watch", "watch": "wait"}


def find_opposites(switched_on: Iterable[str]) -> list[str]:
    """The parameters that these replace: `--quiet` replaces the `verbose` of a file, `--wait` its `watch`."""
    return [_OPPOSITES[param] for param in switched_on if param in _OPPOSITES]


def refuse_opposites(command: click.Command, context: click.Context, arguments: Sequence[str]) -> None:
    """Raises `UsageError` for two flags that give one parameter different values, such as -4 and -6; Click takes the last."""
    _, _, order = command.make_parser(context).parse_args([*arguments])
    first: dict[str | None, click.Option] = {}
    for option in order:
        if isinstance(option, click.Option) and option.is_flag:
            other = first.setdefault(option.name, option)
            if other is not option:
                raise click.UsageError(f"{other.opts[0]}: cannot be used together with {option.opts[0]}", context)
