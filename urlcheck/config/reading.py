"""Tells a command what a file and the environment say. It is loaded only where one of them says anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from urlcheck.config.context import ARGUMENTS, READ_ONLY, SECRETS, quiet_pipe
from urlcheck.config.document import find_document, read_document
from urlcheck.config.layers import Configuration, configure
from urlcheck.config.mention import make_mention
from urlcheck.config.search import PREFIX
from urlcheck.config.variables import Variables
from urlcheck.model.errors import ConfigurationError, SettingsError, UrlcheckError
from urlcheck.runtime.streams import say
from urlcheck.text.safe import clean
from urlcheck.text.secrets import hiding


def invoke_configured(
    ctx: click.Context, file: str | None, found: Iterable[str], invoke: Callable[[click.Context], Any]
) -> Any:
    """Call `invoke` with what applies, or print it. `file` is the one that is named; else it is one of those `found`."""
    given, _, _ = ctx.command.make_parser(ctx).parse_args([*ctx.meta[ARGUMENTS]])  # it takes them off the list
    document, variables = read_document(file) if file else find_document(found), Variables()
    with _naming(variables):
        configuration = configure(ctx, given, document, variables)
        if not ctx.params["quiet"] and ctx.obj is not READ_ONLY:
            _warn_of_ignored(configuration, variables)
        if ctx.params["print_config"]:
            from urlcheck.config.show import show  # noqa: PLC0415 - only this option needs it

            with quiet_pipe():
                click.echo(show(configuration))
            return 0
        ctx.params |= configuration.number_checks()
        if document:
            ctx.params["mention"] = make_mention(document, configuration)
        ctx.meta[SECRETS] = variables.secrets
        with hiding(variables.secrets), _locating(configuration):
            return invoke(ctx)


@contextmanager
def _locating(configuration: Configuration) -> Iterator[None]:
    """A setting that cannot be used is named with the place where it stands."""
    try:
        yield
    except SettingsError as error:
        if located := configuration.locate(error):
            raise ConfigurationError(located) from None
        raise


def _warn_of_ignored(configuration: Configuration, variables: Variables) -> None:
    """Name each variable that is probably a misspelt setting, in a line on standard error."""
    known = {f"{PREFIX}CONFIG", *(key.variable for key in configuration.keys.values())}
    if any(name.startswith(PREFIX) and name not in known for name in os.environ):
        from urlcheck.config.mistakes import list_ignored  # noqa: PLC0415 - used only after a mistake

        for warning in list_ignored(os.environ, known, variables.names):
            say(f"urlcheck: {clean(warning)}")


@contextmanager
def _naming(variables: Variables) -> Iterator[None]:
    """Errors have the names of variables in place of their values."""
    try:
        yield
    except SettingsError as error:
        error.reason = variables.hide(error.reason)
        raise
    except UrlcheckError as error:
        error.args = (variables.hide(str(error)),)
        raise
    except click.UsageError as error:
        raise click.UsageError(variables.hide(error.format_message()), error.ctx) from None
