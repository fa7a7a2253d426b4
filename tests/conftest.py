"""Fixtures of all tests: the demo site, raw servers, certificates, and the command line as a user runs it."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme
from pytest_aiohttp import AiohttpServer

from tests.support.program import Finished, Launch, Urlcheck, finish
from tests.support.servers import Answer, RawServer, Serve
from urlcheck.demo.site import make_app

NOT_OURS = {"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "PYTHONIOENCODING"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests see neither the proxies nor the colours nor the settings of whoever runs them."""
    for name in list(os.environ):
        if name.upper().endswith("_PROXY") or name.startswith("URLCHECK_") or name in NOT_OURS:
            monkeypatch.delenv(name)


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


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """An authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
async def launch(tmp_path: Path) -> AsyncIterator[Launch]:
    started: list[Process] = []

    async def start(
        *arguments: str,
        stdin: int = DEVNULL,
        stdout: int = PIPE,
        stderr: int = PIPE,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "urlcheck", *arguments),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1", **(env or {})},
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
