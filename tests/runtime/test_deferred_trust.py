from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests.support.servers import Serve, reply, tls_with
from urlcheck.runtime.deferred_trust import deferring_trust


@pytest.fixture
def context(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A default context that was made while the trust in this authority was deferred."""
    ca.cert_pem.write_to_path(str(tmp_path / "roots.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
    with deferring_trust():
        return ssl.create_default_context()


def test_nothing_is_read_meanwhile(context: ssl.SSLContext) -> None:
    assert context.get_ca_certs() == []


def test_afterwards_all_is_as_before() -> None:
    before = ssl.SSLContext.set_default_verify_paths
    with deferring_trust():
        pass
    assert ssl.SSLContext.set_default_verify_paths is before


async def test_a_handshake_trusts_the_system(context: ssl.SSLContext, serve: Serve, ca: trustme.CA) -> None:
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    for _ in range(2):
        _, writer = await asyncio.open_connection("localhost", int(server.url.rpartition(":")[2]), ssl=context)
        writer.close()
    assert type(context) is ssl.SSLContext
    assert len(context.get_ca_certs()) == 1


def test_a_handshake_over_a_socket_trusts_the_system(context: ssl.SSLContext) -> None:
    with socket.socket() as unconnected, pytest.raises(ValueError, match="server_hostname"):
        context.wrap_socket(unconnected)
    assert len(context.get_ca_certs()) == 1


def test_the_program_reads_no_trust_store_to_start() -> None:
    program = (
        "from urlcheck.cli.program import run; run(['ftp://host', '-q']); "
        "from aiohttp.connector import _SSL_CONTEXT_VERIFIED as context; print(context.get_ca_certs())"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "[]"
