"""Turns the exceptions of an attempt into failures: a kind, a message and whether it may pass. No other module does so."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ServerDisconnectedError,
)
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.http_exceptions import ContentLengthError, TransferEncodingError

from urlcheck.client.body import BrokenBodyError
from urlcheck.client.certificates import Certificate
from urlcheck.client.protocol import BrokenHeadError
from urlcheck.http.retry_after import TEMPORARY_STATUSES
from urlcheck.model.outcome import FailureKind

_ERRNO = re.compile(r"\[Errno (\d+)\]")
# the frame that the ssl module puts around the text of OpenSSL
_SSL_FRAME = re.compile(r"^\[[^]]*\] *| *\(_ssl\.c:\d+\)")
_SHOWN_NAMES = 3
_MESSAGE_LIMIT = 120

# errors that report a shortage of this machine, not of the server
_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_CONNECT_MESSAGES = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ECONNABORTED: "connection aborted",
    errno.ETIMEDOUT: "the connection timed out",
    errno.EHOSTUNREACH: "no route to the host",
    errno.EHOSTDOWN: "the host is down",
    errno.ENETUNREACH: "the network is unreachable",
    errno.EADDRNOTAVAIL: "the address is not available",
    errno.EACCES: "connecting is not permitted",
    errno.EPERM: "connecting is not permitted",
    errno.ENOENT: "no such socket",
}

_NAME_MESSAGES = {
    socket.EAI_NONAME: "no such host",
    getattr(socket, "EAI_NODATA", socket.EAI_NONAME): "the name has no address",
    getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME): "the name has no address of this family",
    socket.EAI_FAIL: "the name servers failed",
    socket.EAI_AGAIN: "temporary failure in name resolution",
}

# by the reason that OpenSSL gives, or a part of it
_TLS_MESSAGES = (
    ("WRONG_VERSION_NUMBER", "no TLS on this port: it answers in another protocol, such as plain HTTP"),
    ("HTTP_REQUEST", "no TLS on this port: it answers in plain HTTP"),
    ("PACKET_LENGTH_TOO_LONG", "no TLS on this port: it answers in another protocol"),
    ("RECORD_LAYER_FAILURE", "no TLS on this port: it answers in another protocol"),
    ("UNSUPPORTED_PROTOCOL", "the server speaks an older version of TLS than 1.2 alone"),
    ("PROTOCOL_VERSION", "the server speaks neither TLS 1.2 nor 1.3"),
    ("NO_APPLICATION_PROTOCOL", "the server speaks HTTP/2 alone"),
    ("DH_KEY_TOO_SMALL", "the server's Diffie-Hellman key is too small"),
    ("UNSAFE_LEGACY_RENEGOTIATION", "the server does not know secure renegotiation (RFC 5746)"),
    ("CERTIFICATE_REQUIRED", "the server requires a client certificate"),
    ("ALERT_UNKNOWN_CA", "the server does not trust the client's certificate: its issuer is unknown there"),
    ("ALERT_CERTIFICATE_EXPIRED", "the server refused the client's certificate, which has expired"),
    ("ALERT_CERTIFICATE_UNKNOWN", "the server refused the client's certificate"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "the server refused the client's certificate: it is of a kind that is not for clients"),
    ("ALERT_ACCESS_DENIED", "the server refused the client's certificate, or requires one"),
    ("BAD_CERTIFICATE", "the server refused the client's certificate, or requires one"),
    ("UNRECOGNIZED_NAME", "the server does not know this host name"),
    ("HANDSHAKE_FAILURE", "the server refused the handshake: no common cipher, or it requires a client certificate"),
)


@dataclass(frozen=True, slots=True)
class Cause:
    """The reason why an attempt failed, without place and time."""

    kind: FailureKind
    message: str
    transient: bool = False


def cause_of(
    error: Exception,
    host: str = "",
    chain: Sequence[Certificate] = (),
    *,
    in_handshake: bool = False,
    old_version: str | None = None,
    proxy: str = "",
) -> Cause:
    """The cause of a failure that the client library raised; never raises itself.

    `host` is the one that was asked; `chain` the certificates that it showed, if they were refused; `old_version` the version
    of TLS that it chose, if it is one that is not spoken here; `proxy` the host and port of the proxy that was to be asked.
    """
    match error:
        case ClientConnectorDNSError() if proxy:
            cause = _name_cause(error.os_error)
            return Cause(FailureKind.CONNECT, f"proxy {proxy}: {cause.message}", transient=cause.transient)
        case ClientConnectorDNSError():
            return _name_cause(error.os_error)
        case ClientConnectorCertificateError():
            return _certificate_cause(error.certificate_error, host, chain)
        case ClientConnectorSSLError() if old_version:
            return Cause(FailureKind.TLS, f"the server speaks {old_version} alone")
        case ClientConnectorSSLError():
            return _tls_cause(error.os_error)
        case ClientProxyConnectionError():
            return Cause(FailureKind.CONNECT, f"proxy {proxy}: {_connect_message(error.os_error)}", transient=True)
        case UnixClientConnectorError() if not in_handshake:
            is_starting = _number(error.os_error) in (errno.ECONNREFUSED, errno.ENOENT)
            return Cause(FailureKind.CONNECT, f"{_connect_message(error.os_error)}: {error.path}", transient=is_starting)
        case ClientConnectorError() if in_handshake:  # the connection stood, the handshake did not
            return _tls_cause(error.os_error)
        case ClientConnectorError():
            return Cause(FailureKind.CONNECT, _connect_message(error.os_error), transient=True)
        case ClientHttpProxyError():
            message = f"the proxy {proxy} answered {error.status} {_shorten(error.message)}"
            return Cause(FailureKind.CONNECT, message, transient=error.status in TEMPORARY_STATUSES)
        case ClientResponseError() if error.__cause__ is not None:
            # its status is the library's own, not one that a server sent
            return Cause(FailureKind.PROTOCOL, f"not an HTTP answer: {_shorten(error.message)}")
        case BrokenHeadError():
            message = "the connection ended before the end of the headers"
            return Cause(FailureKind.PROTOCOL, message, transient=True)
        case ServerDisconnectedError() | ClientOSError():
            return _lost_cause(error)
        case ClientPayloadError():
            return _body_cause(error)
        case BrokenBodyError():
            return Cause(FailureKind.PROTOCOL, str(error))
        case ssl.SSLError():
            return _tls_cause(error)
        case OSError():
            return Cause(FailureKind.CONNECT, _connect_message(error), transient=error.errno is not None)
        case _:
            return Cause(FailureKind.PROTOCOL, f"{type(error).__name__}: {_shorten(str(error))}")


def is_shortage(error: BaseException) -> bool:
    """Whether this machine ran out of something: then the failure says nothing about the URL."""
    return any(_number(link) in _SHORTAGES or _is_memory(link) for link in _chain(error))


def _name_cause(error: OSError) -> Cause:
    message = _NAME_MESSAGES.get(error.errno or 0)
    if message is None:
        return Cause(
            FailureKind.DNS, f"the name could not be looked up: {_shorten(error.strerror or str(error))}", transient=True
        )
    return Cause(FailureKind.DNS, message, transient=error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL))


def _certificate_cause(error: Exception, host: str, chain: Sequence[Certificate]) -> Cause:
    """By X509_V_ERR_* of OpenSSL's x509_vfy.h."""
    now = datetime.now(UTC)
    match getattr(error, "verify_code", None):
        case 9:
            message = _describe_time(chain, lambda link: link.begins > now, "not valid", "before {:%Y-%m-%d}", "begins")
        case 10:
            message = _describe_time(chain, lambda link: link.expires < now, "expired", "on {:%Y-%m-%d}", "expires")
        case 18:
            message = "self-signed certificate"
        case 19:
            message = "self-signed certificate in the chain: its issuer is not trusted"
        case 2 | 20 | 21:
            message = "certificate of an unknown issuer, or an intermediate certificate is missing"
        case 64 if chain and host.strip("[]") in chain[0].names:  # an address of that value would have been accepted
            message = f"certificate names {host} as a DNS name, not as an IP address"
        case 62 | 64:
            message = f"certificate is not for {host}{_list_names(chain)}"
        case 23:
            message = "certificate was revoked"
        case _:
            message = f"certificate not trusted: {_shorten(getattr(error, 'verify_message', '') or str(error))}"
    return Cause(FailureKind.TLS, message)


def _describe_time(
    chain: Sequence[Certificate], is_faulty: Callable[[Certificate], bool], fault: str, when: str, field: str
) -> str:
    """`certificate expired on 2026-10-01`, or that an intermediate one did."""
    for link in chain:
        if is_faulty(link):
            owner = "certificate" if link is chain[0] else "an intermediate certificate"
            return f"{owner} {fault} {when.format(getattr(link, field))}"
    return f"certificate {fault}"


def _list_names(chain: Sequence[Certificate]) -> str:
    names = chain[0].names if chain else ()
    if not names:
        return ""
    shown = ", ".join(name[:64] for name in names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f" but for {shown}{f' and {more} more' if more > 0 else ''}"


def _tls_cause(error: OSError) -> Cause:
    if not isinstance(error, ssl.SSLError):
        return Cause(FailureKind.TLS, f"{_connect_message(error)} in the TLS handshake", transient=True)
    # an error that Python has no name for has no reason, but a text
    reason = str(getattr(error, "reason", None) or _SSL_FRAME.sub("", error.strerror or str(error)))
    name = reason.upper().replace(" ", "_")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError) or "UNEXPECTED_EOF" in name:
        return Cause(FailureKind.TLS, "the server closed the connection in the TLS handshake", transient=True)
    for part, message in _TLS_MESSAGES:
        if part in name:
            return Cause(FailureKind.TLS, message)
    return Cause(FailureKind.TLS, f"TLS handshake failed: {_shorten(reason.replace('_', ' ').lower())}")


def _lost_cause(error: Exception) -> Cause:
    """A connection that stood, and ended before the answer."""
    for link in _chain(error):
        if isinstance(link, ssl.SSLError):  # TLS 1.3 refuses a client only after its handshake
            return _tls_cause(link)
    # a broken pipe is a server that closed before all was sent
    if isinstance(error, OSError) and _number(error) not in (None, errno.EPIPE):
        return Cause(FailureKind.CONNECT, _connect_message(error), transient=True)
    return Cause(FailureKind.PROTOCOL, "the server closed the connection without an answer", transient=True)


def _body_cause(error: ClientPayloadError) -> Cause:
    """A body that ended too early, or whose chunks are malformed."""
    for link in _chain(error):
        if isinstance(link, OSError | ContentLengthError | TransferEncodingError):
            return Cause(FailureKind.PROTOCOL, "the body breaks off before its end", transient=True)
    return Cause(FailureKind.PROTOCOL, f"a broken body: {_shorten(str(error))}")


def _connect_message(error: OSError) -> str:
    number = _number(error)
    if number is None:
        return (
            _shorten(error.strerror or str(error))
            if type(error) is OSError and not error.args[1:]
            else "the connection failed"
        )
    return _CONNECT_MESSAGES.get(number) or f"the connection failed: {errno.errorcode.get(number, number)}"


def _number(error: BaseException) -> int | None:
    if not isinstance(error, OSError) or isinstance(error, socket.gaierror | ssl.SSLError):
        return None  # the latter two count their own numbers
    if error.errno is None and (found := _ERRNO.search(str(error))):  # several addresses failed, each with its own error
        return int(found[1])
    return error.errno


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, socket.gaierror) and error.errno == socket.EAI_MEMORY)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it."""
    seen: list[BaseException] = []
    queue = [error]
    while queue and len(seen) < 10:
        link = queue.pop()
        seen.append(link)
        yield link
        causes = (getattr(link, "os_error", None), link.__cause__, link.__context__)
        queue += [cause for cause in causes if isinstance(cause, BaseException) and cause not in seen]


def _shorten(text: str) -> str:
    return text.strip().partition("\n")[0][:_MESSAGE_LIMIT].rstrip(" :") or "no reason given"
