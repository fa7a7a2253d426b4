"""A small site to check, on loopback only: `python -m urlcheck.demo` checks it, `--serve [PORT]` only serves it.

The routes answer with what a checker meets: pages, JSON, statuses, redirects, delays, a flaky page, a large one, and an echo.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path

from aiohttp import web

from urlcheck.cli.program import run
from urlcheck.model.verdict import Verdict

USERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}, {"id": 3, "name": "Katherine"}]
LARGE = 50 * 1024 * 1024

# the paths that the demo checks, and the verdicts that it expects
TOUR = {
    "/": Verdict.OK,
    "/users": Verdict.OK,
    "/users?page=2": Verdict.OK,
    "/health": Verdict.OK,
    "/status/201": Verdict.OK,
    "/status/204": Verdict.OK,
    "/status/403": Verdict.STATUS,
    "/status/404": Verdict.STATUS,
    "/status/410": Verdict.STATUS,
    "/status/500": Verdict.STATUS,
    "/redirect/1": Verdict.OK,
    "/redirect/3": Verdict.OK,
    "/redirect/99": Verdict.REDIRECT,
    "/flaky": Verdict.OK,
    "/delay/0.05": Verdict.OK,
    "/delay/0.1": Verdict.OK,
    "/delay/0.2": Verdict.OK,
    "/delay/30": Verdict.TIMEOUT,
    "/large": Verdict.OK,
}
# the paths of another host, the same site by another name: a host that rejects requests is asked slowly
LIMITED = {
    "/status/429": Verdict.RATE_LIMITED,
}
ELSEWHERE = {
    "http://127.0.0.1:9": Verdict.CONNECT,
    "ftp://127.0.0.1/": Verdict.INVALID,
}

routes = web.RouteTableDef()
visits: web.AppKey[Counter[str]] = web.AppKey("visits", Counter)


@routes.get("/")
async def home(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>Demo</title><h1>A site to check</h1>\n", content_type="text/html")


@routes.get("/users")
async def users(_: web.Request) -> web.Response:
    return web.json_response(USERS)


@routes.get("/health")
async def health(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@routes.get("/account")
async def account(request: web.Request) -> web.Response:
    """For those who have the token, which is `demo`."""
    if request.headers.get("Authorization") != "Bearer demo":
        return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    return web.json_response(USERS[0])


@routes.get(r"/status/{code:\d{3}}")
async def status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["code"]))


@routes.get(r"/redirect/{n:\d{1,3}}")
async def redirect(request: web.Request) -> web.Response:
    n = int(request.match_info["n"])
    return web.Response(status=302, headers={"Location": f"/redirect/{n - 1}" if n > 1 else "/"})


@routes.get(r"/delay/{seconds:\d+(?:\.\d+)?}")
async def delay(request: web.Request) -> web.Response:
    await asyncio.sleep(min(float(request.match_info["seconds"]), 60))
    return web.Response(text="at last\n")


@routes.get("/flaky")
async def flaky(request: web.Request) -> web.Response:
    """503 until it is asked for the third time."""
    request.app[visits]["flaky"] += 1
    return web.Response(status=200 if request.app[visits]["flaky"] % 3 == 0 else 503)


@routes.route("*", "/echo")
async def echo(request: web.Request) -> web.Response:
    """The request itself, as JSON: method, headers and body."""
    body = (await request.read()).decode("utf-8", "replace")
    return web.json_response({"method": request.method, "headers": dict(request.headers), "body": body})


@routes.get("/large")
async def large(request: web.Request) -> web.StreamResponse:
    """More than a checker should read."""
    response = web.StreamResponse()
    response.content_length = LARGE
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(LARGE // 65536):
            await response.write(bytes(65536))
    return response


def make_app() -> web.Application:
    """The demo site, not yet served."""
    app = web.Application()
    app[visits] = Counter()
    app.add_routes(routes)
    return app


@contextlib.contextmanager
def serve_aside(port: int = 0) -> Iterator[str]:
    """Serve the site from a thread of its own; its base URL, without the last slash."""
    started: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=_run_loop, args=(loop, _serve(port, started, stop)), name="demo")
    thread.start()
    try:
        yield started.result()
    finally:
        with contextlib.suppress(RuntimeError):  # it never started, and its loop is closed
            loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run_loop(loop: asyncio.AbstractEventLoop, main: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main)


async def _serve(port: int, started: Future[str], stop: asyncio.Event) -> None:
    runner = web.AppRunner(make_app(), shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound_port = runner.addresses[0][:2]
        started.set_result(f"http://{host}:{bound_port}")
        await stop.wait()
    except Exception as error:  # noqa: BLE001 - whoever waits for the start is told
        started.set_exception(error)
    finally:
        await runner.cleanup()


def list_tour(base: str) -> dict[str, Verdict]:
    """The URLs that the demo checks, and the verdicts that it expects."""
    limited = base.replace("127.0.0.1", "localhost")
    own = {base + path: verdict for path, verdict in TOUR.items()}
    return own | {limited + path: verdict for path, verdict in LIMITED.items()} | ELSEWHERE


def tour(base: str) -> int:
    """Check the site as a user would; 0 if every verdict is the one expected."""
    expected = list_tour(base)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "results.jsonl")
        run([*expected, "--no-config", "--timeout", "500ms", "-o", "table", "-o", f"jsonl={report}"])
        records = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    actual = {record["url"]: record["verdict"] for record in records}
    wrong = [f"{url}: expected {expected[url]}, not {actual.get(url)}" for url in expected if actual.get(url) != expected[url]]
    print("\n".join(wrong) or "  Some fail on purpose; every verdict is the expected one.")  # noqa: T201
    return 1 if wrong else 0


def main() -> int:
    """The command line of the demo."""
    parser = argparse.ArgumentParser(prog="python -m urlcheck.demo", description="A small site to check, on loopback.")
    parser.add_argument("--serve", nargs="?", const=0, type=int, metavar="PORT", help="only serve the site, until Ctrl-C")
    port = parser.parse_args().serve
    try:
        with serve_aside(port or 0) as base:
            if port is None:
                return tour(base)
            print(f"{base}/ (Ctrl-C ends it)", flush=True)  # noqa: T201
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    except OSError as error:
        print(f"cannot serve on port {port}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
