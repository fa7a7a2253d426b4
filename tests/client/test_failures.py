from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import struct
from collections.abc import Callable
from datetime import UTC
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http_exceptions import BadStatusLine
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.support.certificates import CERTIFICATES, FAR_OFF, PAST
from tests.support.client import fail
from tests.support.servers import Serve, reply, tls_with
from urlcheck.client.certificates import Certificate
from urlcheck.client.failures import Cause, cause_of, is_shortage
from urlcheck.model.outcome import FailureKind

CONNECT, DNS, PROTOCOL, TLS = FailureKind.CONNECT, FailureKind.DNS, FailureKind.PROTOCOL, FailureKind.TLS
KEY = ConnectionKey("host", 443, True, True, None, None, None)  # noqa: FBT003 - aiohttp's own tuple

# --- servers that fail ---


async def test_a_closed_port_refuses_the_connection(closed_port: int) -> None:
    failure = await fail(f"http://127.0.0.1:{closed_port}")
    assert (failure.kind, failure.message, failure.transient) == (CONNECT, "connection refused", True)


async def test_the_address_that_refused_a_connection_is_told(closed_port: int) -> None:
    assert (await fail(f"http://127.0.0.1:{closed_port}")).address == "127.0.0.1"


async def test_a_connection_may_be_reset(serve: Serve) -> None:
    async def reset(_: str, writer: asyncio.StreamWriter) -> None:
        # closing without lingering sends RST
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    server = await serve(reset)
    failure = await fail(server.url)
    assert (failure.kind, failure.message, failure.transient) == (CONNECT, "connection reset", True)


async def test_a_server_may_close_without_an_answer(serve: Serve) -> None:
    server = await serve(b"")
    failure = await fail(server.url)
    assert (failure.kind, failure.message) == (PROTOCOL, "the server closed the connection without an answer")
    assert (failure.transient, failure.address) == (True, "127.0.0.1")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"<html>HTTP/0.9</html>\r\n\r\n", id="a bare body"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="a status in letters"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA\x00: b\r\n\r\n", id="a NUL in a header"),
    ],
)
async def test_what_is_not_http_is_a_protocol_failure(serve: Serve, answer: bytes) -> None:
    server = await serve(answer)
    failure = await fail(server.url)
    assert (failure.kind, failure.status) == (PROTOCOL, None)
    assert re.fullmatch(r"not an HTTP answer: .{5,100}", failure.message)


async def test_an_answer_cut_off_in_its_head_is_a_protocol_failure(serve: Serve) -> None:
    server = await serve(b"HTTP/1.1 200 OK\r\nContent-")
    assert (await fail(server.url)).kind is PROTOCOL


async def test_a_name_that_does_not_exist_is_a_dns_failure() -> None:
    failure = await fail("http://nope.invalid")
    assert failure.kind is DNS
    assert failure.message in ("no such host", "temporary failure in name resolution")  # the second where there is no network


# --- certificates ---


def issued(**terms: Any) -> Callable[[trustme.CA], trustme.LeafCert]:
    return lambda ca: ca.issue_cert("localhost", **terms)


@pytest.mark.parametrize(
    ("issue", "message"),
    [
        pytest.param(issued(not_after=PAST), "certificate expired on 2021-01-31", id="expired"),
        pytest.param(issued(not_before=FAR_OFF), "certificate not valid before 2999-01-31", id="not yet valid"),
        pytest.param(
            lambda ca: ca.issue_cert("elsewhere.invalid"),
            "certificate is not for localhost but for elsewhere.invalid",
            id="wrong host",
        ),
        pytest.param(
            lambda ca: ca.issue_cert(*(f"{name}.invalid" for name in "abcde")),
            "certificate is not for localhost but for a.invalid, b.invalid, c.invalid and 2 more",
            id="wrong host, many names",
        ),
        pytest.param(
            lambda _: trustme.CA().issue_cert("localhost"),
            "certificate of an unknown issuer, or an intermediate certificate is missing",
            id="unknown issuer",
        ),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_said(
    serve: Serve, ca: trustme.CA, ca_file: str, issue: Callable[[trustme.CA], trustme.LeafCert], message: str
) -> None:
    server = await serve(reply(), tls=tls_with(issue(ca)))
    failure = await fail(server.url, ca_file=ca_file)
    assert (failure.kind, failure.message, failure.transient) == (TLS, message, False)


async def test_a_certificate_for_another_ip_address_is_said(serve: Serve, ca: trustme.CA, ca_file: str) -> None:
    server = await serve(reply(), tls=tls_with(ca.issue_cert("127.0.0.2")))
    failure = await fail(server.url.replace("localhost", "127.0.0.1"), ca_file=ca_file)
    assert (failure.kind, failure.message) == (TLS, "certificate is not for 127.0.0.1 but for 127.0.0.2")


async def test_an_expired_intermediate_certificate_is_told_from_the_servers_own(
    serve: Serve, ca: trustme.CA, ca_file: str
) -> None:
    failure = await fail((await serve(reply(), tls=CERTIFICATES["expired_intermediate"](ca))).url, ca_file=ca_file)
    assert (failure.kind, failure.message) == (TLS, "an intermediate certificate expired on 2021-01-31")


async def test_a_certificate_that_is_refused_still_shows_its_end(serve: Serve, ca: trustme.CA) -> None:
    server = await serve(reply(), tls=tls_with(issued(not_after=PAST)(ca)))
    assert (await fail(server.url)).cert_expires == PAST


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        ("self_signed", "self-signed certificate"),
        ("unknown_root_in_chain", "self-signed certificate in the chain: its issuer is not trusted"),
    ],
)
async def test_a_self_signed_certificate_is_said(serve: Serve, ca: trustme.CA, certificate: str, message: str) -> None:
    failure = await fail((await serve(reply(), tls=CERTIFICATES[certificate](ca))).url)
    assert (failure.kind, failure.message) == (TLS, message)


async def test_https_to_a_server_that_speaks_http_is_a_tls_failure() -> None:
    async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_http, "127.0.0.1", 0) as server:
        failure = await fail(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert failure.kind is TLS
    assert failure.message == "no TLS on this port: it answers in another protocol, such as plain HTTP"


async def test_a_server_that_hangs_up_in_the_handshake_is_a_tls_failure() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        failure = await fail(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert failure.kind is TLS
    assert failure.message.endswith("in the TLS handshake")


# --- the table ---


def os_error(number: int) -> OSError:
    return OSError(number, "whatever")


def connector_error(number: int) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(KEY, os_error(number))


def certificate_error(code: int) -> aiohttp.ClientConnectorCertificateError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "a reason of OpenSSL's"
    return aiohttp.ClientConnectorCertificateError(KEY, error)


def tls_error(reason: str) -> aiohttp.ClientConnectorSSLError:
    error = ssl.SSLError(1, "[SSL] whatever")
    error.reason = reason
    return aiohttp.ClientConnectorSSLError(KEY, error)


def unix_error(number: int) -> UnixClientConnectorError:
    return UnixClientConnectorError("/run/app.sock", KEY, os_error(number))


def parser_error(message: str) -> aiohttp.ClientResponseError:
    """As aiohttp raises it: with a status that no server sent."""
    url = URL("http://host")
    request = aiohttp.RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    error = aiohttp.ClientResponseError(request, (), status=400, message=message)
    error.__cause__ = BadStatusLine(message)
    return error


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, os_error(socket.EAI_NONAME)), Cause(DNS, "no such host")),
        (
            aiohttp.ClientConnectorDNSError(KEY, OSError("without a number")),
            Cause(DNS, "the name could not be looked up: without a number", transient=True),
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, os_error(socket.EAI_FAIL)),
            Cause(DNS, "the name servers failed", transient=True),
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, os_error(socket.EAI_AGAIN)),
            Cause(DNS, "temporary failure in name resolution", transient=True),
        ),
        (connector_error(errno.ECONNREFUSED), Cause(CONNECT, "connection refused", transient=True)),
        (connector_error(errno.ECONNRESET), Cause(CONNECT, "connection reset", transient=True)),
        (connector_error(errno.ETIMEDOUT), Cause(CONNECT, "the connection timed out", transient=True)),
        (connector_error(errno.EHOSTUNREACH), Cause(CONNECT, "no route to the host", transient=True)),
        (connector_error(errno.ENETUNREACH), Cause(CONNECT, "the network is unreachable", transient=True)),
        (connector_error(errno.EACCES), Cause(CONNECT, "connecting is not permitted", transient=True)),
        (
            aiohttp.ClientConnectorError(KEY, OSError(f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] a, [Errno 1] b")),
            Cause(CONNECT, "connection refused", transient=True),
        ),
        (
            aiohttp.ClientProxyConnectionError(KEY, os_error(errno.ECONNREFUSED)),
            Cause(CONNECT, "proxy the.proxy:3128: connection refused", transient=True),
        ),
        (aiohttp.ClientOSError(errno.ECONNRESET, "whatever"), Cause(CONNECT, "connection reset", transient=True)),
        (
            aiohttp.ClientOSError(errno.EPIPE, "whatever"),  # it closed before all was sent
            Cause(PROTOCOL, "the server closed the connection without an answer", transient=True),
        ),
        (ConnectionResetError(), Cause(CONNECT, "the connection failed")),
        (certificate_error(9), Cause(TLS, "certificate not valid")),
        (certificate_error(10), Cause(TLS, "certificate expired")),
        (certificate_error(18), Cause(TLS, "self-signed certificate")),
        (certificate_error(19), Cause(TLS, "self-signed certificate in the chain: its issuer is not trusted")),
        *(
            (
                certificate_error(code),
                Cause(TLS, "certificate of an unknown issuer, or an intermediate certificate is missing"),
            )
            for code in (2, 20, 21)
        ),
        (certificate_error(23), Cause(TLS, "certificate was revoked")),
        *((certificate_error(code), Cause(TLS, "certificate is not for the.host")) for code in (62, 64)),
        (certificate_error(24), Cause(TLS, "certificate not trusted: a reason of OpenSSL's")),
        (
            tls_error("WRONG_VERSION_NUMBER"),
            Cause(TLS, "no TLS on this port: it answers in another protocol, such as plain HTTP"),
        ),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), Cause(TLS, "the server speaks neither TLS 1.2 nor 1.3")),
        (tls_error("UNSUPPORTED_PROTOCOL"), Cause(TLS, "the server speaks an older version of TLS than 1.2 alone")),
        (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), Cause(TLS, "the server requires a client certificate")),
        (tls_error("SSLV3_ALERT_CERTIFICATE_UNKNOWN"), Cause(TLS, "the server refused the client's certificate")),
        (
            tls_error("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"),
            Cause(TLS, "the server refused the client's certificate: it is of a kind that is not for clients"),
        ),
        (
            tls_error("TLSV1_ALERT_ACCESS_DENIED"),
            Cause(TLS, "the server refused the client's certificate, or requires one"),
        ),
        (unix_error(errno.ENOENT), Cause(CONNECT, "no such socket: /run/app.sock", transient=True)),
        (unix_error(errno.ECONNREFUSED), Cause(CONNECT, "connection refused: /run/app.sock", transient=True)),
        (unix_error(errno.EACCES), Cause(CONNECT, "connecting is not permitted: /run/app.sock")),
        (tls_error("TLSV1_UNRECOGNIZED_NAME"), Cause(TLS, "the server does not know this host name")),
        (
            tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"),
            Cause(TLS, "the server refused the handshake: no common cipher, or it requires a client certificate"),
        ),
        *(
            (error, Cause(TLS, "the server closed the connection in the TLS handshake", transient=True))
            for error in (
                aiohttp.ClientConnectorSSLError(KEY, ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
                aiohttp.ClientConnectorSSLError(KEY, ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed (EOF)")),
                tls_error("UNEXPECTED_EOF_WHILE_READING"),
            )
        ),
        (tls_error("BAD_ECPOINT"), Cause(TLS, "TLS handshake failed: bad ecpoint")),
        (
            aiohttp.ServerDisconnectedError("HTTP/1.1 a raw message\r\nSet-Cookie: secret"),
            Cause(PROTOCOL, "the server closed the connection without an answer", transient=True),
        ),
        (parser_error("Bad status line:\n\n  b'SSH'\n    ^"), Cause(PROTOCOL, "not an HTTP answer: Bad status line")),
        (aiohttp.ClientPayloadError("cut off"), Cause(PROTOCOL, "a broken body: cut off")),
        (ValueError("first line\nsecond line"), Cause(PROTOCOL, "ValueError: first line")),
        (UnicodeError(), Cause(PROTOCOL, "UnicodeError: no reason given")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.message,
)
def test_every_exception_has_its_cause(error: Exception, cause: Cause) -> None:
    assert cause_of(error, "the.host", proxy="the.proxy:3128" if "proxy" in cause.message else "") == cause


def test_a_connection_lost_in_the_handshake_is_a_tls_failure() -> None:
    cause = cause_of(connector_error(errno.ECONNRESET), in_handshake=True)
    assert cause == Cause(TLS, "connection reset in the TLS handshake", transient=True)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(connector_error(errno.EMFILE), id="too many open files"),
        pytest.param(connector_error(errno.ENFILE), id="too many in the whole system"),
        pytest.param(aiohttp.ClientConnectorDNSError(KEY, os_error(errno.EMFILE)), id="met in a lookup"),
        pytest.param(OSError(f"Multiple exceptions: [Errno {errno.EMFILE}] a, [Errno 1] b"), id="at several addresses"),
        pytest.param(socket.gaierror(socket.EAI_MEMORY, "out of memory"), id="out of memory in a lookup"),
        pytest.param(MemoryError(), id="out of memory"),
    ],
)
def test_what_this_machine_lacks_is_a_shortage(error: Exception) -> None:
    assert is_shortage(error)


@pytest.mark.parametrize(
    "error",
    [
        connector_error(errno.ECONNREFUSED),
        aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "no such host")),
        aiohttp.ServerDisconnectedError(),
        ValueError("24"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_server_lacks_is_no_shortage(error: Exception) -> None:
    assert not is_shortage(error)


ERRORS = st.one_of(
    st.builds(OSError, st.integers(), st.text()),
    st.builds(OSError, st.text()),
    st.builds(ssl.SSLError, st.integers(), st.text()),
    st.builds(ssl.SSLCertVerificationError, st.text()),
)
CLIENT_ERRORS = st.one_of(
    ERRORS,
    st.builds(
        lambda kind, error: kind(KEY, error),
        st.sampled_from(
            [
                aiohttp.ClientConnectorError,
                aiohttp.ClientConnectorDNSError,
                aiohttp.ClientConnectorSSLError,
                aiohttp.ClientProxyConnectionError,
            ]
        ),
        ERRORS,
    ),
    st.builds(lambda error: aiohttp.ClientConnectorCertificateError(KEY, error), st.builds(ValueError, st.text())),
    st.builds(parser_error, st.text()),
    st.builds(aiohttp.ClientPayloadError, st.text()),
    st.builds(aiohttp.ServerDisconnectedError, st.text()),
    st.builds(RuntimeError, st.text()),
)


@given(CLIENT_ERRORS, st.booleans())
def test_no_exception_is_without_a_cause_in_one_short_line(error: Exception, in_handshake: bool) -> None:  # noqa: FBT001
    message = cause_of(error, "host", in_handshake=in_handshake).message
    assert 0 < len(message) <= 200
    assert "\n" not in message


CHAINS = st.lists(
    st.builds(
        Certificate,
        st.datetimes(timezones=st.just(UTC)),
        st.datetimes(timezones=st.just(UTC)),
        st.lists(st.text(), max_size=5).map(tuple),
    )
)


@given(st.integers(0, 100).map(certificate_error), CHAINS)
def test_no_chain_of_certificates_keeps_its_fault_from_being_told(error: Exception, chain: list[Certificate]) -> None:
    cause = cause_of(error, "host", chain)
    assert cause.kind is TLS
    assert 0 < len(cause.message) <= 300


@given(CLIENT_ERRORS)
def test_of_every_exception_it_can_be_told_whether_it_is_a_shortage(error: Exception) -> None:
    assert is_shortage(error) in (True, False)
