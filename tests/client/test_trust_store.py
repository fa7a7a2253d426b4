"""The system's roots, from the file and the directory that OpenSSL is told of."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from tests.support.client import attempt, fail, keep, open_client
from tests.support.servers import Serve, reply, tls_with
from urlcheck.client import trust_store
from urlcheck.client.trust_store import load_system_roots
from urlcheck.http.url import parse
from urlcheck.model.outcome import FailureKind, Response
from urlcheck.settings.settings import Settings

OPENSSL = shutil.which("openssl")

needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl names the files of a trust directory")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The trust directory of the system, and beside it its file, both without the roots of this machine."""
    folder = tmp_path / "certs"
    folder.mkdir()
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "roots.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    return folder


def add_to_folder(folder: Path, ca: trustme.CA) -> Path:
    """Put a root where OpenSSL looks it up by its hash."""
    pem = folder / "root.pem"
    ca.cert_pem.write_to_path(str(pem))
    command = [str(OPENSSL), "x509", "-subject_hash", "-noout", "-in", str(pem)]
    subject = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return pem.rename(folder / f"{subject}.0")


async def test_a_root_of_the_file_is_trusted(serve: Serve, ca: trustme.CA, folder: Path) -> None:
    ca.cert_pem.write_to_path(str(folder.parent / "roots.pem"))
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    assert isinstance(await attempt(server.url), Response)


@needs_openssl
async def test_a_root_of_the_directory_alone_is_trusted(serve: Serve, ca: trustme.CA, folder: Path) -> None:
    add_to_folder(folder, ca)
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    assert isinstance(await attempt(server.url), Response)


@needs_openssl
@pytest.mark.skipif(ssl.OPENSSL_VERSION_INFO[:2] >= (3, 4), reason="this OpenSSL opens the files that it needs, and no others")
async def test_the_directory_is_read_once(serve: Serve, ca: trustme.CA, folder: Path) -> None:
    root = add_to_folder(folder, ca)
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    async with open_client(Settings()) as client:
        assert isinstance(await client.attempt(parse(server.url), "GET"), Response)
        root.unlink()
        assert isinstance(await client.attempt(parse(server.url), "GET", keep), Response)


async def test_a_root_of_neither_is_not_trusted(serve: Serve, ca: trustme.CA, folder: Path) -> None:
    ca.cert_pem.write_to_path(str(folder / "no-hash.pem"))
    server = await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))
    assert (await fail(server.url)).kind is FailureKind.TLS


def count_roots() -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load_system_roots(context)
    return len(context.get_ca_certs())


@needs_openssl
def test_what_cannot_be_read_is_left_out(folder: Path, ca: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "00000000.0").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (folder / "00000001.0").mkdir()
    add_to_folder(folder, ca)
    monkeypatch.setenv("SSL_CERT_DIR", f"{folder / 'missing'}{os.pathsep}{folder}")
    monkeypatch.setattr(trust_store, "_MENDED", (9, 9))
    assert count_roots() == 2


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_without_roots_is_no_error(folder: Path, content: bytes | None) -> None:
    file = folder.parent / "roots.pem"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert count_roots() == 0
