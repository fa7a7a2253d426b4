from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import cast

import pytest
import trustme
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.certificates import CERTIFICATES, FAR_OFF, LONG_AGO
from urlcheck.client.certificates import Certificate, read_certificate, read_expiry, read_refused

BEGINS, EXPIRES = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2037, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES = ("one.example", "*.two.example", "xn--caf-dma.example", "192.0.2.1", "2001:db8::1")


def issue(*names: str) -> bytes:
    leaf = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert(*names, not_before=BEGINS, not_after=EXPIRES)
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


DER = issue(*NAMES)


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """The client's end of a connection in memory, as far as the handshake came."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_end = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    server_end = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (client_end, server_end) * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError:
            break
    return client_end


@pytest.fixture(params=[True, False], ids=["verified", "not verified"])
def client(request: pytest.FixtureRequest, ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    if not request.param:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def trusting(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    return context


# --- from its bytes ---


def test_a_certificate_tells_its_time_and_its_names() -> None:
    certificate = read_certificate(DER)
    assert certificate is not None
    assert (certificate.begins, certificate.expires) == (BEGINS, EXPIRES)
    assert sorted(certificate.names) == sorted(NAMES)


@pytest.mark.parametrize(
    "der",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not a certificate", id="another thing"),
        pytest.param(DER[:-1], id="cut short"),
        pytest.param(DER[: len(DER) // 2], id="half of one"),
        pytest.param(DER + b"\0", id="one byte more"),
    ],
)
def test_what_is_malformed_is_no_certificate(der: bytes) -> None:
    assert read_certificate(der) is None


def test_a_serial_number_that_is_not_positive_is_nothing_to_warn_of() -> None:
    certificate = x509.load_der_x509_certificate(DER)
    number = certificate.serial_number.to_bytes(20)
    assert read_certificate(DER.replace(number, b"\x80" + number[1:])) == read_certificate(DER)


def test_a_chain_whose_first_certificate_is_malformed_is_not_told_by_its_second(ca: trustme.CA) -> None:
    good = ca.issue_cert("intermediate.example").cert_chain_pems[0].bytes().decode()

    class Refused:
        """What OpenSSL has of a handshake that failed."""

        def get_unverified_chain(self) -> list[bytes]:
            return [b"malformed", ssl.PEM_cert_to_DER_cert(good)]

    assert read_refused(cast("ssl.SSLObject", Refused())) == ()


@settings(deadline=None)  # the first one loads a library
@given(st.binary())
def test_no_bytes_are_too_odd_to_be_read(der: bytes) -> None:
    certificate = read_certificate(der)
    assert certificate is None or isinstance(certificate, Certificate)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_no_damage_to_a_certificate_keeps_it_from_being_read(changes: list[tuple[int, int]]) -> None:
    der = bytearray(DER)
    for place, byte in changes:
        der[place] = byte
    certificate = read_certificate(bytes(der))
    assert certificate is None or all(isinstance(name, str) for name in certificate.names)


# --- from a connection ---


def test_the_end_of_an_established_connections_certificate_is_read(ca: trustme.CA, client: ssl.SSLContext) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost", not_after=EXPIRES).configure_cert(server)
    assert read_expiry(shake_hands(server, client)) == EXPIRES


@pytest.mark.parametrize("name", [name for name in CERTIFICATES if name != "version_2"])
def test_no_certificate_that_is_taken_unseen_hides_its_end(ca: trustme.CA, name: str) -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    assert read_expiry(shake_hands(CERTIFICATES[name](ca), client)) is not None


def test_a_malformed_certificate_that_is_taken_unseen_has_no_end(ca: trustme.CA) -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    assert read_expiry(shake_hands(CERTIFICATES["version_2"](ca), client)) is None


@pytest.mark.parametrize(
    ("name", "links"),
    [
        pytest.param("self_signed", 1, id="one"),
        pytest.param("unknown_issuer", 1, id="one without its issuer"),
        pytest.param("unknown_root_in_chain", 2, id="two"),
        pytest.param("expired_intermediate", 2, id="two, of which the second is at fault"),
    ],
)
def test_the_chain_that_was_refused_is_read(ca: trustme.CA, name: str, links: int) -> None:
    assert len(read_refused(shake_hands(CERTIFICATES[name](ca), trusting(ca)))) == links


def test_of_a_refused_chain_the_servers_own_certificate_comes_first(ca: trustme.CA) -> None:
    leaf, intermediate = read_refused(shake_hands(CERTIFICATES["expired_intermediate"](ca), trusting(ca)))
    assert (sorted(leaf.names), intermediate.names) == (["127.0.0.1", "localhost"], ())


def test_a_certificate_without_names_has_its_time_all_the_same(ca: trustme.CA) -> None:
    [certificate] = read_refused(shake_hands(CERTIFICATES["no_names"](ca), trusting(ca)))
    assert certificate == Certificate(LONG_AGO, FAR_OFF, ())


def test_before_a_server_has_shown_anything_nothing_was_refused() -> None:
    assert read_refused(ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="host")) == ()
