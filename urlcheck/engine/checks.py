"""How targets are asked and judged: by the settings of the run, or by settings of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from urlcheck.engine.scheduler import Job
from urlcheck.http.url import Origin, Url
from urlcheck.model.nouns import Outcome, Target
from urlcheck.policy.policy import Policy
from urlcheck.settings.settings import Settings

# hosts that are remembered to answer GET alone
_GET_ONLY_HOSTS = 100_000


class Client(Protocol):
    """Brings back what happened, whatever happened."""

    async def attempt(self, url: Url, method: str, keep: Callable[[], bool]) -> Outcome:
        """One attempt at one URL, redirects included. Raises `ShortageError`, and nothing else but cancellation.

        `keep` says, whenever it is asked, whether another request could use the connection.
        """
        ...


class Check:
    """A client, and the policy that judges what it brings back."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.policy = Policy(settings)
        self.settings = settings
        self._client = client
        self._get_only: set[Origin] = set()

    async def attempt(self, job: Job) -> Outcome:
        """One attempt. A HEAD that does not pass is confirmed by a GET: many servers answer it with an error, or never."""
        method, url = self.settings.method, job.url
        if method != "HEAD" or url.origin in self._get_only:
            return await self._client.attempt(url, "GET" if method == "HEAD" else method, job.has_successor)
        outcome = await self._client.attempt(url, method, job.has_successor)
        if self.policy.passes(outcome) or (self._comes_back(job) and self.policy.pause_after(outcome)):
            return outcome
        confirmed = await self._client.attempt(url, "GET", job.has_successor)
        if self.policy.passes(confirmed) and len(self._get_only) < _GET_ONLY_HOSTS:
            self._get_only.add(url.origin)
        return confirmed

    def _comes_back(self, job: Job) -> bool:
        """Whether there is another attempt, if this one does not pass."""
        return self.settings.wait is not None or job.attempts < self.settings.retries


class Checks:
    """The check of a run, and those of targets with settings of their own."""

    def __init__(self, settings: Settings, client: Client, others: Mapping[Settings, Client]) -> None:
        self._common = Check(settings, client)
        self._others = {settings: Check(settings, client) for settings, client in others.items()}

    def of(self, target: Target) -> Check:
        return self._common if target.settings is None else self._others[target.settings]
