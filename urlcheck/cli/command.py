"""The command: options and configuration become an order, which is executed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from urlcheck.config.command import ConfiguredCommand
from urlcheck.config.context import ARGUMENTS, READ_ONLY, SECRETS
from urlcheck.input.files import STDIN
from urlcheck.model.errors import ConfigurationError, SettingsError
from urlcheck.options.groups import pick
from urlcheck.options.options import command_options
from urlcheck.options.watching import refuse_conflicts
from urlcheck.runtime.streams import has_piped_input, say
from urlcheck.settings.output import OutputSettings
from urlcheck.text.safe import clean

if TYPE_CHECKING:
    from urlcheck.cli.order import Order
    from urlcheck.config.mention import Mention
    from urlcheck.input.target_builder import Entry
    from urlcheck.settings.scopes import CheckSettings
    from urlcheck.settings.settings import Settings
    from urlcheck.watch.maintenance import Window

# of files that SQLite and the lock of a run keep beside a state file
_STATE_SUFFIXES = ("", "-wal", "-shm", "-journal", "-lock")

EXAMPLES = (
    "urlcheck https://example.org example.net/page",
    "urlcheck --file urls.txt --show problems",
    "cat urls.txt | urlcheck --output jsonl",
    "urlcheck --file urls.txt --output html=report.html",
    "urlcheck --wait 2m localhost:8080/health --expect-json \"status == 'ok'\"",
)
EPILOG = """\b
Exit status:
  0              every URL passed
  1              at least one URL did not pass
  2              the command line, the input or an output could not be used
  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM
  141            the reader of the output went away
"""


@click.command(
    cls=ConfiguredCommand,
    examples=EXAMPLES,
    epilog=EPILOG,
    context_settings={"max_content_width": 100, "help_option_names": ["--help"]},
)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@command_options
def command(
    urls: tuple[str | Entry, ...],
    files: tuple[str, ...],
    checks: Sequence[CheckSettings] = (),
    maintenance: Sequence[Window] = (),
    mention: Mention | None = None,
    **params: Any,
) -> int | Order:
    """Check URLs concurrently and report for each one what happened and whether it passed.

    URLs come from the command line, from files, or from a pipe. A URL without a scheme is https, or http for localhost and IP
    addresses. The configuration file urlcheck.toml can name URLs and settings.
    """
    from urlcheck.settings.settings import Settings  # noqa: PLC0415 - --help does without
    from urlcheck.settings.watch import WatchSettings  # noqa: PLC0415

    context = click.get_current_context()
    settings, output, watch = pick(Settings, params), pick(OutputSettings, params), pick(WatchSettings, params)
    refuse_conflicts(context, settings, watch, restart=bool(params["restart"]))
    if sum(file is None for _, file in output.outputs) > 1:
        raise SettingsError("outputs", "only one can go to standard output; name a file for the others: FORMAT=FILE")
    if settings.base_url is None:
        _refuse_files(urls)
    beside = [f"{settings.state}{suffix}" for suffix in _STATE_SUFFIXES] if settings.state else []
    _refuse_overwriting([*files, *beside], [file for _, file in output.outputs if file])
    if not settings.state:
        _refuse_without_state(params, output)
    if params["history"]:
        if files:
            raise SettingsError("history", "shows the URLs among the arguments; leave out", "files")
        return _show_history(urls, settings)
    if not urls and not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError("no URLs: name some, name a list with --file, or pipe one in")
        files = (STDIN,)
    from urlcheck.cli.order import Order  # noqa: PLC0415

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
        read_again=partial(_read_again, context.meta[ARGUMENTS]),
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
    """Run an order. Everything that runs is imported here, and only here."""
    from urlcheck.backends.starting import started_early  # noqa: PLC0415
    from urlcheck.runtime.deferred_trust import deferring_trust  # noqa: PLC0415

    with started_early(order.settings, order.files) as children:
        with deferring_trust():
            if order.watch.watch:
                from urlcheck.cli.watching import execute  # noqa: PLC0415
            else:
                from urlcheck.cli.run import execute  # noqa: PLC0415
        from urlcheck.runtime.event_loop import run  # noqa: PLC0415

        return run(execute(order, children))


def _show_history(urls: Sequence[str | Entry], settings: Settings) -> int:
    from urlcheck.store.history import list_history  # noqa: PLC0415 - few runs need SQLite

    for line in list_history(str(settings.state), [url for url in urls if isinstance(url, str)], settings.base_url):
        sys.stdout.write(f"{line}\n")  # click.echo has an exit status of its own for a pipe that was closed
    return 0


def _read_again(arguments: Sequence[str]) -> Order:
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


def _refuse_overwriting(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Raises `SettingsError` for a report that would overwrite a list, or another report."""
    taken = {os.path.realpath(name) for name in inputs}
    for name in outputs:
        path = os.path.realpath(name)
        if path in taken and path != os.path.realpath(os.devnull):
            raise SettingsError("outputs", f"{name} is named twice; a report needs a file of its own")
        taken.add(path)
