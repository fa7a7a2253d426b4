"""Certificates of servers, read from a TLS connection whether it trusts them or not (RFC 5280)."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_LINKS = 10  # certificates of a chain that are read, at most


@dataclass(frozen=True, slots=True)
class Certificate:
    """From and until when a certificate is valid, in UTC, and the DNS names and IP addresses that it is for."""

    begins: datetime
    expires: datetime
    names: tuple[str, ...]


def read_expiry(tls: ssl.SSLObject) -> datetime | None:
    """Until when the certificate of an established connection is valid, in UTC."""
    verified = tls.getpeercert()
    if verified:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(verified["notAfter"])), UTC)
    der = tls.getpeercert(binary_form=True)
    certificate = read_certificate(der) if der else None
    return certificate.expires if certificate else None


def read_refused(tls: ssl.SSLObject) -> tuple[Certificate, ...]:
    """The chain that made a handshake fail, the server's own certificate first; empty where OpenSSL before 3.0 forgot it."""
    # public from Python 3.13 on; before, on the wrapped object alone
    source: Any = tls if hasattr(tls, "get_unverified_chain") else getattr(tls, "_sslobj", None)
    try:
        links = source.get_unverified_chain() or ()
        ders = [link if isinstance(link, bytes) else ssl.PEM_cert_to_DER_cert(link.public_bytes()) for link in links[:_LINKS]]
    except (AttributeError, TypeError, ValueError, ssl.SSLError):
        return ()
    certificates = []
    for der in ders:
        certificate = read_certificate(der)
        if certificate is None:
            break
        certificates.append(certificate)
    return tuple(certificates)


def read_certificate(der: bytes) -> Certificate | None:
    """A certificate from its DER form; None for one that is malformed."""
    from cryptography import x509  # noqa: PLC0415 - 40 ms, and only certificates that are not trusted need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about oddities that the user cannot fix
            certificate = x509.load_der_x509_certificate(der)
        begins, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except Exception:  # noqa: BLE001 - a hostile one raises more than is documented
        return None
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
        return Certificate(begins, expires, (*names.get_values_for_type(x509.DNSName), *addresses))
    except Exception:  # noqa: BLE001 - likewise, and one without names is still a certificate
        return Certificate(begins, expires, ())
