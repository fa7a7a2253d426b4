"""The one `ClientSession` of a run: connector, limits and trust."""

from __future__ import annotations

import socket
import ssl
from contextlib import AsyncExitStack
from functools import partial
from typing import Self

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.abc import AbstractResolver

from urlcheck.client.attempt import HttpClient, report_lost_connections
from urlcheck.client.client_certificate import load_identity
from urlcheck.client.compatibility import refuse_conflicts
from urlcheck.client.credentials import Credentials
from urlcheck.client.pool import Pool
from urlcheck.client.protocol import MAX_HEAD_BYTES
from urlcheck.client.proxies import Proxies
from urlcheck.client.resolver import PinningResolver, make_resolver
from urlcheck.client.sockets import UnixSocketConnector
from urlcheck.client.trace import Guard, WitnessedConnector, WitnessedContext
from urlcheck.http.methods import is_idempotent
from urlcheck.model.errors import SettingsError
from urlcheck.runtime.descriptors import Allowance
from urlcheck.settings.settings import Settings

_MAX_HEADERS = 1000

_IDLE_SECONDS = 5.0
_NAMES, _NAME_SECONDS = 10_000, 60
# where a name is waited for, what is known of it is older than the next attempt
_NAME_SECONDS_WAITING, _FAILURE_SECONDS_WAITING = 1, 0.2
_FAMILIES = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


class Clients:
    """The clients of a run: one session for each way to connect, which is one, unless targets have ways of their own.

    All of them open their sockets within one allowance.
    """

    def __init__(self, allowance: Allowance | None = None) -> None:
        self._stack = AsyncExitStack()
        self._pool = Pool(allowance or Allowance())
        self._sessions: dict[object, ClientSession] = {}
        self._identities: dict[object, WitnessedContext] = {}

    def open(self, settings: Settings) -> HttpClient:
        """A client for requests by these settings. Raises `SettingsError` for a setting that cannot be used."""
        refuse_conflicts(settings)
        proxies = Proxies("" if settings.unix_socket else settings.proxy)  # the socket wins over those of the environment
        if settings.block_private and proxies:
            remedy = (
                "leave out --proxy" if settings.proxy else "unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or set NO_PROXY='*'"
            )
            raise SettingsError(f"--block-private cannot be held through a proxy, where only its address is seen; {remedy}")
        credentials, guard = Credentials(settings), Guard(block_private=settings.block_private)
        client = HttpClient(self._find_session(settings), settings, credentials, proxies, guard)
        client.identity = self._find_identity(settings)
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _find_session(self, settings: Settings) -> ClientSession:
        trust = (settings.insecure, settings.ca_file)
        # what must not be sent twice must not meet a connection that was kept, and may be dead
        way = (trust, settings.ip_version, settings.resolve, settings.unix_socket, is_idempotent(settings.method))
        if way not in self._sessions:
            self._sessions[way] = self._open_session(settings)
        return self._sessions[way]

    def _find_identity(self, settings: Settings) -> WitnessedContext | None:
        """The TLS context that shows the user's certificate, where there is one."""
        if settings.cert is None:
            return None
        key = (settings.insecure, settings.ca_file, settings.cert, settings.key)
        if key not in self._identities:
            context = make_trust(settings)
            load_identity(context, settings.cert, settings.key)
            self._identities[key] = context
        return self._identities[key]

    def _open_session(self, settings: Settings) -> ClientSession:
        trust = make_trust(settings)
        confirming = make_resolver()
        if settings.wait:
            confirming.failure_seconds = _FAILURE_SECONDS_WAITING
        resolver: AbstractResolver = confirming
        if settings.resolve:
            resolver = PinningResolver(settings.resolve, confirming)
        connect = partial(UnixSocketConnector, settings.unix_socket) if settings.unix_socket else WitnessedConnector
        connector = connect(
            pool=self._pool,
            limit=0,  # waiting is the scheduler's business
            family=_FAMILIES[None if settings.unix_socket else settings.ip_version],
            resolver=resolver,
            ttl_dns_cache=_NAME_SECONDS_WAITING if settings.wait else _NAME_SECONDS,
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
            max_headers=_MAX_HEADERS,
        )
        self._stack.push_async_callback(resolver.close)
        self._stack.push_async_callback(session.close)
        return session


def make_trust(settings: Settings) -> WitnessedContext:
    """The TLS context of a run. Raises `SettingsError` for a trust store that cannot be used."""
    context = WitnessedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif settings.ca_file is None:
        context.trusts_system = True
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(settings.ca_file)
        except ssl.SSLError:
            raise SettingsError(f"--ca-file {settings.ca_file} holds no certificates in PEM form") from None
        except OSError as error:
            raise SettingsError(f"cannot read --ca-file {settings.ca_file}: {error.strerror}") from None
    return context
