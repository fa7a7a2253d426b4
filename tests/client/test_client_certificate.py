from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.support.certificates import HERE, LONG_AGO, PAST, demand_a_certificate
from tests.support.client import fail, open_client, respond
from tests.support.marks import on_posix
from tests.support.program import Launch, Urlcheck, finish
from tests.support.servers import Serve, reply, tls_with
from urlcheck import Settings, SettingsError
from urlcheck.client.client_certificate import load_identity
from urlcheck.model.outcome import FailureKind

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

# presents itself: the names of who a connection's client says it is
Seen = list[dict[str, Any] | None]


@pytest.fixture
def files(tmp_path: Path, ca: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good and bad files in the working directory."""
    monkeypatch.chdir(tmp_path)
    mine, other = ca.issue_cert("ada@example.org"), ca.issue_cert("eve@example.org")
    mine.private_key_and_cert_chain_pem.write_to_path("both.pem")
    mine.cert_chain_pems[0].write_to_path("cert.pem")
    mine.private_key_pem.write_to_path("key.pem")
    other.private_key_pem.write_to_path("other-key.pem")
    key = load_pem_private_key(mine.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    Path("encrypted.pem").write_bytes(encrypted)
    Path("sealed.pem").write_bytes(encrypted + mine.cert_chain_pems[0].bytes())
    Path("junk.pem").write_bytes(b"junk")
    Path("empty.pem").write_bytes(b"")
    Path("broken.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nbroken\n-----END PRIVATE KEY-----\n")
    Path("cert.der").write_bytes(ssl.PEM_cert_to_DER_cert(mine.cert_chain_pems[0].bytes().decode()))
    Path("folder").mkdir()
    ca.issue_cert("old@example.org", not_before=LONG_AGO, not_after=PAST).private_key_and_cert_chain_pem.write_to_path(
        "old.pem"
    )
    trustme.CA().issue_cert("foreign@example.org").private_key_and_cert_chain_pem.write_to_path("foreign.pem")


def demand(ca: trustme.CA, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A server's TLS that wants a certificate of that authority."""
    context = demand_a_certificate(ca, version)
    ca.configure_trust(context)
    return context


def ask(ca: trustme.CA) -> ssl.SSLContext:
    """A server's TLS that takes a certificate where there is one."""
    context = tls_with(ca.issue_cert(*HERE))
    context.verify_mode = ssl.CERT_OPTIONAL
    ca.configure_trust(context)
    return context


@contextmanager
def serve_bluntly(tls: ssl.SSLContext) -> Iterator[str]:
    """A server on OpenSSL's own sockets, which send their alerts; asyncio's forgets them. It reads on to the end."""

    def answer() -> None:
        connection = tls.wrap_socket(listener.accept()[0], server_side=True, do_handshake_on_connect=False)
        with connection:
            with suppress(ssl.SSLError):
                connection.do_handshake()
            socket.socket.shutdown(connection, socket.SHUT_WR)
            while socket.socket.recv(connection, 65536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        thread.join()


def note(seen: Seen, answer: bytes) -> Callable[[str, asyncio.StreamWriter], Any]:
    """An answer that notes what certificate the client showed."""

    async def respond_and_note(_: str, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peercert"))
        writer.write(answer)

    return respond_and_note


# --- shown ---


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "settings", [{"cert": "both.pem"}, {"cert": "cert.pem", "key": "key.pem"}], ids=["one file", "two files"]
)
async def test_a_server_that_demands_a_certificate_is_shown_it(
    serve: Serve, ca: trustme.CA, ca_file: str, version: ssl.TLSVersion, settings: dict[str, str]
) -> None:
    server = await serve(reply(), tls=demand(ca, version))
    assert (await respond(server.url, ca_file=ca_file, **settings)).status == 200


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("cert", "message"),
    [
        (None, "requires a client certificate"),
        ("foreign.pem", "the server does not trust the client's certificate: its issuer is unknown there"),
        ("old.pem", "the server refused the client's certificate, which has expired"),
    ],
)
@pytest.mark.parametrize("data", [None, b"x" * 100_000], ids=["without a body", "with a body"])
async def test_a_server_that_is_not_satisfied_is_a_tls_failure(
    ca: trustme.CA, ca_file: str, version: ssl.TLSVersion, cert: str | None, message: str, data: bytes | None
) -> None:
    with serve_bluntly(demand(ca, version)) as url:
        failure = await fail(url, "PUT", ca_file=ca_file, cert=cert, data=data, ip_version=4)
    assert failure.kind is FailureKind.TLS
    assert failure.message.endswith(message)
    assert not failure.transient


@pytest.mark.usefixtures("files")
async def test_a_server_that_wants_none_is_shown_none(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    seen: Seen = []
    server = await serve(note(seen, reply()), tls=tls_with(ca.issue_cert(*HERE)))
    await respond(server.url, ca_file=ca_file, cert="both.pem")
    assert seen in ([{}], [None])


@pytest.mark.usefixtures("files")
async def test_a_certificate_goes_to_its_own_origin_and_to_no_other(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    seen: Seen = []
    other = await serve(note(seen, reply()), tls=ask(ca))
    server = await serve(note(seen, reply("302 Found", f"Location: {other.url}/")), tls=ask(ca))
    await respond(server.url, ca_file=ca_file, cert="both.pem")
    assert [bool(certificate) for certificate in seen] == [True, False]


@pytest.mark.usefixtures("files")
async def test_back_at_its_own_origin_a_certificate_is_shown_again(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    seen: Seen = []

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        await note(seen, reply("302 Found", f"Location: {other.url}/") if target == "/" else reply())(target, writer)

    server = await serve(answer, tls=ask(ca))
    other = await serve(note(seen, reply("302 Found", f"Location: {server.url}/back")), tls=ask(ca))
    await respond(server.url, ca_file=ca_file, cert="both.pem")
    assert [bool(certificate) for certificate in seen] == [True, False, True]


@pytest.mark.usefixtures("files")
async def test_the_tls_of_a_proxy_is_shown_no_certificate(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    seen: Seen = []
    proxy = await serve(note(seen, reply("502 No")), tls=ask(ca))
    await fail("https://nowhere.invalid/", ca_file=ca_file, cert="both.pem", proxy=proxy.url)
    assert [bool(certificate) for certificate in seen] == [False]


@pytest.mark.usefixtures("files")
async def test_a_certificate_is_shown_through_a_tunnel(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    seen: Seen = []
    server = await serve(note(seen, reply()), tls=ask(ca))

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        there = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        await respond(server.url, ca_file=ca_file, cert="both.pem", proxy=f"http://127.0.0.1:{port}")
    assert [bool(certificate) for certificate in seen] == [True]


@pytest.mark.usefixtures("files")
async def test_a_certificate_does_not_make_a_server_trusted(serve: Serve) -> None:
    server = await serve(reply(), tls=tls_with(trustme.CA().issue_cert(*HERE)))
    assert (await fail(server.url, cert="both.pem")).kind is FailureKind.TLS
    assert (await respond(server.url, cert="both.pem", insecure=True)).status == 200


# --- loaded ---


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("cert", "key", "message"),
    [
        ("missing.pem", None, "cert: cannot read missing.pem: No such file or directory"),
        ("cert.pem", "missing.pem", "key: cannot read missing.pem: No such file or directory"),
        ("folder", None, "cert: cannot read folder: Is a directory"),
        ("a\0b", None, "cert: must be the name of a file, or None"),
        ("junk.pem", None, "cert: junk.pem holds no certificate in PEM form"),
        ("empty.pem", None, "cert: empty.pem holds no certificate in PEM form"),
        ("cert.der", "key.pem", "cert: cert.der holds no certificate in PEM form"),
        ("key.pem", None, "cert: key.pem holds no certificate in PEM form"),
        ("cert.pem", None, "cert: cert.pem holds no private key; name the file that does with key"),
        ("cert.pem", "cert.pem", "key: cert.pem holds no private key in PEM form"),
        ("cert.pem", "junk.pem", "key: junk.pem holds no private key in PEM form"),
        ("cert.pem", "broken.pem", "cert: cannot use cert.pem with the key broken.pem: malformed"),
        ("cert.pem", "other-key.pem", "key: the private key in other-key.pem does not belong to the certificate in cert.pem"),
        (None, "key.pem", "key: needs cert"),
        (
            "cert.pem",
            "encrypted.pem",
            (
                "key: the private key in encrypted.pem is encrypted; "
                "decrypt it first: openssl pkey -in encrypted.pem -out plain.pem"
            ),
        ),
        (
            "sealed.pem",
            None,
            "cert: the private key in sealed.pem is encrypted; decrypt it first: openssl pkey -in sealed.pem -out plain.pem",
        ),
    ],
)
async def test_files_that_cannot_be_used_are_refused_with_the_reason(cert: str | None, key: str | None, message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        async with open_client(Settings(cert=cert, key=key)):
            pass
    assert str(refusal.value) == message


class ShortContext(ssl.SSLContext):
    """A TLS context that cannot open a file, where everybody else can."""

    def load_cert_chain(self, *_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("key", [None, "key.pem"])
def test_files_that_can_be_read_by_then_are_refused_with_the_first_reason(key: str | None) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_identity(ShortContext(ssl.PROTOCOL_TLS_CLIENT), "cert.pem", key)
    assert str(refusal.value) == f"cert: cannot read cert.pem: [Errno {errno.EMFILE}] {os.strerror(errno.EMFILE)}"


@on_posix
@pytest.mark.usefixtures("files")
async def test_nobody_is_asked_for_the_password_of_a_key(launch: Launch) -> None:
    finished = await finish(await launch("https://localhost:9/", "--cert", "sealed.pem", stdin=asyncio.subprocess.PIPE))
    assert finished.status == 2
    assert finished.stderr.startswith("urlcheck: --cert: the private key in sealed.pem is encrypted;")
    assert finished.stderr.count("\n") == 1


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("processes", ["1", "2"])
async def test_the_command_shows_a_certificate(
    urlcheck: Urlcheck, serve: Serve, ca: trustme.CA, ca_file: str, processes: str
) -> None:
    server = await serve(reply(), tls=demand(ca))
    options = ["--ca-file", ca_file, "--cert", "cert.pem", "--key", "key.pem", "-j", processes, "-o", "jsonl"]
    urls = [server.url, server.url.replace("localhost", "127.0.0.1")]
    assert set((await urlcheck(*urls, *options)).verdicts.values()) == {"ok"}
