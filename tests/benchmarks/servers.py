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
    limit_req_zone $server_port zone=bucket:1m rate={limited_rate}r/s;
    limit_req_status 429;
    server {{
        listen 0.0.0.0:{http} backlog=4096;
        listen 0.0.0.0:{https} ssl backlog=4096;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        location / {{ return 200 'ok'; }}
    }}
    server {{
        listen 0.0.0.0:{handshakes} ssl backlog=4096;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_session_tickets off;
        keepalive_timeout 0;
        location / {{ return 200 'ok'; }}
    }}
    server {{
        listen 0.0.0.0:{limited} backlog=4096;
        add_header Retry-After 1 always;
        location / {{ limit_req zone=bucket burst={limited_rate} nodelay; root .; try_files /ok =404; }}
    }}
}}
"""
# requests that the limited server passes in a second, and at once after a rest
LIMITED_RATE = 500
_MOST_CONNECTIONS = 65536
_RESERVED_DESCRIPTORS = 64
_PATIENCE = 10.0
STEADY_LATENCY = 0.2


@dataclass(frozen=True, slots=True)
class Servers:
    """Where they listen: ports, on every address of 127.0.0.0/8.

    `handshakes`: https, which closes the connection after each answer and resumes none; its certificate is for 127.0.0.1, and
    its authority in the file `client.pem`. `limited`: http, which answers 429 with `Retry-After: 1` above `LIMITED_RATE`.
    `steady` answers after `STEADY_LATENCY` seconds.
    """

    http: int
    https: int
    handshakes: int
    limited: int
    internet: int
    steady: int


def find_nginx() -> str | None:
    """Debian puts it where only root's search path leads."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Servers]:
    """Start all of them, with their files in a folder, and end them when the block is left."""
    with contextlib.ExitStack() as stack:
        http, https, handshakes, limited = _start_nginx(folder, stack)
        steady = _start_internet(stack, str(STEADY_LATENCY))
        yield Servers(http, https, handshakes, limited, _start_internet(stack), steady)


def _start_nginx(folder: Path, stack: contextlib.ExitStack) -> list[int]:
    nginx = find_nginx()
    assert nginx is not None
    # in a process of its own: what the harness imports counts in the memory of the programs that it starts (see measure.py)
    certify = [sys.executable, "-m", "trustme", "--quiet", "--identities", "localhost", "127.0.0.1"]
    subprocess.run(certify, cwd=folder, check=True)
    ports = http, https, handshakes, limited = _free_ports(4)
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    connections = min(descriptors - _RESERVED_DESCRIPTORS, _MOST_CONNECTIONS)
    (folder / "ok").write_text("ok", encoding="ascii")
    configuration = _NGINX.format(
        connections=connections, http=http, https=https, handshakes=handshakes, limited=limited, limited_rate=LIMITED_RATE
    )
    (folder / "nginx.conf").write_text(configuration, encoding="utf-8")
    # it ends with the harness even where that is killed, as the simulated internet does (see there)
    ended_with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    command = [*ended_with_us, nginx, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    stack.callback(_end, process)
    for port in ports:
        _await_port(port, process)
    return ports


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
