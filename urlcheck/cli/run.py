"""Runs the command: connects the input, the checker and the sinks, and finds the exit status."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from urlcheck.api import open_checker
from urlcheck.backends.coordinator import Coordinator
from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.cli.exit_status import ExitStatus
from urlcheck.cli.live import Live, show_live
from urlcheck.cli.notes import describe_conditions, describe_course, describe_input, describe_store
from urlcheck.cli.order import Order
from urlcheck.input.lists import Lists
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.input.thread_source import ThreadSource
from urlcheck.model.errors import ClosedPipeError, InputError, OutputError, SettingsError, StateError
from urlcheck.reports.outputs import Outputs, list_outputs
from urlcheck.reports.sink import Sink
from urlcheck.reports.summary import Summary
from urlcheck.runtime.event_loop import tune_gc
from urlcheck.runtime.signals import on_interruption, on_suspension
from urlcheck.runtime.streams import say
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.scopes import InputSettings, RunSettings
from urlcheck.settings.secrets import keeping_secrets
from urlcheck.store.opening import AnyStore, open_store


async def execute(order: Order, children: list[WorkerProcess]) -> int:
    """Run to the end, or to the first signal. Returns the exit status. Raises `UrlcheckError`.

    `children` are processes that were started for the run.
    """
    builder = TargetBuilder(order.settings.part(InputSettings), order.checks)
    lists = Lists(order.urls, order.files, builder)
    with keeping_secrets(order.checks):
        opening = open_store(order.settings, order.checks, builder, lists.describe, restart=order.restart)
        async with opening as store:
            if store.finished:
                lists.pass_over(store.finished)
            store.on_error = _say_that_it_goes_on
            if order.settings.state and not order.output.quiet:
                for remark in describe_store(store, can_be_resumed=lists.can_be_read_again):
                    say(f"urlcheck: {remark}")
            status = await _execute(order, builder, lists, store, children)
    return ExitStatus.UNUSABLE if store.error and status in (ExitStatus.PASSED, ExitStatus.FAILED) else status


async def _execute(order: Order, builder: TargetBuilder, lists: Lists, store: AnyStore, children: list[WorkerProcess]) -> int:
    source = store.recall(ThreadSource(lists))
    summary = Summary()
    summary.remarks += order.remarks
    summary.earlier = store.finished.total if store.finished else 0
    with Outputs(order.output) as outputs:
        failure: Exception | None = None
        interrupted = None
        try:
            async with open_checker(source, order.settings.part(RunSettings), order.checks, children) as checker:
                await call_in_thread(store.confirm)
                live = partial(show_live, checker, order.settings, order.output, summary, lists)
                interrupted = await _check_all(checker, live, [summary, outputs], store)
                summary.notes += describe_course(checker, order.settings)
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
        if order.settings.state and lists.can_be_read_again and (interrupted or summary.unchecked) and not store.error:
            summary.remarks.append("the same command goes on where this run was cut short")
        outputs.close(summary)
    store.is_whole = source.exhausted and not (failure or interrupted)
    say_what_no_report_says(summary, order.output)
    if failure:
        raise failure
    if interrupted:
        return interrupted
    return _find_status(order, summary, is_read=source.exhausted)


def _find_status(order: Order, summary: Summary, *, is_read: bool) -> int:
    """The exit status of a run that was not interrupted. Raises `InputError` where nothing was checked."""
    if not is_read:
        return ExitStatus.FAILED
    if summary.skipped == summary.total and not order.allow_empty:
        if order.settings.last_failed and summary.total:
            say("urlcheck: nothing was checked: no URL of the input failed last time")
            return ExitStatus.PASSED
        raise InputError(_describe_nothing_checked(summary.total))
    return ExitStatus.FAILED if summary.problems else ExitStatus.PASSED


def _describe_nothing_checked(skipped: int) -> str:
    if not skipped:
        return "no URL in the input"
    return f"nothing was checked: {f'all {skipped:,} URLs were' if skipped > 1 else 'the only URL was'} skipped"


async def _check_all(
    checker: Coordinator, show: Callable[[], AbstractContextManager[Live | None]], sinks: Sequence[Sink], store: AnyStore
) -> int | None:
    """Feed every result to the store and the sinks. Returns the exit status of an interruption, if there was one."""

    def stop() -> None:
        checker.stop()
        if display:
            display.stop()  # before a second signal, which leaves no time for it

    async with contextlib.aclosing(checker.batches()) as batches:
        tune_gc()
        with (
            on_suspension(checker.suspend, checker.resume),
            on_interruption(stop) as interruption,
            show() as display,
        ):
            all_sinks = [*sinks, *([display] if display else [])]
            async for batch in batches:
                results = store.remember(batch, is_cut_short=checker.is_cut_short)
                for sink in all_sinks:
                    sink.add(results)
    return interruption.exit_status


def _say_that_it_goes_on(error: StateError) -> None:
    say(f"urlcheck: {error}; the run goes on without it")


def say_what_no_report_says(summary: Summary, output: OutputSettings) -> None:
    """Without a table, print on standard error the summary, if all reports go to files, and its notes."""
    outputs = list_outputs(output)
    if output.quiet or ("table", None) in outputs:
        return
    if all(file for _, file in outputs):
        say(summary.describe())
    for note in summary.notes:
        say(f"urlcheck: {note}")
