"""A headless Chromium, by the Chrome DevTools Protocol; https://chromedevtools.github.io/devtools-protocol/ describes it."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.support.clock import PATIENCE

COMMANDS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
)


def find_browser() -> str | None:
    """The path of an installed browser."""
    return next(filter(None, map(shutil.which, COMMANDS)), None)


class Page:
    """A tab. `complaints` are the errors that the browser reports: violations of the policy, exceptions, console errors."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        self._socket = socket
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self._session: str | None = None
        self._context: dict[str, str] = {}
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(command | ({"sessionId": self._session} if self._session else {}))
        async with asyncio.timeout(PATIENCE):
            return await self._answers[number]

    async def attach(self) -> None:
        """Open the tab, without a window around it: a window takes more of the processor than all that the tests do."""
        self._context = await self.call("Target.createBrowserContext", disposeOnDetach=True)
        target = await self.call("Target.createTarget", url="about:blank", hidden=True, **self._context)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")

    async def close(self) -> None:
        """Return once it is gone, and asks for nothing more: asyncio leaves open what a server accepts as it is closed."""
        self._session = None
        await self.call("Target.disposeBrowserContext", **self._context)
        self._reading.cancel()

    async def open(self, url: str) -> None:
        """Show a page, and return once it is loaded."""
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await self.wait_for_load()

    async def wait_for_load(self) -> None:
        """Return once a page is loaded."""
        async with asyncio.timeout(PATIENCE):
            await self._loaded.wait()
        self._loaded.clear()

    async def show(self, width: int, scheme: str) -> None:
        """A window of that width, in a light or dark scheme."""
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in JavaScript; that of a promise once it is kept."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def wait_for(self, condition: str) -> None:
        """Return once the expression is true."""
        turn = "await new Promise((go) => setTimeout(go, 10))"
        await self.evaluate(f"(async () => {{ while (!({condition})) {turn}; }})()")

    async def read(self, selector: str) -> str:
        """The text of an element."""
        return str(await self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText"))

    async def find_violations(self) -> list[str]:
        """What axe has against the page."""
        axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        await self.evaluate(f"{axe}; null")
        shown = "`${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`"
        return list(await self.evaluate(f"axe.run().then((found) => found.violations.map((each) => {shown}))"))

    async def _read(self) -> None:
        async for message in self._socket:
            event = message.json()
            if "id" in event:
                answer = self._answers.pop(event["id"])
                if "error" in event:
                    answer.set_exception(AssertionError(event["error"]))
                else:
                    answer.set_result(event["result"])
            elif event["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                self.complaints.append(event["params"]["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(event["params"]["exceptionDetails"]))


@contextmanager
def start_browser(command: str, folder: Path) -> Iterator[str]:
    """Run a browser with its files in a folder; yields the address at which it takes commands."""
    flags = (*FLAGS, f"--user-data-dir={folder}", "about:blank")
    with subprocess.Popen([command, *flags], stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE) as process:
        try:
            assert process.stderr
            yield next(line for line in process.stderr if line.startswith(b"DevTools listening on ")).split()[-1].decode()
        finally:
            process.kill()


@asynccontextmanager
async def open_tab(address: str) -> AsyncIterator[Page]:
    """A tab of a running browser, with cookies and a cache of its own."""
    async with ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        page = Page(socket)
        await page.attach()
        yield page
        await page.close()
