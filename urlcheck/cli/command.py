"""The command: options in, a run over the library, reports out, and an exit status."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from urlcheck.config.command import ConfiguredCommand
from urlcheck.model.errors import InputError
from urlcheck.options.groups import pick
from urlcheck.options.options import command_options
from urlcheck.runtime.streams import say
from urlcheck.settings.settings import OutputSettings, Settings
from urlcheck.text.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from urlcheck.backends.coordinator import Fleet
    from urlcheck.engine.engine import Run
    from urlcheck.input.lists import Lists
    from urlcheck.input.sources import Source
    from urlcheck.input.targets import Collector, Entry
    from urlcheck.reports.outputs import Outputs
    from urlcheck.reports.summary import Summary
    from urlcheck.reports.terminal.display import Display

    _Checks: TypeAlias = contextlib.AbstractAsyncContextManager[Run | Fleet]
    _Shown: TypeAlias = contextlib.AbstractContextManager[Display | None]

PASSED, FAILED, UNUSABLE = 0, 1, 2
# seconds in which no failure is shown before the table that says the same, on the same terminal
_SHORT_RUN = 10.0

EXAMPLES = (
    "urlcheck https://example.org example.net/page",
    "urlcheck --file urls.txt --show problems",
    "cat urls.txt | urlcheck --output jsonl",
    "urlcheck --file urls.txt --output table --output html=report.html",
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
def command(urls: tuple[str | Entry, ...], files: tuple[str, ...], **params: Any) -> int:
    """Check URLs concurrently and report for each one what happened and whether it passed.

    URLs come from the command line, from files, or from a pipe. A URL without a scheme is https, or http for localhost and IP
    addresses. The configuration file urlcheck.toml can name URLs and settings.
    """
    settings, output = pick(Settings, params), pick(OutputSettings, params)
    settings = replace(settings, keep_body=output.show_body)
    if sum(file is None for _, file in output.outputs) > 1:
        raise click.UsageError("only one --output can go to standard output; name a file for the others: FORMAT=FILE.")
    _refuse_overwriting(files, [file for _, file in output.outputs if file])
    if not urls and not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError("no URLs: name some, name a list with --file, or pipe one in.")
        files = ("-",)
    from urlcheck.runtime.event_loop import run  # noqa: PLC0415 - --help must not pay for it

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
    from urlcheck.backends.coordinator import open_checks  # noqa: PLC0415
    from urlcheck.input.lists import Lists  # noqa: PLC0415 - --help must not pay for what follows
    from urlcheck.input.sources import ThreadedSource  # noqa: PLC0415
    from urlcheck.input.targets import Collector  # noqa: PLC0415
    from urlcheck.reports.outputs import Outputs  # noqa: PLC0415
    from urlcheck.reports.summary import Summary  # noqa: PLC0415

    collector = Collector(settings)
    lists = Lists(urls, files, collector)
    source = ThreadedSource(lists)
    others = {url.settings for url in urls if not isinstance(url, str) and url.settings}
    summary = Summary()
    with Outputs(output) as outputs:
        input_error = None
        interrupted = None
        try:
            checks = open_checks(source, settings, others)
            show = partial(_show, settings, output, summary, lists)
            interrupted = await _check_all(checks, settings, outputs, summary, show)
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
    checks: _Checks, settings: Settings, outputs: Outputs, summary: Summary, show: Callable[[Run | Fleet], _Shown]
) -> int | None:
    """Feed every result to the outputs; the exit status of an interruption, if there was one."""
    from urlcheck.backends.coordinator import Fleet  # noqa: PLC0415
    from urlcheck.runtime.event_loop import spare_the_collector  # noqa: PLC0415
    from urlcheck.runtime.signals import on_interruption, on_suspension  # noqa: PLC0415

    def stop() -> None:
        run.stop()
        if display:
            display.stop()  # before a second signal, which leaves no time for it

    async with checks as run, contextlib.aclosing(run.batches()) as batches:
        spare_the_collector()
        suspension = on_suspension(run.suspend, run.resume) if isinstance(run, Fleet) else contextlib.nullcontext()
        with suspension, on_interruption(stop) as interruption, show(run) as display:
            async for batch in batches:
                for result in batch:
                    summary.add(result)
                    outputs.add(result)
                    if display and not result.ok:
                        display.add(result)
                outputs.flush()
    summary.notes += _describe_course(run, settings)
    return interruption.exit_status


def _describe_course(run: Run | Fleet, settings: Settings) -> Iterator[str]:
    """Notes on a run that did not go as it should have."""
    from urlcheck.engine.engine import INTERRUPTED, PAST_DEADLINE, PAST_WAIT  # noqa: PLC0415 - --help must not pay for it
    from urlcheck.reports.summary import count  # noqa: PLC0415

    if run.interruption == PAST_DEADLINE:
        yield f"the deadline of {format_duration(settings.deadline or 0)} passed"
    elif run.interruption == PAST_WAIT:
        yield f"the time to wait, {format_duration(settings.wait or 0)}, was up"
    elif run.interruption == INTERRUPTED:
        yield "interrupted"
    if run.lost:
        urls = count(run.lost, "URL")
        yield f"a process died or did not answer; its unfinished targets, {urls}, were checked by another"
    if run.held_back:
        most, limit = run.held_back.in_flight, run.held_back.descriptors
        requests = count(most, "request")
        yield f"the limit of {limit:,} open files held the run back to {requests} in flight; `ulimit -n` raises it"


def _show(
    settings: Settings, output: OutputSettings, summary: Summary, lists: Lists, run: Run | Fleet
) -> contextlib.AbstractContextManager[Display | None]:
    """What changes in place, where there is a terminal for it, and nothing else to be read there."""
    if output.quiet or not output.progress or not sys.stderr.isatty():
        return contextlib.nullcontext()
    from urlcheck.reports.registry import load_reporter  # noqa: PLC0415
    from urlcheck.reports.terminal.awaiting import Awaiting  # noqa: PLC0415
    from urlcheck.reports.terminal.console import make_console  # noqa: PLC0415
    from urlcheck.reports.terminal.display import show  # noqa: PLC0415
    from urlcheck.reports.terminal.progress import Progress  # noqa: PLC0415

    to_terminal = [name for name, file in output.outputs if file is None and sys.stdout.isatty()]
    if any(load_reporter(name).streams for name in to_terminal):
        return contextlib.nullcontext()  # what is written there shows that it goes on
    console = make_console(sys.stderr, output.color)
    if settings.wait:
        return show(Awaiting(console, summary, run, settings.wait))
    quiet = _SHORT_RUN if to_terminal else 0.0
    return show(Progress(console, summary, lambda: lists.length, lambda: run.paused, quiet))


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
        say(summary.describe())
    for note in summary.notes:
        say(f"urlcheck: {note}")
