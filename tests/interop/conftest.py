"""Servers that other projects wrote, as fixtures; a test is skipped where its server is not installed."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

from tests.support.daemons import Daemons

NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    {http}
    server {{
        listen 127.0.0.1:{port}{listen};
        {server}
    }}
}}
"""

StartNginx = Callable[..., Awaitable[int]]
StartOpenssl = Callable[..., Awaitable[int]]
StartPhp = Callable[[str], Awaitable[str]]


@pytest.fixture
async def daemons(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Daemons]:
    if sys.platform == "win32":
        pytest.skip("the servers run on POSIX")
    folder = tmp_path / "daemons"
    folder.mkdir()
    daemons = Daemons(folder, required=request.config.getoption("need_servers"))
    yield daemons
    await daemons.stop()


@pytest.fixture
def start_nginx(daemons: Daemons) -> StartNginx:
    """Starts nginx with these directives, and returns its port."""

    async def start(server: str, *, http: str = "", listen: str = "") -> int:
        nginx = daemons.find("nginx")

        def command(port: int) -> list[str]:
            text = NGINX.format(port=port, server=server, http=http, listen=listen)
            (daemons.folder / "nginx.conf").write_text(text, encoding="utf-8")
            return [nginx, "-e", "stderr", "-p", str(daemons.folder), "-c", "nginx.conf"]

        return await daemons.start(command)

    return start


@pytest.fixture
def rsa_certificate(ca: trustme.CA, tmp_path: Path) -> Path:
    """A file with the key and the certificate of this machine, in RSA as old servers have it."""
    file = tmp_path / "rsa.pem"
    certificate = ca.issue_cert("localhost", "127.0.0.1", key_type=trustme.KeyType.RSA)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(file))
    return file


@pytest.fixture
def start_openssl(daemons: Daemons, rsa_certificate: Path) -> StartOpenssl:
    """Starts `openssl s_server -www` with further options, and returns its port."""

    async def start(*options: str) -> int:
        openssl = daemons.find("openssl")
        return await daemons.start(
            lambda port: [
                *(openssl, "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet"),
                *("-cert", str(rsa_certificate), "-key", str(rsa_certificate)),
                *options,
            ]
        )

    return start


@pytest.fixture
def start_php(daemons: Daemons) -> StartPhp:
    """Starts PHP's own server with a script that answers every request, and returns its URL."""

    async def start(script: str) -> str:
        php = daemons.find("php")
        (daemons.folder / "answer.php").write_text(f"<?php {script}", encoding="utf-8")
        port = await daemons.start(lambda port: [php, "-n", "-S", f"127.0.0.1:{port}", "answer.php"])
        return f"http://127.0.0.1:{port}"

    return start


TINYPROXY = """\
Port {port}
Listen 127.0.0.1
BasicAuth ada lovelace
MaxClients 20
"""

SQUID = """\
http_port 127.0.0.1:{port}
auth_param basic program {helper} {folder}/passwords
auth_param basic realm a proxy
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
cache_mem 1 MB
cache_log /dev/null
access_log none
logfile_rotate 0
pid_filename none
netdb_filename none
coredump_dir {folder}
visible_hostname proxy.example
cache_effective_user nobody
shutdown_lifetime 0 seconds
"""
PASSWORDS = "ada:$1$loopback$zmQyFgt0jXvDQSG3MxY6h1\n"  # `openssl passwd -1 -salt loopback lovelace`
SQUID_HELPERS = ["/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth", "/usr/libexec/squid/basic_ncsa_auth"]


async def start_tinyproxy(daemons: Daemons, folder: Path) -> int:
    program = daemons.find("tinyproxy")

    def command(port: int) -> list[str]:
        (folder / "tinyproxy.conf").write_text(TINYPROXY.format(port=port), encoding="ascii")
        return [program, "-d", "-c", str(folder / "tinyproxy.conf")]

    return await daemons.start(command)


async def start_squid(daemons: Daemons, folder: Path) -> int:
    program = daemons.find("squid")
    helper = next(filter(os.path.exists, SQUID_HELPERS), None) or daemons.skip("squid's basic_ncsa_auth is not installed")
    (folder / "passwords").write_text(PASSWORDS, encoding="ascii")

    def command(port: int) -> list[str]:
        (folder / "squid.conf").write_text(SQUID.format(port=port, folder=folder, helper=helper), encoding="ascii")
        # -n: shared memory of its own, beside that of another Squid
        return [program, "-N", "-n", f"urlcheck{port}", "-f", str(folder / "squid.conf")]

    return await daemons.start(command)


@pytest.fixture(params=[start_tinyproxy, start_squid], ids=["tinyproxy", "squid"])
async def proxy(daemons: Daemons, request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """The port of a proxy that serves the user ada with the password lovelace."""
    # Squid does not run as root but as nobody, who may not enter pytest's folder
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield await request.param(daemons, folder)
