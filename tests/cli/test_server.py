"""The token of the status server, as the command line reads it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.program import RunHere


@pytest.fixture
def tcp_port_in_use() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines of text", b"\xff" * 20, b"x" * 5_000])
def test_a_file_without_one_token_is_refused(run_here: RunHere, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    finished = run_here("a b", "--watch", "1m", "--serve", "0", "--serve-token-file", "token")
    message = "--serve-token-file: token has to hold one token: a line of printable ASCII characters"
    assert (finished.status, finished.stderr) == (2, f"urlcheck: {message}\n")


def test_a_short_token_is_refused(run_here: RunHere, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"short\n")
    finished = run_here("a b", "--watch", "1m", "--serve", "0", "--serve-token-file", "token")
    assert finished.status == 2
    assert "--serve-token-file: the token has fewer than" in finished.stderr


def test_a_port_that_is_taken_is_said(run_here: RunHere, tcp_port_in_use: int) -> None:
    finished = run_here("a b", "--watch", "1m", "--serve", str(tcp_port_in_use))
    assert finished.status == 2
    assert f"--serve: cannot listen on 127.0.0.1:{tcp_port_in_use}: another program uses that port" in finished.stderr
