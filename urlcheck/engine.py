"""The workers: the one place where source, scheduler, client and policy meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Protocol

from urlcheck.backoff import backoff
from urlcheck.dispatcher import Dispatcher
from urlcheck.errors import InputError
from urlcheck.model import Outcome, Rejection, Result, ShortageError, Target
from urlcheck.patience import GRACE, MOST_AWAITED, Patience
from urlcheck.policy import Policies, Policy
from urlcheck.scheduler import Job, Scheduler
from urlcheck.settings import Settings
from urlcheck.sources import Source
from urlcheck.urls import Origin, Url

INTERRUPTED, PAST_DEADLINE, PAST_WAIT = "interrupted", "past the deadline", "the time to wait was up"

# jobs read ahead, so that workers find a host that may be asked; so many times as many where they find none
_WINDOW = 10_000
_WINDOW_A_WORKER = 8
FURTHER = 5
# a request that is alone asks so often, and after so many seconds, for what this machine is short of
_SHORTAGE_ATTEMPTS, _SHORTAGE_DELAY = 100, 0.1
# so many attempts without a shortage, and it is tried whether there is enough for one request more
_RECOVERY = 100
# hosts that are remembered to answer GET alone
_GET_ONLY_HOSTS = 100_000


class Client(Protocol):
    """Brings back what happened, whatever happened."""

    async def attempt(self, url: Url, method: str, keep: Callable[[], bool]) -> Outcome:
        """One attempt at one URL, redirects included. Raises `ShortageError`, and nothing else but cancellation.

        `keep` says, whenever it is asked, whether another request could use the connection.
        """
        ...


class Run:
    """One run over a source: every target that is read comes out once, as a `Result`, in order of completion.

    Memory is bounded by the window and by the results that wait to be taken, not by the length of the source. `others`: the
    clients for the targets that have settings of their own.
    """

    def __init__(
        self, source: Source, client: Client, settings: Settings, others: Mapping[Settings, Client] | None = None
    ) -> None:
        self.interruption: str | None = None
        self.lost = 0  # nothing is, in one process
        self._source = source
        self._client = client
        self._settings = settings
        self._others = others or {}
        self.policies = Policies(settings, self._others)
        clock = asyncio.get_running_loop().time
        self._patience = Patience(clock, settings.wait) if settings.wait else None
        self._scheduler = Scheduler(
            clock, settings.per_host, settings.rate, settings.concurrency, retries_first=not self._patience
        )
        self._dispatcher = Dispatcher(self._scheduler)
        self._workers = self._concurrency = settings.concurrency
        self._since_shortage = 0
        self._window = max(_WINDOW, _WINDOW_A_WORKER * self._workers)
        self._work: asyncio.Future[list[None]] | None = None
        self._get_only: set[Origin] = set()
        self._input_error: InputError | None = None
        self._finished: list[Result] = []
        self._arrival = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def paused(self) -> int:
        """Hosts that have asked for a pause, and have it."""
        return self._scheduler.paused

    def results(self) -> AsyncGenerator[Result, None]:
        """Check every target. Raises `InputError` once all that could be read is finished, if the source breaks."""
        return flatten(self.batches())

    async def batches(self) -> AsyncGenerator[list[Result], None]:
        """The same, as many at once as were finished meanwhile: what costs something for each batch is paid less often."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._read()), *(loop.create_task(self._toil()) for _ in range(self._workers))]
        work = self._work = asyncio.gather(*tasks)
        work.add_done_callback(lambda _: self._arrival.set())
        if self.interruption:
            work.cancel()
        alarm = set_alarm(self._settings, self.stop)
        try:
            while not work.done() or self._finished:
                self._arrival.clear()
                if self._finished:
                    batch, self._finished = self._finished, []
                    self._room.set()
                    yield batch
                elif not work.done():
                    await self._arrival.wait()
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
        self._scheduler.limit = max(1, self._scheduler.limit + concurrency - self._concurrency)
        self._concurrency = concurrency
        self._dispatcher.wake()

    def release(self) -> tuple[list[Target], set[Origin]]:
        """The targets that were read and may as well be checked by another run, and the origins that may not."""
        jobs, origins = self._scheduler.release()
        self._room.set()
        return [job.target for job in jobs], origins

    async def _read(self) -> None:
        """Fill the window, and keep it filled."""
        try:
            while targets := await self._source.next_block():
                for target in targets:
                    if isinstance(target.request, Rejection):
                        self._finish(self.policies.of(target).reject(target, target.request))
                    else:
                        self._scheduler.add(Job(target, target.request))
                self._dispatcher.wake()
                while self._is_far_ahead() or len(self._finished) > self._window:
                    await self._wait_for_room()
        except InputError as error:
            self._input_error = error
        finally:
            self._dispatcher.close()

    def _is_far_ahead(self) -> bool:
        scheduler = self._scheduler
        awaited = self._patience.count if self._patience else 0  # what never comes must not keep the rest from being read
        if awaited > MOST_AWAITED:
            return True
        waiting = scheduler.waiting - awaited
        if (
            scheduler.is_hungry and scheduler.retrying - awaited <= self._window
        ):  # its hosts are at their limits: others may be further on
            return waiting > self._window * FURTHER
        return waiting > self._window

    async def _toil(self) -> None:
        """One worker: a job after the other, while there is room for its result."""
        while job := await self._dispatcher.next():
            if not self._is_far_ahead():
                self._room.set()
            try:
                await self._advance(job)
            except ShortageError as shortage:
                self._make_do(job, shortage)
            else:
                self._recover()
            while len(self._finished) > self._workers:
                await self._wait_for_room()

    async def _advance(self, job: Job) -> None:
        """One attempt: the job is finished, or comes back later."""
        policy, settings = self.policies.of(job.target), job.target.settings or self._settings
        outcome = job.outcome = await self._ask(job, policy, settings)
        job.attempts += 1
        pause = policy.pause_after(outcome)
        if pause and outcome.url.startswith(f"{job.url.scheme}://{job.url.authority}/"):  # not where a redirect led
            self._scheduler.pause(job, pause)
        if not self._patience and job.attempts <= settings.retries and policy.may_pass_later(outcome):
            self._scheduler.retry(job, max(pause, backoff(job.attempts)))
        else:
            self._conclude(job, pause)

    async def _ask(self, job: Job, policy: Policy, settings: Settings) -> Outcome:
        client = self._client if job.target.settings is None else self._others[settings]
        method = settings.method
        if method != "HEAD" or job.url.origin in self._get_only:
            return await client.attempt(job.url, "GET" if method == "HEAD" else method, job.has_successor)
        outcome = await client.attempt(job.url, method, job.has_successor)
        is_asked_to_wait = (self._patience or job.attempts < settings.retries) and policy.pause_after(outcome)
        if policy.passes(outcome) or is_asked_to_wait:
            return outcome
        # many servers answer HEAD with an error, or not at all, where GET works
        confirmed = await client.attempt(job.url, "GET", job.has_successor)
        if policy.passes(confirmed) and len(self._get_only) < _GET_ONLY_HOSTS:
            self._get_only.add(job.url.origin)
        return confirmed

    def _make_do(self, job: Job, shortage: ShortageError) -> None:
        """Have no more in flight than there was enough for, and this job again; alone, it is patient for so long only."""
        self._since_shortage = 0
        others = self._scheduler.in_flight - 1
        if others:
            self._scheduler.limit = min(self._scheduler.limit, others)
        else:
            job.shortages += 1
        if job.shortages > _SHORTAGE_ATTEMPTS:
            job.outcome = shortage.failure
            job.attempts += 1
            self._conclude(job)
        else:
            self._scheduler.retry(job, _SHORTAGE_DELAY)

    def _recover(self) -> None:
        """After a while without a shortage, one request more may be in flight again."""
        if self._scheduler.limit < self._concurrency:
            self._since_shortage += 1
            if self._since_shortage >= _RECOVERY:
                self._since_shortage = 0
                self._scheduler.limit += 1
                self._dispatcher.wake()

    def _conclude(self, job: Job, pause: float = 0.0) -> None:
        """The job is finished; where it has not passed, and there is patience with it, it comes back after the pause."""
        assert job.outcome is not None
        result = self.policies.of(job.target).conclude(job.target, job.outcome, job.attempts)
        wait = self._patience.pause_before_next(job, result) if self._patience else None
        if wait is None:
            self._finish(result)
            self._scheduler.done(job)
        else:
            job.outcome = result.outcome
            self._scheduler.retry(job, max(pause, wait))

    def _finish(self, result: Result) -> None:
        self._finished.append(result)
        self._arrival.set()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        await self._room.wait()

    async def _give_up(self, reason: str) -> list[Result]:
        """The results of what was read and is not finished: the last verdict where there is one."""
        results = []
        for job in sorted(self._scheduler.drain(), key=lambda job: job.target.index):
            policy = self.policies.of(job.target)
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
        policy = self.policies.of(target)
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
async def open_run(source: Source, settings: Settings, others: Collection[Settings] = ()) -> AsyncIterator[Run]:
    """A run over one session, or one for each way to connect that `others`, the settings of targets of their own, call for.

    Raises `SettingsError` for a setting that cannot be used.
    """
    from urlcheck.client.session import Clients, fit_concurrency  # noqa: PLC0415 - aiohttp is paid for when there is work

    settings = replace(settings, concurrency=fit_concurrency(settings.concurrency))
    async with Clients() as clients:
        client, *clients_of_others = (clients.open(_fit_to_wait(each, settings.wait)) for each in (settings, *others))
        yield Run(source, client, settings, dict(zip(others, clients_of_others, strict=True)))


def _fit_to_wait(settings: Settings, wait: float | None) -> Settings:
    """An attempt takes no longer than all the time there is, and names are looked up as they are for the run that waits."""
    return replace(settings, wait=wait, timeout=min(settings.timeout, wait) if wait else settings.timeout)
