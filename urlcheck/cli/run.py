"""A run of the command: input, checker and sinks are put together, and the exit status says what came of it."""

from __future__ import annotations

import contextlib

from urlcheck.api import open_checker
from urlcheck.backends.coordinator import Coordinator
from urlcheck.cli.live import show_live
from urlcheck.cli.notes import describe_conditions, describe_course, describe_input
from urlcheck.cli.order import Order
from urlcheck.input.lists import Lists
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.input.thread_source import ThreadSource
from urlcheck.model.errors import ClosedPipeError, InputError, OutputError, SettingsError
from urlcheck.reports.outputs import Outputs, list_outputs
from urlcheck.reports.sink import Sink
from urlcheck.reports.summary import Summary
from urlcheck.runtime.event_loop import tune_gc
from urlcheck.runtime.signals import on_interruption, on_suspension
from urlcheck.runtime.streams import say
from urlcheck.settings.scopes import InputSettings, RunSettings
from urlcheck.settings.secrets import keeping_secrets
from urlcheck.settings.settings import OutputSettings

PASSED, FAILED = 0, 1


async def execute(order: Order) -> int:
    """Run to the end, or to the first signal. Returns the exit status. Raises `UrlcheckError`."""
    builder = TargetBuilder(order.settings.part(InputSettings), order.checks)
    lists = Lists(order.urls, order.files, builder)
    source = ThreadSource(lists)
    summary = Summary()
    summary.remarks += order.remarks
    with keeping_secrets(order.checks), Outputs(order.output) as outputs:
        failure: Exception | None = None
        interrupted = None
        try:
            async with open_checker(source, order.settings.part(RunSettings), order.checks) as checker:
                interrupted = await _check_all(checker, order, summary, outputs, lists)
        except (SettingsError, OutputError, ClosedPipeError):
            raise
        except Exception as error:
            if not summary.total:
                raise
            failure = error  # an input that breaks off, too little memory: finished results are reported
        summary.duplicates = builder.duplicates
        if order.files:
            summary.notes += describe_input(summary)
        summary.notes += describe_conditions(order.checks, is_read=source.exhausted)
        outputs.close(summary)
    say_what_no_report_says(summary, order.output)
    if failure:
        raise failure
    if interrupted:
        return interrupted
    if not source.exhausted:
        return FAILED
    if summary.skipped == summary.total and not order.allow_empty:
        raise InputError(_describe_nothing_checked(summary.total))
    return FAILED if summary.problems else PASSED


def _describe_nothing_checked(skipped: int) -> str:
    if not skipped:
        return "no URL in the input"
    return f"nothing was checked: {f'all {skipped:,} URLs were' if skipped > 1 else 'the only URL was'} skipped"


async def _check_all(checker: Coordinator, order: Order, summary: Summary, outputs: Outputs, lists: Lists) -> int | None:
    """Feed every result to the sinks. Returns the exit status of an interruption, if there was one."""

    def stop() -> None:
        checker.stop()
        if display:
            display.stop()  # before a second signal, which leaves no time for it

    async with contextlib.aclosing(checker.batches()) as batches:
        tune_gc()
        with (
            on_suspension(checker.suspend, checker.resume),
            on_interruption(stop) as interruption,
            show_live(checker, order.settings, order.output, summary, lists) as display,
        ):
            sinks: list[Sink] = [summary, outputs, *([display] if display else [])]
            async for batch in batches:
                for sink in sinks:
                    sink.add(batch)
    summary.notes += describe_course(checker, order.settings)
    return interruption.exit_status


def say_what_no_report_says(summary: Summary, output: OutputSettings) -> None:
    """On standard error, where no table is printed: the summary, unless a report takes its place, and its notes."""
    outputs = list_outputs(output)
    if output.quiet or ("table", None) in outputs:
        return
    if all(file for _, file in outputs):
        say(summary.describe())
    for note in summary.notes:
        say(f"urlcheck: {note}")
