"""The workers: the one place where source, scheduler, client and policy meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from urlcheck.engine.checks import Checks, Client
from urlcheck.engine.concurrency_limit import HeldBack, Throttle
from urlcheck.engine.dispatcher import Dispatcher
from urlcheck.engine.patience import GRACE, MOST_AWAITED, Patience
from urlcheck.engine.result_buffer import Outbox
from urlcheck.engine.scheduler import Job, Scheduler
from urlcheck.http.url import Origin
from urlcheck.input.sources import Source
from urlcheck.model.errors import InputError
from urlcheck.model.nouns import Rejection, Result, ShortageError, Target
from urlcheck.policy.backoff import backoff
from urlcheck.runtime.descriptors import Allowance, open_allowance
from urlcheck.settings.settings import Settings

INTERRUPTED, PAST_DEADLINE, PAST_WAIT = "interrupted", "past the deadline", "the time to wait was up"

# jobs read ahead, so that workers find a host that may be asked; so many times as many where they find none
_WINDOW = 10_000
_WINDOW_A_WORKER = 8
FURTHER = 5
# characters of URLs, of which a hostile list has 65,536 a line
MOST_TEXT = 16 * 1024 * 1024


class Run:
    """One run over a source: every target that is read comes out once, as a `Result`, in order of completion.

    Memory is bounded by the window and by the results that wait to be taken, not by the length of the source. `others`: the
    clients for the targets that have settings of their own.
    """

    def __init__(
        self,
        source: Source,
        client: Client,
        settings: Settings,
        others: Mapping[Settings, Client] | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self.interruption: str | None = None
        self.lost = 0  # nothing is, in one process
        self.checks = Checks(settings, client, others or {})
        self._source = source
        self._settings = settings
        clock = asyncio.get_running_loop().time
        self._patience = Patience(clock, settings.wait) if settings.wait else None
        self._scheduler = Scheduler(
            clock, settings.per_host, settings.rate, settings.concurrency, retries_first=not self._patience
        )
        self._dispatcher = Dispatcher(self._scheduler)
        self._throttle = Throttle(self._scheduler, settings.concurrency, allowance or Allowance(), self._dispatcher.wake)
        self._workers = settings.concurrency
        self._window = max(_WINDOW, _WINDOW_A_WORKER * self._workers)
        self._work: asyncio.Future[list[None]] | None = None
        self._input_error: InputError | None = None
        self._outbox = Outbox()

    @property
    def paused(self) -> int:
        """Hosts that have asked for a pause, and have it."""
        return self._scheduler.paused

    @property
    def held_back(self) -> HeldBack | None:
        """How far the limit of descriptors held the run back, if it did."""
        return self._throttle.held_back

    def results(self) -> AsyncGenerator[Result, None]:
        """Check every target. Raises `InputError` once all that could be read is finished, if the source breaks."""
        return flatten(self.batches())

    async def batches(self) -> AsyncGenerator[list[Result], None]:
        """The same, as many at once as were finished meanwhile: what costs something for each batch is paid less often."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._read()), *(loop.create_task(self._toil()) for _ in range(self._workers))]
        work = self._work = asyncio.gather(*tasks)
        if self.interruption:
            work.cancel()
        alarm = set_alarm(self._settings, self.stop)
        try:
            async for batch in self._outbox.batches(work):
                yield batch
            if self.interruption and not _has_crashed(work):
                yield await self._give_up(self.interruption)
            else:
                await work
            if self._input_error:
                raise self._input_error
        finally:
            if alarm:
                alarm.cancel()
            for task in tasks:  # all of them: one that raised leaves the others at work
                task.cancel()
            await asyncio.gather(work, *tasks, return_exceptions=True)

    def stop(self, reason: str = INTERRUPTED) -> None:
        """Read no further and abandon what is in flight. What has no verdict yet becomes `unchecked`, for this reason."""
        self.interruption = self.interruption or reason
        self._source.stop()
        if self._work:
            self._work.cancel()

    @property
    def is_hungry(self) -> bool:
        """Whether more could be in flight, if it were for hosts other than those that were read so far."""
        return self._scheduler.is_hungry

    @property
    def unfinished(self) -> int:
        """Targets that were read and have no result yet."""
        return self._scheduler.waiting + self._scheduler.in_flight

    @property
    def awaited(self) -> Iterator[Result]:
        """With `wait`: the last result of what was checked and will be checked again; who has waited longest comes first."""
        return self._patience.results() if self._patience else iter(())

    def limit(self, concurrency: int) -> None:
        """Have so many requests in flight from now on, at most as many as there are workers; less what a shortage took."""
        self._throttle.limit(concurrency)

    def release(self) -> tuple[list[Target], set[Origin]]:
        """The targets that were read and may as well be checked by another run, and the origins that may not."""
        jobs, origins = self._scheduler.release()
        self._outbox.make_room()
        return [job.target for job in jobs], origins

    async def _read(self) -> None:
        """Fill the window, and keep it filled."""
        try:
            while targets := await self._source.next_block():
                for target in targets:
                    if isinstance(target.request, Rejection):
                        self._outbox.add(self.checks.of(target).policy.reject(target, target.request))
                    else:
                        self._scheduler.add(Job(target, target.request))
                self._dispatcher.wake()
                while self._is_far_ahead() or self._outbox.is_over(self._window):
                    await self._outbox.wait_for_room()
        except InputError as error:
            self._input_error = error
        finally:
            self._dispatcher.close()

    def _is_far_ahead(self) -> bool:
        scheduler = self._scheduler
        awaited = self._patience.count if self._patience else 0  # what never comes must not keep the rest from being read
        if awaited > MOST_AWAITED or scheduler.size > MOST_TEXT:
            return True
        # where the hosts that were read are at their limits, others may be further on
        looks_further = scheduler.is_hungry and scheduler.retrying - awaited <= self._window
        return scheduler.waiting - awaited > self._window * (FURTHER if looks_further else 1)

    async def _toil(self) -> None:
        """One worker: a job after the other, while there is room for its result."""
        while job := await self._dispatcher.next():
            if not self._is_far_ahead():
                self._outbox.make_room()
            try:
                await self._advance(job)
            except ShortageError as shortage:
                if not self._throttle.tighten(job):
                    job.outcome = shortage.failure
                    job.attempts += 1
                    await self._conclude(job)
            else:
                self._throttle.relax()
            while self._outbox.is_over(self._workers):
                await self._outbox.wait_for_room()

    async def _advance(self, job: Job) -> None:
        """One attempt: the job is finished, or comes back later."""
        check = self.checks.of(job.target)
        outcome = job.outcome = await check.attempt(job)
        job.attempts += 1
        pause = check.policy.pause_after(outcome)
        if pause and outcome.url.startswith(f"{job.url.scheme}://{job.url.authority}/"):  # not where a redirect led
            self._scheduler.pause(job, pause)
        if not self._patience and job.attempts <= check.settings.retries and check.policy.may_pass_later(outcome):
            self._scheduler.retry(job, max(pause, backoff(job.attempts)))
        else:
            await self._conclude(job, pause)

    async def _conclude(self, job: Job, pause: float = 0.0) -> None:
        """The job is finished; where it has not passed, and there is patience with it, it comes back after the pause."""
        assert job.outcome is not None
        policy = self.checks.of(job.target).policy
        if policy.takes_long(job.outcome):
            result = await asyncio.to_thread(policy.conclude, job.target, job.outcome, job.attempts)
        else:
            result = policy.conclude(job.target, job.outcome, job.attempts)
        is_final = not policy.may_be_asked_again(job.outcome)
        wait = self._patience.pause_before_next(job, result, is_final=is_final) if self._patience else None
        if wait is None:
            self._outbox.add(result)
            self._scheduler.done(job)
        else:
            job.outcome = result.outcome
            self._scheduler.retry(job, max(pause, wait))

    async def _give_up(self, reason: str) -> list[Result]:
        """The results of what was read and is not finished: the last verdict where there is one."""
        results = []
        for job in sorted(self._scheduler.drain(), key=lambda job: job.target.index):
            policy = self.checks.of(job.target).policy
            if self._patience and (last := self._patience.give_up(job)):
                results.append(last)
            elif job.outcome:
                results.append(policy.conclude(job.target, job.outcome, job.attempts))
            else:
                results.append(policy.give_up(job.target, reason))
        try:
            while targets := await self._source.next_block():
                results += [self._leave(target, reason) for target in targets]
        except InputError as error:
            self._input_error = error
        return results

    def _leave(self, target: Target, reason: str) -> Result:
        policy = self.checks.of(target).policy
        if isinstance(target.request, Rejection):
            return policy.reject(target, target.request)
        return policy.give_up(target, reason)


async def flatten(batches: AsyncGenerator[list[Result], None]) -> AsyncGenerator[Result, None]:
    """The results of batches, one by one; the batches are closed with it."""
    async with aclosing(batches):
        async for batch in batches:
            for result in batch:
                yield result


def set_alarm(settings: Settings, stop: Callable[[str], None]) -> asyncio.TimerHandle | None:
    """Have a run stopped when its time is up, with the reason; the first of two limits is the one that counts."""
    limits = []
    if settings.deadline:
        limits.append((settings.deadline, PAST_DEADLINE))
    if settings.wait:
        limits.append((settings.wait + GRACE, PAST_WAIT))
    if not limits:
        return None
    seconds, reason = min(limits)
    return asyncio.get_running_loop().call_later(seconds, stop, reason)


def _has_crashed(work: asyncio.Future[list[None]]) -> bool:
    """Whether a worker raised what is neither a result nor the end of a run that was stopped."""
    return not work.cancelled() and not isinstance(work.exception(), asyncio.CancelledError | None)


@asynccontextmanager
async def open_run(
    source: Source, settings: Settings, others: Collection[Settings] = (), children: int = 0
) -> AsyncIterator[Run]:
    """A run over one session, or one for each way to connect that `others`, the settings of targets of their own, call for.

    The soft limit of descriptors is raised until the run is closed. `children`: processes that are started besides. Raises
    `SettingsError` for a setting that cannot be used.
    """
    from urlcheck.client.session import Clients  # noqa: PLC0415 - aiohttp is paid for when there is work

    with open_allowance(children) as allowance:
        async with Clients(allowance) as clients:
            client, *clients_of_others = (clients.open(_fit_to_wait(each, settings.wait)) for each in (settings, *others))
            allowance.measure()  # with what the resolvers have opened
            yield Run(source, client, settings, dict(zip(others, clients_of_others, strict=True)), allowance)


def _fit_to_wait(settings: Settings, wait: float | None) -> Settings:
    """An attempt takes no longer than all the time there is, and names are looked up as they are for the run that waits."""
    return replace(settings, wait=wait, timeout=min(settings.timeout, wait) if wait else settings.timeout)
