"""A watch of the command: source, checker, sinks and observers are put together, and run until the first signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from urlcheck.api import open_checker
from urlcheck.backends.coordinator import Coordinator
from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.cli.exit_status import ExitStatus
from urlcheck.cli.notes import describe_conditions, describe_course
from urlcheck.cli.order import Order
from urlcheck.cli.reloading import Reloader
from urlcheck.cli.remembering import remembering
from urlcheck.cli.run import say_what_no_report_says
from urlcheck.cli.server import serving
from urlcheck.cli.watch_display import choose_display
from urlcheck.model.errors import ClosedPipeError, OutputError, SettingsError, StateError
from urlcheck.model.result import Result, settle
from urlcheck.model.stop_reason import StopReason
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.reports.outputs import Outputs
from urlcheck.reports.summary import Summary, count
from urlcheck.runtime.event_loop import tune_gc
from urlcheck.runtime.signals import on_hangup, on_interruption, on_suspension
from urlcheck.runtime.streams import say
from urlcheck.settings.checks import Checks
from urlcheck.settings.scopes import RunSettings
from urlcheck.settings.secrets import keeping_secrets
from urlcheck.text.safe import clean
from urlcheck.watch.notices import Notices
from urlcheck.watch.notifier import open_notifier
from urlcheck.watch.view import State
from urlcheck.watch.watch import Watch

if TYPE_CHECKING:
    from urlcheck.watch.stored_history import StoredHistory


async def execute(order: Order, children: list[WorkerProcess]) -> int:
    """Check again and again, until a signal or the deadline. Returns the exit status. Raises `UrlcheckError`.

    `children` are processes that were started for the run.
    """
    checks = Checks(order.settings)
    say_lost = _LostStore()
    with keeping_secrets(order.checks):
        async with remembering(order.settings, checks, say_lost) as history:
            status = await _execute(order, children, checks, history, say_lost)
    return ExitStatus.UNUSABLE if say_lost.is_lost and status in (ExitStatus.PASSED, ExitStatus.FAILED) else status


class _LostStore:
    """Says that the state file is lost; on the display, while there is one."""

    def __init__(self) -> None:
        self.is_lost = False
        self.say: Callable[[str], None] = lambda text: say(f"urlcheck: {text}")

    def __call__(self, error: StateError) -> None:
        self.is_lost = True
        self.say(f"{error}; the watch goes on without it")


async def _execute(
    order: Order, children: list[WorkerProcess], checks: Checks, history: StoredHistory | None, say_lost: _LostStore
) -> int:
    watch = Watch(order.watch, asyncio.get_running_loop().time, history=history)
    summary = Summary()
    with Outputs(order.output) as outputs:
        session = _Session(order, watch, checks, outputs, history)
        say_lost.say = session.say
        failure: Exception | None = None
        interrupted = None
        with closing(session.reloader):
            try:
                async with open_checker(watch, order.settings.part(RunSettings), checks, children) as checker:
                    interrupted = await session.run(checker)
                    summary.notes += describe_course(checker, order.settings)
            except (SettingsError, OutputError, ClosedPipeError):
                raise
            except Exception as error:
                if not session.checked:
                    raise
                failure = error  # too little memory: the last results are reported
            _conclude(session, summary, outputs)
    say_what_no_report_says(summary, order.output)
    if failure:
        raise failure
    return interrupted or (ExitStatus.FAILED if summary.problems else ExitStatus.PASSED)


def _conclude(session: _Session, summary: Summary, outputs: Outputs) -> None:
    """Report the last result of each target. One that was never checked is `unchecked`."""
    watch, checks, reloader = session.watch, session.checks, session.reloader
    never = [_leave(each.target, checks) for each in watch.roster if each.result is None]
    last = [*reloader.skipped, *(each.result for each in watch.roster if each.result), *never]
    outputs.stream(never)
    outputs.conclude(last)
    summary.add(last)
    summary.requested += max(0, session.checked - len(last) + len(never))
    summary.duplicates = reloader.duplicates
    summary.remarks += [*session.order.remarks, _describe(watch, session.checked)]
    summary.notes += describe_conditions(checks, is_read=True)
    outputs.close(summary)


class _Session:
    """A watch that runs: its results go to the watch and the outputs, and its notices to the receiver.

    `checked` counts the results.
    """

    def __init__(self, order: Order, watch: Watch, checks: Checks, outputs: Outputs, history: StoredHistory | None) -> None:
        self.checked = 0
        self.order = order
        self.watch = watch
        self.checks = checks
        self._outputs = outputs
        self._display = choose_display(watch, order.output)
        self.say = self._display.say
        self.reloader = Reloader(order, watch, checks, self._display, history)
        self._complaint: Exception | None = None

    async def run(self, checker: Coordinator) -> int | None:
        """Run until the end. Returns the exit status of an interruption, if there was one."""
        watch, settings, say = self.watch, self.order.watch, self._display.say

        def stop() -> None:
            checker.stop(StopReason.WATCH_ENDED)
            self._display.stop()  # before a second signal, which leaves no time for it

        def suspend() -> None:
            checker.suspend()
            self._display.suspend()

        def resume() -> None:
            self._display.resume()
            checker.resume()

        async with AsyncExitStack() as stack:
            notifier = await stack.enter_async_context(open_notifier(self.order.settings.check, say))
            notices = Notices(watch.overview, settings, notifier.send, lambda: datetime.now(UTC))
            watch.observers.append(notices)
            self.reloader.followers += [notices.configure, lambda current: notifier.configure(current.notify)]
            await self.reloader.load()
            self._outputs.stream(self.reloader.skipped)
            await stack.enter_async_context(serving(watch.overview, settings, self._display.inform))
            tune_gc()
            stack.enter_context(on_suspension(suspend, resume))
            interruption = stack.enter_context(on_interruption(stop))
            stack.enter_context(on_hangup(self.reloader.request))
            stack.enter_context(self._display.shown(stop))
            reloading = asyncio.get_running_loop().create_task(self.reloader.run())
            try:
                await self._receive(checker)
            finally:
                reloading.cancel()
                await asyncio.gather(reloading, return_exceptions=True)
            watch.end_last_round()
        return interruption.exit_status

    async def _receive(self, checker: Coordinator) -> None:
        async with aclosing(checker.batches()) as batches:
            async for batch in batches:
                self.watch.add(batch)
                finished = [result for result in batch if result.verdict is not Verdict.UNCHECKED]
                self.checked += len(finished)
                self._outputs.stream(finished)
                self._say_lost_output()

    def _say_lost_output(self) -> None:
        """Say at once that an output has failed, because the watch goes on without it."""
        if self._outputs.error is not self._complaint:
            self._complaint = self._outputs.error
            self._display.say(f"an output is lost: {clean(str(self._complaint))}")


def _leave(target: Target, checks: Checks) -> Result:
    """The result of a target that was not checked before the end."""
    return settle(target, Verdict.UNCHECKED, str(StopReason.WATCH_ENDED), ok=checks[target.check].lets_pass(Verdict.UNCHECKED))


def _describe(watch: Watch, checked: int) -> str:
    """`3 targets: 2 up, 1 down; 120 checks`."""
    counts = watch.overview.counts
    states = ", ".join(f"{counts[state]:,} {state}" for state in reversed(State) if counts[state])
    return f"{count(len(watch.roster), 'target')}: {states}; {count(checked, 'check')}"
