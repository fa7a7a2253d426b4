"""The one `ClientSession` of a run: connector, limits, trust."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from urlcheck.client.attempt import HttpClient, WitnessedResponse
from urlcheck.errors import SettingsError
from urlcheck.settings import Settings

# what curl accepts of a response's head; aiohttp's own limits fail working sites (aiohttp issue 2304)
_MAX_HEADER_BYTES = 300 * 1024
_MAX_HEADERS = 1000


@asynccontextmanager
async def open_client(settings: Settings) -> AsyncIterator[HttpClient]:
    """A client over one session, closed at the end. Raises `SettingsError` for a trust store that cannot be used."""
    connector = TCPConnector(
        limit=0,  # waiting is the engine's business
        ssl=_trust(settings),
    )
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=None),  # the attempt's own clock covers all of it
        auto_decompress=False,  # a body is only read so that its connection can be used again
        response_class=WitnessedResponse,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    ) as session:
        yield HttpClient(session, settings)


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    if not (settings.insecure or settings.ca_file):
        return True
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"--ca-file {settings.ca_file}: no certificates in PEM form could be read: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
