from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from tests.support.client import fail, open_client, respond
from tests.support.servers import RawServer, Serve, reply, tls_with
from urlcheck import SettingsError
from urlcheck.model.outcome import FailureKind
from urlcheck.settings.settings import Settings


@pytest.fixture
async def tls_server(serve: Serve, ca: trustme.CA) -> RawServer:
    return await serve(reply(), tls=tls_with(ca.issue_cert("localhost")))


async def test_an_unknown_authority_is_not_trusted(tls_server: RawServer) -> None:
    assert (await fail(tls_server.url)).kind is FailureKind.TLS


async def test_an_authority_in_the_ca_file_is_trusted(tls_server: RawServer, ca_file: str) -> None:
    assert (await respond(tls_server.url, ca_file=ca_file)).status == 200


async def test_an_authority_that_is_not_in_the_ca_file_is_not_trusted(serve: Serve, ca_file: str) -> None:
    server = await serve(reply(), tls=tls_with(trustme.CA().issue_cert("localhost")))
    assert (await fail(server.url, ca_file=ca_file)).kind is FailureKind.TLS


@pytest.mark.parametrize("name", ["localhost", "elsewhere.invalid"])
async def test_insecure_verifies_neither_issuer_nor_name(serve: Serve, name: str) -> None:
    server = await serve(reply(), tls=tls_with(trustme.CA().issue_cert(name)))
    assert (await respond(server.url, insecure=True)).status == 200


async def test_insecure_wins_over_a_ca_file(tls_server: RawServer, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    assert (await respond(tls_server.url, insecure=True, ca_file=str(other))).status == 200


@pytest.mark.parametrize(
    "content",
    [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n"],
    ids=["empty", "not PEM", "broken PEM"],
)
async def test_a_ca_file_without_a_certificate_cannot_be_used(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^ca_file: .*ca\.pem holds no certificates in PEM form"):
        async with open_client(Settings(ca_file=str(file))):
            pass


async def test_a_ca_file_that_is_missing_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^ca_file: cannot read .*missing\.pem: No such file or directory"):
        async with open_client(Settings(ca_file=str(tmp_path / "missing.pem"))):
            pass


async def test_insecure_does_not_hide_that_a_ca_file_is_missing() -> None:
    with pytest.raises(SettingsError, match=r"^ca_file: cannot read"):
        async with open_client(Settings(ca_file="missing.pem", insecure=True)):
            pass


async def test_without_a_ca_file_the_systems_trust_store_is_loaded_at_the_first_handshake(
    tls_server: RawServer, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)  # where OpenSSL looks for it
    assert (await respond(tls_server.url)).status == 200


async def test_requests_wait_for_no_place_in_the_pool() -> None:
    async with open_client(Settings()) as client:
        connector = client.requester.session.connector
        assert connector is not None
        assert (connector.limit, connector.limit_per_host) == (0, 0)


async def test_the_session_is_closed_with_the_client() -> None:
    async with open_client(Settings()) as client:
        pass
    assert client.requester.session.closed
