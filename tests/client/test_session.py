from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests.support.client import fail, open_client, respond
from tests.support.marks import on_posix
from tests.support.servers import RawServer, Serve, reply, tls_with
from urlcheck import SettingsError
from urlcheck.client.session import fit_concurrency
from urlcheck.model import FailureKind
from urlcheck.settings import Settings


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
    with pytest.raises(SettingsError, match=r"--ca-file .*ca\.pem holds no certificates in PEM form"):
        async with open_client(Settings(ca_file=str(file))):
            pass


async def test_a_ca_file_that_is_missing_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read --ca-file .*missing\.pem: No such file or directory"):
        async with open_client(Settings(ca_file=str(tmp_path / "missing.pem"))):
            pass


async def test_insecure_does_not_hide_that_a_ca_file_is_missing() -> None:
    with pytest.raises(SettingsError, match="cannot read --ca-file"):
        async with open_client(Settings(ca_file="missing.pem", insecure=True)):
            pass


async def test_without_a_ca_file_the_systems_trust_store_is_loaded_at_the_first_handshake(
    tls_server: RawServer, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)  # where OpenSSL looks for it
    assert (await respond(tls_server.url)).status == 200


def test_as_many_requests_are_in_flight_as_are_wanted_where_descriptors_allow_it() -> None:
    assert fit_concurrency(1) == 1


@on_posix
@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "fitted"),
    [
        pytest.param(64, 64, 256, 20, id="no more than the hard limit bears"),
        pytest.param(64, 64, 20, 20, id="as many as it bears"),
        pytest.param(64, 64, 5, 5, id="no more than are wanted"),
        pytest.param(64, 1000, 256, 256, id="the soft limit is raised"),
        pytest.param(64, 200, 256, 88, id="the soft limit is raised as far as it goes"),
        pytest.param(26, 26, 256, 1, id="room for one"),
        pytest.param(20, 20, 256, 1, id="one at least"),
    ],
)
def test_concurrency_is_fitted_under_the_limit_of_descriptors(soft: int, hard: int, wanted: int, fitted: int) -> None:
    # in a program of its own, since a hard limit cannot be raised again; loaded before, since loading needs descriptors too
    program = f"""if True:
        import resource
        from urlcheck.client.session import fit_concurrency
        resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
        print(fit_concurrency({wanted}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    """
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    concurrency, limit = map(int, said.split())
    assert concurrency == fitted
    assert limit == min(hard, max(soft, 24 + 2 * wanted))


async def test_requests_wait_for_no_place_in_the_pool() -> None:
    async with open_client(Settings()) as client:
        connector = client.session.connector
        assert connector is not None
        assert (connector.limit, connector.limit_per_host) == (0, 0)


async def test_the_session_is_closed_with_the_client() -> None:
    async with open_client(Settings()) as client:
        pass
    assert client.session.closed
