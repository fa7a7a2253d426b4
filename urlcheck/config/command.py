"""A Click command that is told by a file and the environment what its command line does not say."""

from __future__ import annotations

import os
from itertools import chain
from typing import Any

import click
from click.core import ParameterSource

from urlcheck.config.context import ARGUMENTS, quiet_pipe
from urlcheck.config.search import PREFIX, find_candidates
from urlcheck.options.groups import GroupedCommand


class ConfiguredCommand(GroupedCommand):
    """Its function is called with what applies, wherever it comes from; the targets of a file are among its `urls`."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments, or print the help. Click would report a failure if the reader of the help went away."""
        with quiet_pipe():
            return super().make_context(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = [*args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        file = _name_file(ctx)
        candidates = iter(()) if file or ctx.params["no_config"] else find_candidates()
        first = next(candidates, None)
        has_variables = any(name.startswith(PREFIX) for name in os.environ)
        if not (file or first or has_variables or ctx.params["print_config"]):
            return super().invoke(ctx)  # the usual case: no setting to read
        from urlcheck.config.reading import invoke_configured  # noqa: PLC0415 - the usual case needs none of it

        found = chain([first], candidates) if first else ()
        return invoke_configured(ctx, file, found, super().invoke)


def _name_file(context: click.Context) -> str | None:
    """The file that the command line names, or else, unless that says there is none, the environment."""
    file: str | None = context.params["config"]
    if not context.params["no_config"]:
        return file
    if file and context.get_parameter_source("config") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--config: cannot be used together with --no-config")
    return None
