"""A Click command that is told by a file and the environment what its command line does not say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from urlcheck.config.search import PREFIX, find_candidates
from urlcheck.model.errors import ClosedPipeError, ConfigurationError, SettingsError, UrlcheckError
from urlcheck.options.groups import GroupedCommand
from urlcheck.runtime.streams import say
from urlcheck.text.safe import clean

if TYPE_CHECKING:
    from urlcheck.config.layers import Configuration
    from urlcheck.config.variables import Variables

# the keys of a context's `meta`: the arguments, and the secrets of a configuration
ARGUMENTS, SECRETS = "urlcheck.arguments", "urlcheck.secrets"
# the `obj` of a context in which nothing is executed or printed
READ_ONLY = "read only"


class ConfiguredCommand(GroupedCommand):
    """Its function is called with what applies, wherever it comes from; the targets of a file are among its `urls`."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments, or print the help. Click would report a failure if the reader of the help went away."""
        with _quiet_pipe():
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
            return super().invoke(ctx)  # the usual case: no setting to read, no cost for the code below
        from urlcheck.config.document import find_document, read_document  # noqa: PLC0415
        from urlcheck.config.layers import configure  # noqa: PLC0415
        from urlcheck.config.variables import Variables  # noqa: PLC0415
        from urlcheck.text.secrets import hiding  # noqa: PLC0415

        given, _, _ = self.make_parser(ctx).parse_args([*ctx.meta[ARGUMENTS]])  # it takes them off the list
        found = chain([first], candidates) if first else ()
        document, variables = read_document(file) if file else find_document(found), Variables()
        with _naming(variables):
            configuration = configure(ctx, given, document, variables)
            if has_variables and not ctx.params["quiet"] and ctx.obj is not READ_ONLY:
                _warn_of_ignored(configuration, variables)
            if ctx.params["print_config"]:
                from urlcheck.config.show import show  # noqa: PLC0415
                from urlcheck.settings.secrets import find_secrets  # noqa: PLC0415

                with _quiet_pipe(), hiding(find_secrets(_list_told(configuration))):
                    click.echo(show(configuration))
                return 0
            ctx.params |= configuration.number_checks()
            if document:
                from urlcheck.config.mention import make_mention  # noqa: PLC0415

                ctx.params["mention"] = make_mention(document, configuration)
            ctx.meta[SECRETS] = variables.secrets
            with hiding(variables.secrets):
                return self._invoke(ctx, configuration)

    def _invoke(self, ctx: click.Context, configuration: Configuration) -> Any:
        """A setting that cannot be used is named with the place where it stands."""
        try:
            return super().invoke(ctx)
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


def _list_told(configuration: Configuration) -> Iterator[dict[str, object]]:
    """Yield the settings of the run, and those of each target, by parameter."""
    yield {param: setting.value for param, setting in configuration.settings.items()}
    for target in configuration.targets:
        yield {setting.key.param: setting.value for setting in target.settings}


@contextmanager
def _quiet_pipe() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ClosedPipeError from None


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


def _name_file(context: click.Context) -> str | None:
    """The file that the command line names, or else, unless that says there is none, the environment."""
    file: str | None = context.params["config"]
    if not context.params["no_config"]:
        return file
    if file and context.get_parameter_source("config") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--config: cannot be used together with --no-config")
    return None
