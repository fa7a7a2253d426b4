"""Certificates as servers show them, good and bad, by name.

One authority signs the good ones; nobody trusts it unless told to. All are for this machine, unless that is what is wrong.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtensionOID, NameOID

HERE = ("127.0.0.1", "localhost")
LONG_AGO, PAST, FAR_OFF = (datetime(year, 1, 31, tzinfo=UTC) for year in (2001, 2021, 2999))

# what follows is DER: a sequence of general names, of which [2] is a DNS name and [3] an X.400 address
NAME_IN_NO_CHARSET = b"\x30\x04\x82\x02\xff\xfe"
X400_NAME = b"\x30\x02\xa3\x00"
SUBJECT_NAMES = ExtensionOID.SUBJECT_ALTERNATIVE_NAME
VERSION_3, VERSION_2 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01"


def make_context(*pems: trustme.Blob) -> ssl.SSLContext:
    """A server's TLS with a private key and a chain of certificates, the server's own first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(b"".join(pem.bytes() for pem in pems)).tempfile() as file:
        context.load_cert_chain(file)
    return context


def demand_a_certificate(ca: trustme.CA, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's TLS, nothing wrong with it, that wants to see the client's certificate too."""
    context = CERTIFICATES["good"](ca)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _names(*names: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])


def _made(ca: trustme.CA | None, *extensions: x509.ExtensionType, forged: tuple[bytes, bytes] | None = None) -> ssl.SSLContext:
    certificate, key = _sign(ca, *extensions)
    if forged:
        der = ssl.PEM_cert_to_DER_cert(certificate.bytes().decode())
        certificate = trustme.Blob(ssl.DER_cert_to_PEM_cert(der.replace(*forged)).encode())
    return make_context(key, certificate)


def _issued(
    ca: trustme.CA, *names: str, not_before: datetime | None = None, not_after: datetime | None = None
) -> ssl.SSLContext:
    leaf = ca.issue_cert(*names or HERE, not_before=not_before, not_after=not_after)
    return make_context(leaf.private_key_and_cert_chain_pem)


def _below_a_missing_intermediate(ca: trustme.CA) -> ssl.SSLContext:
    leaf = ca.create_child_ca().issue_cert(*HERE)
    return make_context(leaf.private_key_pem, leaf.cert_chain_pems[0])


def _below_an_expired_intermediate(ca: trustme.CA) -> ssl.SSLContext:
    certificate, key = _sign(ca, x509.BasicConstraints(ca=True, path_length=0), until=PAST)
    leaf = trustme.CA.from_pem(certificate.bytes(), key.bytes()).issue_cert(*HERE)
    return make_context(leaf.private_key_pem, leaf.cert_chain_pems[0], certificate)


def _with_its_root(ca: trustme.CA) -> ssl.SSLContext:
    return make_context(ca.issue_cert(*HERE).private_key_and_cert_chain_pem, ca.cert_pem)


def _sign(
    ca: trustme.CA | None, *extensions: x509.ExtensionType, until: datetime = FAR_OFF
) -> tuple[trustme.Blob, trustme.Blob]:
    """A certificate and its key, with extensions that trustme would not give it; signed with that key where there is no CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    issuer = x509.load_pem_x509_certificate(ca.cert_pem.bytes()).subject if ca else name
    signer = load_pem_private_key(ca.private_key_pem.bytes(), None) if ca else key
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), LONG_AGO, until)
    for extension in (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), *extensions):
        builder = builder.add_extension(extension, critical=False)
    certificate = builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)
    return trustme.Blob(certificate), trustme.Blob(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


# a server's TLS with each, signed by the authority that is given where it should be
CERTIFICATES: dict[str, Callable[[trustme.CA], ssl.SSLContext]] = {
    "good": _issued,
    "expired": lambda ca: _issued(ca, not_before=LONG_AGO, not_after=PAST),
    "not_yet_valid": lambda ca: _issued(ca, not_before=FAR_OFF),
    "wrong_host": lambda ca: _issued(ca, "one.example", "two.example", "three.example", "four.example"),
    "address_as_name": lambda ca: _made(ca, _names("127.0.0.1")),
    "self_signed": lambda _: _made(None, _names(*HERE)),
    "unknown_issuer": lambda _: _issued(trustme.CA()),
    "unknown_root_in_chain": lambda _: _with_its_root(trustme.CA()),
    "missing_intermediate": _below_a_missing_intermediate,
    "expired_intermediate": _below_an_expired_intermediate,
    "no_names": _made,
    "hostile_names": lambda ca: _made(ca, _names("\x1b[2J.example", "new\nline.example", "[bold red]x[/nope].example")),
    "name_in_no_charset": lambda ca: _made(ca, x509.UnrecognizedExtension(SUBJECT_NAMES, NAME_IN_NO_CHARSET)),
    "x400_name": lambda ca: _made(ca, x509.UnrecognizedExtension(SUBJECT_NAMES, X400_NAME)),
    "version_2": lambda _: _made(None, _names(*HERE), forged=(VERSION_3, VERSION_2)),
}
