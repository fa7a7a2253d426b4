"""The program: the command, its errors in one line each, and its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from urlcheck.cli.command import command
from urlcheck.cli.exit_status import ExitStatus
from urlcheck.model.errors import ClosedPipeError, SettingsError, UrlcheckError
from urlcheck.runtime.shortages import name_shortage
from urlcheck.runtime.streams import prepare_streams, say, settle_streams
from urlcheck.runtime.termination import stop_watching
from urlcheck.text.safe import clean

_COMPLETE = "_URLCHECK_COMPLETE"  # Click's name for the variable by which a shell asks for completions


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or the process's own; the exit status."""
    prepare_streams()
    status = _run(arguments)
    error = settle_streams()
    stop_watching()
    if error is None or status in {ExitStatus.UNUSABLE, ExitStatus.CLOSED_PIPE}:  # it has been said why
        return status
    if isinstance(error, BrokenPipeError):
        return ExitStatus.CLOSED_PIPE
    say(f"urlcheck: cannot write standard output: {error.strerror}")
    return ExitStatus.UNUSABLE


def _run(arguments: Sequence[str] | None) -> int:
    if _COMPLETE in os.environ:
        from urlcheck.options import completion  # noqa: PLC0415 - a shell asks for completions

        completion.register()
    try:
        status: int = command.main(arguments, prog_name="urlcheck", standalone_mode=False)
    except click.ClickException as error:
        say(_describe(error))
        return ExitStatus.UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        return ExitStatus.INTERRUPTED
    except ClosedPipeError:
        return ExitStatus.CLOSED_PIPE
    except UrlcheckError as error:
        message = error.describe(_name_option) if isinstance(error, SettingsError) else str(error)
        say(f"urlcheck: {clean(message)}")
        return ExitStatus.UNUSABLE
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        say(f"urlcheck: {_explain(error)}")
        return ExitStatus.UNUSABLE
    return status


def _name_option(field: str) -> str:
    """The option that sets a field of the settings: `--ca-file` for `ca_file`."""
    names = next((param.opts for param in command.params if param.name == field), [field])
    return max(names, key=len)


def _describe(error: click.ClickException) -> str:
    """The error in one line, as for a setting, without the secrets that may be in it."""
    message = error.message
    if isinstance(error, click.NoSuchOption):
        from urlcheck.options.mistakes import explain_option  # noqa: PLC0415 - used only after a mistake

        message = explain_option(error.option_name, [name for param in command.params for name in param.opts])
    elif isinstance(error, click.BadOptionUsage):  # Click: Option '-c' requires an argument.
        message = f"{error.option_name}: {message.removeprefix(f'Option {error.option_name!r} ')}"
    elif isinstance(error, click.BadParameter) and error.param and error.param.name:
        message = f"{_name_option(error.param.name)}: {message}"
    return f"urlcheck: {clean(message.removesuffix('.'))}"


def _explain(error: Exception) -> str:
    """One line for an error that no other code expected; `python -X dev -m urlcheck` shows the traceback instead."""
    if reason := name_shortage(error):
        return reason
    if isinstance(error, OSError):  # no space on the disk for the help
        return clean(error.strerror or str(error))
    from traceback import extract_tb  # noqa: PLC0415 - few runs need it

    place = extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    return f"internal error: {clean(repr(error))} at {where}; python -X dev -m urlcheck shows more"
