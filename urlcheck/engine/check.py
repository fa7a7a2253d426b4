"""Requests and judges targets: a client asks, and a policy judges the outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from urlcheck.engine.job import Job
from urlcheck.http.url import Origin, Url
from urlcheck.model.outcome import Outcome
from urlcheck.policy.policy import Policy
from urlcheck.settings.scopes import CheckSettings

# hosts that are remembered to answer GET but not HEAD
_GET_ONLY_HOSTS = 100_000


class Client(Protocol):
    """Makes requests, and brings back what happened."""

    async def attempt(self, url: Url, method: str, keep: Callable[[], bool]) -> Outcome:
        """One attempt at one URL, redirects included. Raises `ShortageError`, and nothing else but cancellation.

        `keep` says, whenever it is called, whether another request could use the connection.
        """
        ...


class Check:
    """The check of all targets with the same settings. `waits`: a target that does not pass is checked until it does."""

    def __init__(self, settings: CheckSettings, client: Client, *, waits: bool = False) -> None:
        self.policy = Policy(settings, waits=waits)
        self.settings = settings
        self._client = client
        self._get_only: set[Origin] = set()

    async def attempt(self, job: Job, *, may_repeat: bool) -> Outcome:
        """One attempt. A HEAD that does not pass is confirmed by a GET: many servers answer it with an error, or never.

        `may_repeat`: the job has another attempt if this one fails, so a host that asks for a pause is left alone.
        """
        method, url = self.settings.method, job.url
        if method != "HEAD" or url.origin in self._get_only:
            return await self._client.attempt(url, "GET" if method == "HEAD" else method, job.has_successor)
        outcome = await self._client.attempt(url, method, job.has_successor)
        if self.policy.passes(outcome) or (may_repeat and self.policy.find_overload(outcome)):
            return outcome
        confirmed = await self._client.attempt(url, "GET", job.has_successor)
        if self.policy.passes(confirmed) and len(self._get_only) < _GET_ONLY_HOSTS:
            self._get_only.add(url.origin)
        return confirmed
