"""TLS as servers speak it that are older, or newer, than most."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import trustme

from tests.support.certificates import CERTIFICATES, make_context
from tests.support.client import attempt, fail, respond
from tests.support.servers import RawServer, Serve, reply
from urlcheck import Settings, Verdict, check
from urlcheck.client.session import make_trust
from urlcheck.model.outcome import FailureKind, Response

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")

Restrict = Callable[[ssl.SSLContext], None]


async def serve_tls(serve: Serve, ca: trustme.CA, restrict: Restrict) -> RawServer:
    # an RSA key, without which there is no RSA key exchange
    context = make_context(ca.issue_cert("localhost", key_type=trustme.KeyType.RSA).private_key_and_cert_chain_pem)
    restrict(context)
    return await serve(reply(), tls=context)


def offer(ciphers: str) -> Restrict:
    def restrict(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)

    return restrict


# --- ciphers ---


@pytest.mark.parametrize(
    "cipher",
    [
        pytest.param("ECDHE-RSA-AES128-SHA", id="CBC with SHA-1"),
        pytest.param("AES128-GCM-SHA256", id="RSA key exchange"),
        pytest.param("AES128-SHA", id="RSA key exchange and CBC with SHA-1"),
        pytest.param("ECDHE-RSA-CHACHA20-POLY1305", id="what is new"),
    ],
)
async def test_a_server_that_offers_one_cipher_of_browsers_is_reached(
    serve: Serve, ca: trustme.CA, ca_file: str, cipher: str
) -> None:
    server = await serve_tls(serve, ca, offer(cipher))
    assert (await respond(server.url, ca_file=ca_file)).status == 200


CAMELLIA = "CAMELLIA128-SHA"


async def test_a_cipher_that_no_browser_knows_is_refused(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    server = await serve_tls(serve, ca, offer(CAMELLIA))
    assert (await fail(server.url, ca_file=ca_file)).kind is FailureKind.TLS


async def test_without_verification_it_is_accepted(serve: Serve, ca: trustme.CA) -> None:
    server = await serve_tls(serve, ca, offer(CAMELLIA))
    assert (await respond(server.url, insecure=True)).status == 200


def test_without_verification_a_server_still_shows_a_certificate() -> None:
    context = make_trust(Settings(insecure=True))
    assert not [cipher["name"] for cipher in context.get_ciphers() if cipher["auth"] == "auth-null"]


@pytest.mark.parametrize("insecure", [False, True])
def test_the_versions_are_those_that_python_has(*, insecure: bool) -> None:
    context, usual = make_trust(Settings(insecure=insecure)), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert (context.minimum_version, context.maximum_version) == (usual.minimum_version, usual.maximum_version)


# --- names and addresses ---


async def test_an_address_that_is_named_as_a_dns_name_is_told_apart(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    server = await serve(reply(), tls=CERTIFICATES["address_as_name"](ca))
    failure = await fail(server.url.replace("localhost", "127.0.0.1"), ca_file=ca_file)
    assert failure.message == "certificate names 127.0.0.1 as a DNS name, not as an IP address"


# --- servers that nobody here wrote ---

Start = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def s_server(ca: trustme.CA, tmp_path: Path) -> Start:
    """Starts `openssl s_server`, which answers every GET with a page about the connection; its URL."""
    pem = tmp_path / "server.pem"
    ca.issue_cert("localhost", key_type=trustme.KeyType.RSA).private_key_and_cert_chain_pem.write_to_path(pem)

    @contextmanager
    def start(*options: str) -> Iterator[str]:
        command = (str(OPENSSL), "s_server", "-accept", "127.0.0.1:0", "-cert", str(pem), "-www", *options)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
            assert program.stdout is not None
            try:
                for line in program.stdout:
                    if line.startswith(b"ACCEPT"):
                        yield f"https://localhost:{int(line.rpartition(b':')[2])}"
                        break
                else:
                    pytest.skip(f"this openssl has no {' '.join(options)}")
            finally:
                program.kill()

    return start


@needs_openssl
@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES256-SHA", "AES256-SHA", "AES128-SHA256"])
async def test_openssl_with_an_old_cipher_is_reached(s_server: Start, ca_file: str, cipher: str) -> None:
    with s_server("-tls1_2", "-cipher", cipher) as url:
        response = await respond(url, ca_file=ca_file, expect_text=(cipher,))
    assert response.body is not None
    assert cipher.encode() in response.body


@needs_openssl
async def test_a_server_of_http_2_alone_is_said_and_not_asked_again(s_server: Start, ca_file: str) -> None:
    with s_server("-alpn", "h2") as url:
        [result] = await check([url], Settings(ca_file=ca_file))
    assert (result.verdict, result.detail, result.attempts) == (Verdict.TLS, "the server speaks HTTP/2 alone", 1)


@needs_openssl
@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
async def test_a_server_of_an_old_version_alone_is_said(s_server: Start, ca_file: str, version: str) -> None:
    with s_server(version, "-cipher", "ALL:@SECLEVEL=0") as url:
        outcome = await attempt(url, ca_file=ca_file)
    assert not isinstance(outcome, Response)
    assert (outcome.kind, outcome.message) == (FailureKind.TLS, "the server speaks neither TLS 1.2 nor 1.3")
    assert not outcome.transient


@pytest.mark.parametrize(("number", "name"), [(0, "SSL 3.0"), (1, "TLS 1.0"), (2, "TLS 1.1")])
async def test_the_version_that_a_server_chooses_is_named(number: int, name: str) -> None:
    # 32 bytes of chance, no session, a cipher of then, no compression
    hello = bytes([3, number]) + bytes(32) + b"\0\0\x2f\0"
    message = b"\x02" + len(hello).to_bytes(3) + hello

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x16" + bytes([3, number]) + len(message).to_bytes(2) + message)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        failure = await fail(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert (failure.kind, failure.message) == (FailureKind.TLS, f"the server speaks {name} alone")
