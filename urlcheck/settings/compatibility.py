"""Settings that exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from urlcheck.model.errors import SettingsError

if TYPE_CHECKING:
    from urlcheck.settings.scopes import CheckSettings

_WITHOUT_BODY = frozenset({"HEAD", "TRACE"})  # RFC 9110, 9.3


def refuse_conflicts(settings: CheckSettings) -> None:
    """Raises `SettingsError` for settings that conflict: no request can be made, or no answer can be judged, by them."""
    if settings.data is not None and settings.method in _WITHOUT_BODY:
        raise SettingsError("data", f"a {settings.method} request has no body; use another", "method")
    if settings.expects_body and settings.method == "HEAD":
        field = next(name for name in ("expect_text", "expect_regex", "expect_json") if getattr(settings, name))
        raise SettingsError(field, "the answer to a HEAD request has no body; use another", "method")
    if settings.key is not None and settings.cert is None:
        raise SettingsError("key", "is the key of a certificate, which needs", "cert")
    if settings.unix_socket is not None and settings.block_private:
        raise SettingsError("block_private", "has no meaning for a socket of this machine; leave it out, or", "unix_socket")
    if settings.unix_socket is not None and settings.proxy:
        raise SettingsError("proxy", "is another way than a socket of this machine; leave it out, or", "unix_socket")
