"""How an attempt can end without an answer: every exception becomes a kind, a message and whether it may pass. Here only."""

from __future__ import annotations

import errno
import re
import socket
from dataclasses import dataclass

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ServerDisconnectedError,
)

from urlcheck.model import FailureKind

_ERRNO = re.compile(r"\[Errno (\d+)\]")

_CONNECT_MESSAGES = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ECONNABORTED: "connection aborted",
    errno.ETIMEDOUT: "the connection timed out",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "the network is unreachable",
    errno.EADDRNOTAVAIL: "the address is not available",
}

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_CERTIFICATE_MESSAGES = {
    9: "the certificate is not yet valid",
    10: "the certificate has expired",
    18: "a self-signed certificate",
    19: "a self-signed certificate in the chain",
    20: "the certificate's issuer is unknown",
    21: "the certificate's issuer is unknown",
    62: "the certificate is for another host",
    64: "the certificate is for another IP address",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an attempt failed, before it is known what else there is to report of it."""

    kind: FailureKind
    message: str
    transient: bool = False


def cause_of(error: Exception) -> Cause:
    """The cause of a failure that the client library raised; never raises itself."""
    match error:
        case ClientConnectorDNSError():
            return _name_cause(error.os_error)
        case ClientConnectorCertificateError():
            return _certificate_cause(error.certificate_error)
        case ClientConnectorSSLError():
            reason = getattr(error.os_error, "reason", None) or "no reason given"
            return Cause(FailureKind.TLS, f"TLS handshake failed: {reason.replace('_', ' ').lower()}")
        case ClientProxyConnectionError():
            return Cause(FailureKind.CONNECT, f"proxy: {_connect_message(error.os_error)}", transient=True)
        case ClientConnectorError():
            return Cause(FailureKind.CONNECT, _connect_message(error.os_error), transient=True)
        case ServerDisconnectedError():
            return Cause(FailureKind.PROTOCOL, "the server closed the connection without an answer", transient=True)
        case ClientOSError():
            return Cause(FailureKind.CONNECT, _connect_message(error), transient=True)
        case ClientResponseError() if error.__cause__ is not None:
            # its status is the library's own, not one that a server sent
            return Cause(FailureKind.PROTOCOL, f"not an HTTP answer: {_first_line(error.message)}")
        case ClientPayloadError():
            return Cause(FailureKind.PROTOCOL, f"a broken body: {_first_line(str(error))}")
        case OSError():
            return Cause(FailureKind.CONNECT, _connect_message(error), transient=True)
        case _:
            return Cause(FailureKind.PROTOCOL, f"{type(error).__name__}: {_first_line(str(error))}")


def _name_cause(error: OSError) -> Cause:
    if error.errno == socket.EAI_AGAIN:
        return Cause(FailureKind.DNS, "temporary failure in name resolution", transient=True)
    return Cause(FailureKind.DNS, "no such host")


def _certificate_cause(error: Exception) -> Cause:
    code = getattr(error, "verify_code", None)
    message = _CERTIFICATE_MESSAGES.get(code or 0) or f"the certificate: {getattr(error, 'verify_message', error)}"
    return Cause(FailureKind.TLS, message)


def _connect_message(error: OSError) -> str:
    number = error.errno
    if number is None and (found := _ERRNO.search(str(error))):  # several addresses, each with an error of its own
        number = int(found[1])
    if number is None:
        return "the connection failed"
    return _CONNECT_MESSAGES.get(number) or f"the connection failed: {errno.errorcode.get(number, number)}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:100].rstrip(" :") or "no reason given"
