"""Sends notifications: one after the other, each again and again until it is delivered or refused."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from urlcheck.client.session import Clients
from urlcheck.http.url import Url, parse
from urlcheck.model.errors import SettingsError
from urlcheck.model.outcome import Failure, Outcome, ShortageError
from urlcheck.policy.backoff import backoff
from urlcheck.reports.summary import count
from urlcheck.settings.scopes import CheckSettings
from urlcheck.text.safe import clean
from urlcheck.text.secrets import hide
from urlcheck.watch.notices import Notice

# the most notifications that wait for a receiver; of more, the oldest is dropped
MOST_WAITING = 100
# seconds for one attempt
_TIMEOUT = 10.0
# seconds to deliver the last notifications when the watch ends
_FAREWELL = 2.0
# statuses below 500 after which another attempt may succeed: time-out, too early, too many requests
_TEMPORARY = frozenset({408, 425, 429})


class Notifier:
    """Posts notices as JSON. `say` shows failures, each once, in a line; they never end the watch.

    `url` None: no notice is sent. The path of the URL is shown nowhere, because it is the secret of many receivers.
    """

    def __init__(self, clients: Clients, settings: CheckSettings, say: Callable[[str], None]) -> None:
        self.url: Url | None = None
        self._clients = clients
        self._settings = settings
        self._say = say
        self._waiting: deque[Notice] = deque()
        self._arrival = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def configure(self, url: str | None) -> None:
        """Send to this URL from now on."""
        self.url = parse(url) if url else None

    def send(self, notice: Notice) -> None:
        """Have a notice sent. Returns at once."""
        if self.url is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._say(f"{self._name()}: a notification was given up, because {MOST_WAITING} newer ones wait")
        self._waiting.append(notice)
        self._emptied.clear()
        self._arrival.set()

    async def run(self) -> None:
        """Send notices, in their order, until cancelled."""
        while True:
            self._arrival.clear()
            if not self._waiting:
                self._emptied.set()
                await self._arrival.wait()
            else:
                await self._deliver(self._waiting[0])

    async def finish(self) -> None:
        """Give the last notices some time, and say how many are not delivered."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._emptied.wait()
        if self._waiting:
            self._say(f"{self._name()}: {count(len(self._waiting), 'notification')} not delivered")

    async def _deliver(self, notice: Notice) -> None:
        attempts = 0
        while self._waiting and self._waiting[0] is notice and self.url:
            attempts += 1
            fault, is_final = await self._post(self.url, notice)
            if fault is None:
                if attempts > 1:
                    self._say(f"{self._name()}: the notification was delivered after {attempts} attempts")
                break
            if is_final:
                self._say(f"{self._name()}: the notification was refused: {fault}")
                break
            if attempts == 1:
                self._say(f"{self._name()}: the notification was not delivered, and is sent again: {fault}")
            await asyncio.sleep(backoff(attempts))
        if self._waiting and self._waiting[0] is notice:
            self._waiting.popleft()

    async def _post(self, url: Url, notice: Notice) -> tuple[str | None, bool]:
        """Post once. Returns the fault, None if the notice was delivered; and whether another attempt would be futile."""
        body = json.dumps(notice, separators=(",", ":")).encode()
        settings = CheckSettings(
            method="POST",
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=_TIMEOUT,
            max_redirects=0,
            proxy=self._settings.proxy,
            insecure=self._settings.insecure,
            ca_file=self._settings.ca_file,
            resolve=self._settings.resolve,
            ip_version=self._settings.ip_version,
        )
        try:
            return _judge(await self._clients.open(settings).attempt(url, "POST"))
        except ShortageError as shortage:
            return str(shortage), False
        except SettingsError as error:  # the trust store is gone, for example
            return clean(hide(str(error))), False

    def _name(self) -> str:
        return f"notify {self.url.authority}" if self.url else "notify"


def _judge(outcome: Outcome) -> tuple[str | None, bool]:
    """The values that `_post` returns, for this outcome."""
    if isinstance(outcome, Failure):
        return clean(hide(outcome.message)), False
    if 200 <= outcome.status < 300:
        return None, False
    said = clean(hide(f"{outcome.status} {outcome.reason}".strip()), 80)
    return said, 300 <= outcome.status < 500 and outcome.status not in _TEMPORARY


@asynccontextmanager
async def open_notifier(settings: CheckSettings, say: Callable[[str], None]) -> AsyncIterator[Notifier]:
    """A notifier that sends while the block lasts, and sends the rest for some seconds afterwards."""
    async with Clients() as clients:
        notifier = Notifier(clients, settings, say)
        task = asyncio.get_running_loop().create_task(notifier.run())
        try:
            yield notifier
            await notifier.finish()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
