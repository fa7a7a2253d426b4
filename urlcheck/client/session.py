"""The one `ClientSession` of a run: connector, limits and trust."""

from __future__ import annotations

import socket
import ssl
from contextlib import AsyncExitStack
from functools import partial
from os import fspath
from typing import Self

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.abc import AbstractResolver

from urlcheck.client.address_policy import AddressPolicy
from urlcheck.client.attempt import HttpClient
from urlcheck.client.client_certificate import load_identity
from urlcheck.client.connector import TracedConnector
from urlcheck.client.credentials import Credentials
from urlcheck.client.heads import MAX_HEAD_BYTES, MAX_HEADERS
from urlcheck.client.pool import Pool
from urlcheck.client.proxies import Proxies
from urlcheck.client.requester import Requester, report_lost_connections
from urlcheck.client.resolver import PinningResolver, make_resolver
from urlcheck.client.sockets import UnixSocketConnector, check_path
from urlcheck.client.tls import TracedContext
from urlcheck.model.errors import SettingsError
from urlcheck.runtime.descriptors import Allowance
from urlcheck.settings.scopes import CheckSettings, ConnectionSettings

_IDLE_SECONDS = 5.0
_NAMES, _NAME_SECONDS = 10_000, 60
# with `--wait`, a cached name or failure expires before the next attempt
_NAME_SECONDS_WAITING, _FAILURE_SECONDS_WAITING = 1, 0.2
# Python's own list leaves out CBC with SHA-1 and RSA key exchange, which are all that some servers have; browsers open them
_CIPHERS = "DEFAULT"
# where nothing is verified: keys and digests of any strength too, but no cipher without a certificate, which is reported
_CIPHERS_UNVERIFIED = "ALL:!aNULL:@SECLEVEL=0"
_FAMILIES = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


class Clients:
    """The clients of a run: one session for all checks whose connection settings are equal.

    All of them open their sockets within one allowance. `waits`: names are looked up again soon, as for services that start.
    """

    def __init__(self, allowance: Allowance | None = None, *, waits: bool = False) -> None:
        self._stack = AsyncExitStack()
        self._pool = Pool(allowance or Allowance())
        self._stack.push_async_callback(self._pool.close)  # after the sessions
        self._waits = waits
        self._sessions: dict[object, ClientSession] = {}
        self._identities: dict[ConnectionSettings, TracedContext] = {}

    def open(self, settings: CheckSettings) -> HttpClient:
        """A client for requests by these settings. Raises `SettingsError` for a setting that cannot be used."""
        proxies = Proxies("" if settings.unix_socket else settings.proxy)  # the socket wins over those of the environment
        if settings.block_private and proxies:
            reason = "cannot be held through a proxy, where only the proxy's address is known;"
            if settings.proxy:
                raise SettingsError("block_private", f"{reason} leave out", "proxy")
            raise SettingsError("block_private", f"{reason} unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or set NO_PROXY='*'")
        connection = settings.part(ConnectionSettings)
        credentials, address_policy = Credentials(settings), AddressPolicy(block_private=settings.block_private)
        session = self._find_session(connection, is_repeatable=settings.is_repeatable)
        client = HttpClient(Requester(session), settings, credentials, proxies, address_policy)
        client.identity = self._find_identity(connection)
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _find_session(self, settings: ConnectionSettings, *, is_repeatable: bool) -> ClientSession:
        # a request that must not be sent twice must not use a connection that was kept, and may be dead
        key = (settings, is_repeatable)
        if key not in self._sessions:
            self._sessions[key] = self._open_session(settings)
        return self._sessions[key]

    def _find_identity(self, settings: ConnectionSettings) -> TracedContext | None:
        """The TLS context that shows the user's certificate, where there is one."""
        if settings.cert is None:
            return None
        if settings not in self._identities:
            context = make_trust(settings)
            load_identity(context, fspath(settings.cert), None if settings.key is None else fspath(settings.key))
            self._identities[settings] = context
        return self._identities[settings]

    def _open_session(self, settings: ConnectionSettings) -> ClientSession:
        trust = make_trust(settings)
        socket_path = settings.unix_socket and fspath(settings.unix_socket)
        if socket_path:
            check_path(socket_path)
        confirming = make_resolver()
        self._stack.push_async_callback(confirming.close)
        if self._waits:
            confirming.failure_seconds = _FAILURE_SECONDS_WAITING
        resolver: AbstractResolver = confirming
        if settings.resolve:
            resolver = PinningResolver(settings.resolve, confirming)
        connect = partial(UnixSocketConnector, socket_path) if socket_path else TracedConnector
        connector = connect(
            pool=self._pool,
            limit=0,  # waiting is the scheduler's business
            family=_FAMILIES[None if settings.unix_socket else settings.ip_version],
            resolver=resolver,
            ttl_dns_cache=_NAME_SECONDS_WAITING if self._waits else _NAME_SECONDS,
            dns_cache_max_size=_NAMES,
            keepalive_timeout=_IDLE_SECONDS,
            ssl=trust,
        )
        session = ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=None),  # an attempt's own clock covers all of it
            auto_decompress=False,  # a body is decompressed where it can be bounded
            middlewares=(report_lost_connections,),
            max_line_size=MAX_HEAD_BYTES,  # aiohttp's own limits fail working sites (aiohttp issue 2304)
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEADERS,
        )
        self._stack.push_async_callback(session.close)
        return session


def make_trust(settings: ConnectionSettings) -> TracedContext:
    """The TLS context of a run. Raises `SettingsError` for a trust store that cannot be used."""
    context = TracedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    context.set_ciphers(_CIPHERS_UNVERIFIED if settings.insecure else _CIPHERS)
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif settings.ca_file is None:
        context.trusts_system = True
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(settings.ca_file)
        except ssl.SSLError:
            raise SettingsError("ca_file", f"{fspath(settings.ca_file)} holds no certificates in PEM form") from None
        except OSError as error:
            raise SettingsError("ca_file", f"cannot read {fspath(settings.ca_file)}: {error.strerror}") from None
    return context
