"""Chooses the headers of a request: the user's headers and credentials go only to the origin that they are meant for."""

from __future__ import annotations

from base64 import b64encode

from aiohttp import hdrs
from multidict import CIMultiDict

from urlcheck.http.url import Url
from urlcheck.settings.netrc import read_netrc
from urlcheck.settings.scopes import CheckSettings, list_pairs

# both codings are zlib's, which is always available and whose output can be bounded
_DEFAULTS = {hdrs.ACCEPT: "*/*", hdrs.ACCEPT_ENCODING: "gzip, deflate"}


class Credentials:
    """The headers of requests: credentials from the URL, else from `--user`, else from `.netrc` where that is asked for.

    Raises `SettingsError` for a `.netrc` that cannot be used.
    """

    def __init__(self, settings: CheckSettings) -> None:
        self._user = settings.user
        self._netrc = read_netrc() if settings.netrc else None
        self._foreign = CIMultiDict({hdrs.USER_AGENT: settings.user_agent, **_DEFAULTS})
        self._own = CIMultiDict(list_pairs(settings.headers))
        for name, value in self._foreign.items():
            self._own.setdefault(name, value)

    def headers_for(self, url: Url, first: Url) -> CIMultiDict[str]:
        """The headers of a request that began at `first`; not to be changed."""
        if url.origin != first.origin:
            return self._foreign
        if hdrs.AUTHORIZATION in self._own:
            return self._own
        credentials = first.credentials or self._user or self._look_up(first.host)
        if credentials is None:
            return self._own
        headers = self._own.copy()
        headers[hdrs.AUTHORIZATION] = encode_basic(*credentials)
        return headers

    def _look_up(self, host: str) -> tuple[str, str] | None:
        entry = self._netrc.authenticators(host.strip("[]")) if self._netrc else None
        return (entry[0], entry[2] or "") if entry else None


def encode_basic(name: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617), also for a name with a colon, which aiohttp refuses."""
    return f"Basic {b64encode(f'{name}:{password}'.encode('utf-8', 'surrogateescape')).decode()}"
