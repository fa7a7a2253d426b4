"""Settings of a request that cannot be used, alone or together."""

from __future__ import annotations

from urlcheck.client.sockets import check_path
from urlcheck.http.methods import find_fault
from urlcheck.model.errors import SettingsError
from urlcheck.settings.settings import Settings

_WITHOUT_BODY = frozenset({"HEAD", "TRACE"})


def refuse_conflicts(settings: Settings) -> None:
    """Raises `SettingsError` for settings of which no request can be made."""
    if find_fault(settings.method) or settings.method != settings.method.upper():
        raise SettingsError(f"{settings.method!r} is not a method that a URL can be asked with, in capitals")
    if settings.data is not None and settings.method in _WITHOUT_BODY:
        raise SettingsError(f"a {settings.method} request has no body: leave out --data and --json, or --method")
    if settings.key is not None and settings.cert is None:
        raise SettingsError("--key is the key of a certificate: name that with --cert")
    if settings.unix_socket is None:
        return
    check_path(settings.unix_socket)
    if settings.block_private:
        raise SettingsError("--block-private cannot be held with --unix-socket, which leads to this machine")
    if settings.proxy:
        raise SettingsError("--proxy and --unix-socket are two ways for one request; leave one of them out")
