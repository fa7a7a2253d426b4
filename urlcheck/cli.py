"""The command: options in, a run over the library, reports out, and an exit status."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from urlcheck.config.command import ConfiguredCommand
from urlcheck.durations import format_duration
from urlcheck.errors import InputError
from urlcheck.options import (
    check_options,
    config_options,
    input_options,
    output_options,
    pick,
    verdict_options,
)
from urlcheck.settings import VERSION, OutputSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from urlcheck.reports.outputs import Outputs
    from urlcheck.reports.summary import Summary
    from urlcheck.sources import Source
    from urlcheck.targets import Collector, Entry

PASSED, FAILED, UNUSABLE = 0, 1, 2

EPILOG = """\b
Examples:
  urlcheck https://example.org example.net/page
  urlcheck -f urls.txt -o jsonl
  cat urls.txt | urlcheck --timeout 5s
\b
Exit status: 0 every URL passed, 1 at least one did not, 2 the command line, the input or
an output could not be used, 130 interrupted, 143 terminated, 141 nobody read the output.
"""


@click.command(cls=ConfiguredCommand, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("urls", nargs=-1, metavar="[URL]...")
@input_options
@check_options
@verdict_options
@output_options
@config_options
@click.version_option(VERSION, "-V", "--version", prog_name="urlcheck", message="%(prog)s %(version)s")
def command(urls: tuple[str | Entry, ...], files: tuple[str, ...], **params: Any) -> int:
    """Check URLs concurrently and say, for every one of them, what happened and whether that is good enough.

    URLs come from the command line, from files, or from standard input where it is not a terminal. Without a scheme they are
    https, or http on this machine and for IP addresses.
    """
    settings, output = pick(Settings, params), pick(OutputSettings, params)
    if sum(file is None for _, file in output.outputs) > 1:
        raise click.UsageError("only one --output can go to standard output; name a file for the others: FORMAT=FILE.")
    _refuse_overwriting(files, [file for _, file in output.outputs if file])
    if not urls and not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError("no URLs: name some, name a list with --file, or pipe one in.")
        files = ("-",)
    from urlcheck.loop import run  # noqa: PLC0415 - --help must not pay for it

    return run(check(urls, files, settings, output, allow_empty=bool(params["allow_empty"])))


def _refuse_overwriting(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """A report must not take the place of a list, or of another report."""
    taken = {os.path.realpath(name) for name in inputs}
    for name in outputs:
        path = os.path.realpath(name)
        if path in taken and path != os.path.realpath(os.devnull):
            raise click.UsageError(f"{name} is named twice; a report needs a file of its own.")
        taken.add(path)


async def check(
    urls: Sequence[str | Entry], files: Sequence[str], settings: Settings, output: OutputSettings, *, allow_empty: bool
) -> int:
    """Run to the end, or to the first signal; the exit status."""
    from urlcheck.inputs import Lists  # noqa: PLC0415 - --help must not pay for what follows
    from urlcheck.reports.outputs import Outputs  # noqa: PLC0415
    from urlcheck.reports.summary import Summary  # noqa: PLC0415
    from urlcheck.sources import ThreadedSource  # noqa: PLC0415
    from urlcheck.targets import Collector  # noqa: PLC0415

    collector = Collector(settings)
    source = ThreadedSource(Lists(urls, files, collector))
    others = {url.settings for url in urls if not isinstance(url, str) and url.settings}
    total = len(urls) if not files and "-" not in urls else None
    summary = Summary()
    with Outputs(output) as outputs:
        input_error = None
        interrupted = None
        try:
            with _progress(output, summary, total):
                interrupted = await _check_all(source, settings, others, outputs, summary)
        except InputError as error:
            input_error = error
        _annotate(summary, [settings, *others], source, collector)
        outputs.close(summary)
    _say_what_no_report_says(summary, output)
    if input_error:
        raise input_error
    if interrupted:
        return interrupted
    if not source.exhausted:
        return FAILED
    if not summary.total and not allow_empty:
        raise InputError("no URL in the input")
    return FAILED if summary.failed else PASSED


async def _check_all(
    source: Source, settings: Settings, others: Collection[Settings], outputs: Outputs, summary: Summary
) -> int | None:
    """Feed every result to the outputs; the exit status of an interruption, if there was one."""
    from urlcheck.engine import PAST_DEADLINE  # noqa: PLC0415
    from urlcheck.loop import spare_the_collector  # noqa: PLC0415
    from urlcheck.reports.summary import count  # noqa: PLC0415
    from urlcheck.scale.fleet import open_checks  # noqa: PLC0415
    from urlcheck.signals import on_interruption  # noqa: PLC0415

    async with open_checks(source, settings, others) as run, contextlib.aclosing(run.batches()) as batches:
        spare_the_collector()
        with on_interruption(run.stop) as interruption:
            async for batch in batches:
                for result in batch:
                    summary.add(result)
                    outputs.add(result)
                outputs.flush()
    if run.interruption == PAST_DEADLINE:
        summary.notes.append(f"the deadline of {format_duration(settings.deadline or 0)} passed")
    if run.lost:
        summary.notes.append(f"a process died; what it had not finished, {count(run.lost, 'URL')}, was checked by another")
    return interruption.exit_status


def _progress(output: OutputSettings, summary: Summary, total: int | None) -> contextlib.AbstractContextManager[object]:
    streams_to_terminal = ("jsonl", None) in output.outputs and sys.stdout.isatty()
    if output.quiet or not output.progress or not sys.stderr.isatty() or streams_to_terminal:
        return contextlib.nullcontext()
    from urlcheck.reports.progress import show_progress  # noqa: PLC0415

    return show_progress(sys.stderr, output.color, summary, total)


def _annotate(summary: Summary, settings: Sequence[Settings], source: Source, collector: Collector) -> None:
    summary.duplicates = collector.duplicates
    if any(some.insecure for some in settings):
        summary.notes.append("TLS certificates were not verified (--insecure)")
    if not source.exhausted:
        summary.notes.append("the input was not read to its end")


def _say_what_no_report_says(summary: Summary, output: OutputSettings) -> None:
    if output.quiet or ("table", None) in output.outputs:
        return
    if all(file for _, file in output.outputs):
        click.echo(summary.describe(), err=True)
    for note in summary.notes:
        click.echo(f"urlcheck: {note}", err=True)
