"""The command: its help, its argument and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from urlcheck.config.command import ConfiguredCommand
from urlcheck.options.options import command_options

if TYPE_CHECKING:
    from urlcheck.cli.order import Order

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
def command(**params: Any) -> int | Order:
    """Check URLs concurrently and report for each one what happened and whether it passed.

    URLs come from the command line, from files, or from a pipe. A URL without a scheme is https, or http for localhost and IP
    addresses. The configuration file urlcheck.toml can name URLs and settings.
    """
    from urlcheck.cli.invocation import carry_out  # noqa: PLC0415 - --help does without what a run needs

    return carry_out(click.get_current_context(), **params)
