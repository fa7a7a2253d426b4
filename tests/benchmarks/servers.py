"""The servers that are asked: nginx, plain and with TLS, and two simulated internets. All on loopback, all gone afterwards."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NGINX = """\
daemon off;
master_process off;  # one process, which is easily ended
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    keepalive_requests 100000000;
    server {{
        listen 0.0.0.0:{http} backlog=4096;
        listen 0.0.0.0:{https} ssl backlog=4096;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        location / {{ return 200 'ok'; }}
    }}
}}
"""
_MOST_CONNECTIONS = 65536
_RESERVED_DESCRIPTORS = 64
_PATIENCE = 10.0
STEADY_LATENCY = 0.2


@dataclass(frozen=True, slots=True)
class Servers:
    """Where they listen: ports, on every address of 127.0.0.0/8. `steady` answers after `STEADY_LATENCY` seconds."""

    http: int
    https: int
    internet: int
    steady: int


def find_nginx() -> str | None:
    """Debian puts it where only root's search path leads."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Servers]:
    """Start all of them, with their files in a folder, and end them when the block is left."""
    with contextlib.ExitStack() as stack:
        http, https = _start_nginx(folder, stack)
        yield Servers(http, https, _start_internet(stack), _start_internet(stack, str(STEADY_LATENCY)))


def _start_nginx(folder: Path, stack: contextlib.ExitStack) -> tuple[int, int]:
    nginx = find_nginx()
    assert nginx is not None
    # in a process of its own: what the harness imports counts in the memory of the programs that it starts (see measure.py)
    certify = [sys.executable, "-m", "trustme", "--quiet", "--identities", "localhost", "127.0.0.1"]
    subprocess.run(certify, cwd=folder, check=True)
    http, https = _free_ports(2)
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    connections = min(descriptors - _RESERVED_DESCRIPTORS, _MOST_CONNECTIONS)
    (folder / "nginx.conf").write_text(_NGINX.format(connections=connections, http=http, https=https), encoding="utf-8")
    # it ends with the harness even where that is killed, as the simulated internet does (see there)
    ended_with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    command = [*ended_with_us, nginx, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    stack.callback(_end, process)
    for port in (http, https):
        _await_port(port, process)
    return http, https


def _start_internet(stack: contextlib.ExitStack, *arguments: str) -> int:
    command = [sys.executable, "-m", f"{__package__}.internet", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    stack.callback(_end, process)
    assert process.stdout is not None
    return int(process.stdout.readline())


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("0.0.0.0", 0))
        return [each.getsockname()[1] for each in sockets]


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise SystemExit(f"nginx does not listen on port {port}")


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
