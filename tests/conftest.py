"""Fixtures of all tests: the demo site, raw servers, certificates, and the command line as a user runs it."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import socket
import ssl
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import trustme
from _pytest.runner import runtestprotocol
from pytest_aiohttp import AiohttpServer

from tests.support import forked_worker
from tests.support.environment import heed_signals, limit_descriptors, scrub
from tests.support.fork_server import ForkServer, ServerProcess, can_fork
from tests.support.program import Finished, Launch, Program, RunHere, Urlcheck, finish
from tests.support.servers import Answer, RawServer, Serve
from urlcheck.cli.program import run
from urlcheck.demo.site import make_app

if TYPE_CHECKING:
    from execnet import XSpec
    from xdist.scheduler import Scheduling


# Modules whose tests share a server, a cluster or a browser, or wait more than they work: one worker has all those of a group,
# one after the other, while workers without a group use the processor.
GROUPS = {
    f"tests/{module}.py": group
    for group, modules in {
        "hostile servers": ("test_hostile",),
        "cluster and browser": ("backends/test_dask", "backends/test_dask_cluster", "watch/server/test_browser"),
        "servers of others": ("interop/test_nginx", "interop/test_proxies"),
        "waiting": ("cli/test_wait", "test_demo"),
        "installations": ("test_packaging", "manual/test_library", "options/test_completion"),
    }.items()
    for module in modules
}
_AT_A_TIME = 16
_PROGRAM = "tests.support.forked_program"
_FORK_SERVER = pytest.StashKey[ServerProcess]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--need-servers", action="store_true", help="fail, not skip, where a server of tests/interop is missing")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Each test by itself, but those of a group together.

    The groups of pytest-xdist 3.8 itself have no effect with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where pytest-xdist is at work

    class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            return GROUPS.get(nodeid.partition("::")[0], nodeid)

        def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
            """Forget what is done, too: pytest-xdist counts over all that a worker ever had, after each test."""
            super().mark_test_complete(node, item_index, duration)
            units = self.assigned_work[node]
            scope = self._split_scope(self.registered_collections[node][item_index])
            if all(units[scope].values()):
                del units[scope]

    return ByGroup(config, log)


def pytest_configure() -> None:
    """Let the tests and the programs that they start see what a user's shell has, and no more."""
    scrub()
    heed_signals()
    limit_descriptors()
    # how long an example takes depends on what else the machine does
    hypothesis.settings.register_profile("suite", deadline=None, max_examples=50)
    hypothesis.settings.load_profile("suite")


def pytest_collection() -> None:
    """Have no garbage collection go through thousands of tests while they are collected."""
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the workers go through all modules at the same time, so that tests which wait run beside tests which work."""
    if not hasattr(config, "workerinput"):
        return
    sizes = Counter(item.path for item in items)
    before = Counter[Path]()
    places = {}
    for item in items:
        # some tests of a module at a time, as a change of the module costs a worker more than most tests
        places[item] = before[item.path] // _AT_A_TIME * _AT_A_TIME / sizes[item.path]
        before[item.path] += 1
    items.sort(key=places.__getitem__)


def pytest_collection_finish() -> None:
    """Leave what was collected out of each garbage collection from now on."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[XSpec]) -> None:
    """Have pytest-xdist fork its workers from one process that has loaded the tests."""
    if sys.platform == "linux":
        server = ServerProcess(forked_worker.__name__, *config.args)
        config.add_cleanup(server.close)
        for spec in specs:
            spec.python = shlex.join([sys.executable, "-S", forked_worker.__file__, server.address])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the server is that starts programs; the first worker has it started."""
    if _FORK_SERVER not in node.config.stash:
        server = ServerProcess(_PROGRAM)
        node.config.stash[_FORK_SERVER] = server
        node.config.add_cleanup(server.close)
    node.workerinput["fork_server"] = node.config.stash[_FORK_SERVER].address


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Report what a test came to, and not that its fixtures were made and ended: a worker sends each report to pytest."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.fixture
async def site(aiohttp_server: AiohttpServer) -> str:
    """The base URL of the demo site, without a slash at its end."""
    server = await aiohttp_server(make_app())
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as servers:

        async def start(
            answer: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", *, keeps: bool = False
        ) -> RawServer:
            return await servers.enter_async_context(RawServer(answer, tls, host, keeps=keeps))

        yield start


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and that no other program can take meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """An authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture(scope="session")
def fork_server(request: pytest.FixtureRequest) -> Iterator[ForkServer]:
    """The one server of all workers, or a server for this process where there are none."""
    with ExitStack() as ends:
        address = getattr(request.config, "workerinput", {}).get("fork_server")
        if address is None:
            address = ends.enter_context(closing(ServerProcess(_PROGRAM))).address
        yield ends.enter_context(closing(ForkServer(address)))


@pytest.fixture
async def launch(tmp_path: Path, fork_server: ForkServer) -> AsyncIterator[Launch]:
    started: list[Program] = []

    async def start(
        *arguments: str,
        stdin: int = DEVNULL,
        stdout: int = PIPE,
        stderr: int = PIPE,
        env: Mapping[str, str] | None = None,
        is_loaded: bool = True,
    ) -> Program:
        variables = {**os.environ, **(env or {})}
        if is_loaded and can_fork(env or {}):
            process: Program = await fork_server.start(arguments, (stdin, stdout, stderr), str(tmp_path), variables)
        else:
            command = (sys.executable, "-m", "urlcheck", *arguments)
            process = await asyncio.create_subprocess_exec(
                *command, stdin=stdin, stdout=stdout, stderr=stderr, cwd=tmp_path, env=variables
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def urlcheck(launch: Launch) -> Urlcheck:
    async def run(*arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> Finished:
        process = await launch(*arguments, stdin=DEVNULL if stdin is None else PIPE, env=env)
        if process.stdin:
            process.stdin.write(stdin or b"")
            process.stdin.close()
        return await finish(process)

    return run


@pytest.fixture
def run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> RunHere:
    def call(*arguments: str) -> Finished:
        status = run(arguments)
        return Finished(status, *capfd.readouterr())

    monkeypatch.chdir(tmp_path)
    return call
