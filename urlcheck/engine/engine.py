"""The backend of one event loop: workers that take jobs from the scheduler, request them and judge what came back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from urlcheck.engine.check import Check
from urlcheck.engine.concurrency_limit import ConcurrencyLimit
from urlcheck.engine.dispatcher import Dispatcher
from urlcheck.engine.job import Job
from urlcheck.engine.repeat import SHORTEST_PAUSE, make_repeat
from urlcheck.engine.result_buffer import ResultBuffer
from urlcheck.engine.scheduler import Scheduler
from urlcheck.engine.status import BackendReport, BackendStatus, HostQueue, OverloadHandler, Withdrawn
from urlcheck.http.url import Origin
from urlcheck.model.outcome import Outcome, Response, ShortageError
from urlcheck.model.result import Result, settle
from urlcheck.model.stop_reason import StopReason
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.policy.policy import Policy
from urlcheck.runtime.descriptors import Allowance
from urlcheck.runtime.shortages import name_shortage
from urlcheck.runtime.threads import call_in_thread
from urlcheck.settings.scopes import RunSettings

# with more jobs than this waiting for their next attempt, no further hosts are wanted
_MOST_RETRYING = 10_000
# seconds between two looks whether a host has come down to its share, which happens once or twice in a run
_SHARE_SECONDS = 0.01


class Engine:
    """Checks targets in this event loop. `checks` is the run's list of checks, which may grow; `allowance`: descriptors."""

    def __init__(self, checks: Sequence[Check], settings: RunSettings, allowance: Allowance | None = None) -> None:
        clock = asyncio.get_running_loop().time
        self._checks = checks
        self._workers = settings.concurrency
        self._repeat = make_repeat(checks, clock, settings.wait)
        self._scheduler = Scheduler(
            clock, settings.per_host, settings.rate, settings.concurrency, retries_first=not settings.wait
        )
        self._dispatcher = Dispatcher(self._scheduler)
        if settings.wait:
            self._scheduler.longest_interval = SHORTEST_PAUSE
        self._limit = ConcurrencyLimit(self._scheduler, settings.concurrency, allowance or Allowance(), self._dispatcher.wake)
        self._buffer = ResultBuffer()
        self._reason: str | None = None
        self._work: asyncio.Future[list[None]] | None = None
        self._has_told_hunger = False
        self.on_overload: OverloadHandler | None = None

    @property
    def status(self) -> BackendStatus:
        scheduler, awaited = self._scheduler, self._repeat.count
        return BackendStatus(
            limit=self._limit.concurrency,
            in_flight=scheduler.in_flight,
            unfinished=scheduler.waiting + scheduler.in_flight,
            hungry=scheduler.is_hungry and scheduler.retrying - awaited <= _MOST_RETRYING,
        )

    @property
    def report(self) -> BackendReport:
        return BackendReport(self._scheduler.slowed, self._limit.held_back, self._repeat.awaited)

    def submit(self, targets: Sequence[Target]) -> None:
        for target in targets:
            self._scheduler.add(Job(target))
        self._has_told_hunger = False
        self._dispatcher.wake()

    def set_limit(self, in_flight: int) -> None:
        self._limit.set(in_flight)

    async def withdraw(self) -> Withdrawn:
        jobs, origins = self._scheduler.release()
        return Withdrawn([job.target for job in jobs], origins)

    async def find_busiest(self) -> HostQueue | None:
        return self._scheduler.find_busiest()

    def set_share(self, origin: Origin, share: int) -> None:
        self._scheduler.set_share(origin, share)
        self._dispatcher.wake()

    async def take_queue(self, origin: Origin) -> Withdrawn:
        while self._scheduler.exceeds_share(origin):  # noqa: ASYNC110 - an event would cost at every request
            await asyncio.sleep(_SHARE_SECONDS)
        targets = [job.target for job in self._scheduler.take_queue(origin)]
        return Withdrawn(targets, {origin} if self._scheduler.has_jobs(origin) else set())

    def pause(self, origin: Origin, seconds: float) -> None:
        self._scheduler.pause(origin, seconds)

    def finish(self) -> None:
        self._dispatcher.close()

    def stop(self, reason: StopReason | str) -> None:
        self._reason = self._reason or str(reason)
        if self._work:
            self._work.cancel()

    async def results(self) -> AsyncGenerator[Sequence[Result], None]:
        """The results, in batches. An empty batch says that the status has changed: more hosts are wanted."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._run_worker()) for _ in range(self._workers)]
        work = self._work = asyncio.gather(*tasks)
        if self._reason:
            work.cancel()
        try:
            async for batch in self._buffer.batches(work):
                yield batch
            if self._reason and not _has_crashed(work):
                yield self._abandon(self._reason)
            elif not work.cancelled() and (shortage := name_shortage(work.exception())):
                await _cancel(tasks)  # the other workers, so that none finishes a job that is abandoned here
                while unfinished := self._abandon(shortage):  # targets may be submitted while these results are taken
                    yield unfinished
                await work
            else:
                await work
        finally:
            await _cancel([*tasks, work])  # all of them: a worker that raised leaves the others at work

    def suspend(self) -> None:
        """The event loop stops with the program."""

    def resume(self) -> None:
        """The event loop goes on with the program."""

    async def aclose(self) -> None:
        self.stop("closed")

    async def _run_worker(self) -> None:
        """One job after the other, while there is room for its result."""
        while job := await self._dispatcher.next():
            self._tell_hunger()
            await self._attempt(job)
            while self._buffer.is_over(self._workers):
                await self._buffer.wait_for_room()

    def _tell_hunger(self) -> None:
        """Let the consumer look at the status once no host that was submitted may be asked."""
        if not self._has_told_hunger and self._scheduler.is_hungry:
            self._has_told_hunger = True
            self._buffer.touch()

    async def _attempt(self, job: Job) -> None:
        """One attempt: the job is finished, or comes back later."""
        check = self._checks[job.target.check]
        try:
            outcome = await check.attempt(job, may_repeat=self._repeat.may_repeat(job))
        except ShortageError as shortage:
            if not self._limit.tighten(job):
                await self._finish(job, check.policy, shortage.failure)
        else:
            await self._finish(job, check.policy, outcome)
            self._limit.relax()  # after the job has left its place: now another job that waits for it can be seen

    async def _finish(self, job: Job, policy: Policy, outcome: Outcome) -> None:
        job.attempts += 1
        pause = self._pace(job, outcome, policy)
        job.result = await _judge(policy, job, outcome)
        self._release_or_retry(job, job.result, pause)

    def _pace(self, job: Job, outcome: Outcome, policy: Policy) -> float:
        """Let the job's host be asked as often as the outcome allows. Returns the pause that it demands, in seconds."""
        overload = policy.find_overload(outcome)
        if overload and job.url.is_of_site(outcome.url):  # not where a redirect led elsewhere
            self._scheduler.reject(job, overload)
            if self.on_overload and self._scheduler.is_shared(job.url.origin):
                self.on_overload(job.url.origin, overload.retry_after)
        elif isinstance(outcome, Response):
            self._scheduler.accept(job)
        return overload.retry_after if overload else 0.0

    def _release_or_retry(self, job: Job, result: Result, pause: float) -> None:
        delay = self._repeat.delay(job, result)
        if delay is None:
            self._buffer.add(result)
            self._scheduler.done(job)
        else:
            self._scheduler.retry(job, max(pause, delay))

    def _abandon(self, reason: str) -> list[Result]:
        """The results of unfinished jobs: that of the last attempt, or `unchecked` where no attempt was finished."""
        jobs = sorted(self._scheduler.drain(), key=lambda job: job.target.index)
        return [self._repeat.last(job) or self._leave(job.target, reason) for job in jobs]

    def _leave(self, target: Target, reason: str) -> Result:
        passes = self._checks[target.check].settings.lets_pass(Verdict.UNCHECKED)
        return settle(target, Verdict.UNCHECKED, reason, ok=passes)


async def _judge(policy: Policy, job: Job, outcome: Outcome) -> Result:
    """The result of an attempt. A search that may take long runs in a thread."""
    if policy.takes_long(outcome):
        return await call_in_thread(policy.conclude, job.target, outcome, job.attempts)
    return policy.conclude(job.target, outcome, job.attempts)


async def _cancel(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _has_crashed(work: asyncio.Future[list[None]]) -> bool:
    """Whether a worker raised something else than the end of a run that was stopped."""
    return not work.cancelled() and not isinstance(work.exception(), asyncio.CancelledError | None)
