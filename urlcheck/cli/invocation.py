"""From the values of the options to an order, which is executed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from urlcheck.backends.starting import started_early
from urlcheck.cli.exit_status import ExitStatus
from urlcheck.cli.order import Order
from urlcheck.config.context import ARGUMENTS, READ_ONLY, SECRETS
from urlcheck.input.files import STDIN
from urlcheck.model.errors import ConfigurationError, SettingsError
from urlcheck.options.groups import pick
from urlcheck.options.watching import refuse_conflicts
from urlcheck.runtime.streams import has_piped_input, say
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.settings import Settings
from urlcheck.settings.watch import WatchSettings
from urlcheck.text.safe import clean

if TYPE_CHECKING:
    from urlcheck.config.mention import Mention
    from urlcheck.input.target_builder import Entry
    from urlcheck.settings.scopes import CheckSettings
    from urlcheck.watch.maintenance import Window

# SQLite and the lock of a run keep files with these endings beside a state file
_STATE_SUFFIXES = ("", "-wal", "-shm", "-journal", "-lock")


def carry_out(
    context: click.Context,
    urls: tuple[str | Entry, ...],
    files: tuple[str, ...],
    checks: Sequence[CheckSettings] = (),
    maintenance: Sequence[Window] = (),
    mention: Mention | None = None,
    **params: Any,
) -> int | Order:
    """Do what a command line and its configuration say. Returns the exit status, or the order where it is only to be read."""
    settings, output, watch = pick(Settings, params), pick(OutputSettings, params), pick(WatchSettings, params)
    refuse_conflicts(context, settings, watch, restart=bool(params["restart"]))
    if settings.base_url is None:
        _refuse_files(urls)
    beside = [f"{settings.state}{suffix}" for suffix in _STATE_SUFFIXES] if settings.state else []
    _refuse_outputs(output, [*files, *beside])
    if not settings.state:
        _refuse_without_state(params, output)
    if params["history"]:
        return _show_history(urls, files, settings)
    if not urls and not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError("no URLs: name some, name a list with --file, or pipe one in")
        files = (STDIN,)
    remark = mention.describe(verbose=output.verbose) if mention else None
    order = Order(
        urls,
        files,
        settings,
        [settings.check, *checks],
        output,
        allow_empty=bool(params["allow_empty"]),
        remarks=[remark] if remark else [],
        restart=bool(params["restart"]),
        watch=watch,
        maintenance=maintenance,
        configuration=mention.name if mention else None,
        hidden=context.meta.get(SECRETS),
        read_again=partial(_read_again, context.command, context.meta[ARGUMENTS]),
    )
    if context.obj is READ_ONLY:
        return order
    if mention and not output.quiet:
        _say_what_is_not_read(mention, urls, files)
    return _execute(order)


def _refuse_without_state(params: Mapping[str, object], output: OutputSettings) -> None:
    options = {"restart": params["restart"], "history": params["history"], "show": output.show == "changes"}
    if name := next((name for name, is_given in options.items() if is_given), None):
        what = "'changes' needs" if name == "show" else "needs"
        raise SettingsError(name, f"{what} a file that remembers earlier runs; add", "state")


def _execute(order: Order) -> int:
    """Run an order. Everything that runs is imported here, and only here, while the processes that it needs start."""
    with started_early(order.settings, order.files) as children:
        from urlcheck.cli.running import run_order  # noqa: PLC0415 - while processes start

        return run_order(order, children)


def _show_history(urls: Sequence[str | Entry], files: Sequence[str], settings: Settings) -> int:
    if files:
        raise SettingsError("history", "shows the URLs among the arguments; leave out", "files")
    from urlcheck.store.history import list_history  # noqa: PLC0415 - few runs need SQLite

    for line in list_history(str(settings.state), [url for url in urls if isinstance(url, str)], settings.base_url):
        sys.stdout.write(f"{line}\n")  # click.echo has an exit status of its own for a pipe that was closed
    return ExitStatus.PASSED


def _read_again(command: click.Command, arguments: Sequence[str]) -> Order:
    """The order of the same arguments and the configuration as it is now. Raises `UrlcheckError`."""
    try:
        with command.make_context("urlcheck", [*arguments], obj=READ_ONLY) as context:
            order: Order = command.invoke(context)
    except click.ClickException as error:
        raise ConfigurationError(error.format_message()) from None
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None
    return order


def _say_what_is_not_read(mention: Mention, urls: Sequence[str | Entry], files: Sequence[str]) -> None:
    """Say that a list was piped in and not read, because a configuration names the targets."""
    if mention.names_targets and STDIN not in (*urls, *files) and has_piped_input():
        say(f"urlcheck: standard input was not read: {clean(mention.name)} names the targets; use - to read it")


def _refuse_files(urls: Sequence[str | Entry]) -> None:
    """Raises `UsageError` for an argument that names a file, because that would be looked up as a host name."""
    for url in urls:
        if not isinstance(url, str) or "//" in url or url == STDIN:
            continue
        if os.path.isdir(url):
            raise click.UsageError(f"{url} is a folder: name a file with --file, or write https://{url} for a host")
        if os.path.isfile(url):
            raise click.UsageError(f"{url} is a file: --file {url} checks its lines")


def _refuse_outputs(output: OutputSettings, inputs: Sequence[str]) -> None:
    """Raises `SettingsError` for two reports on standard output, or one that would overwrite a list or another report."""
    if sum(file is None for _, file in output.outputs) > 1:
        raise SettingsError("outputs", "only one can go to standard output; name a file for the others: FORMAT=FILE")
    taken = {os.path.realpath(name) for name in inputs}
    for name in filter(None, (file for _, file in output.outputs)):
        path = os.path.realpath(name)
        if path in taken and path != os.path.realpath(os.devnull):
            raise SettingsError("outputs", f"{name} is named twice; a report needs a file of its own")
        taken.add(path)
