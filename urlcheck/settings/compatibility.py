"""Settings that cannot be used together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from urlcheck.model.errors import SettingsError

if TYPE_CHECKING:
    from urlcheck.settings.scopes import CheckSettings

_WITHOUT_BODY = frozenset({"HEAD", "TRACE"})  # RFC 9110, 9.3


def refuse_conflicts(settings: CheckSettings) -> None:
    """Raises `SettingsError` for settings that conflict, so that no request can be made or no answer can be judged."""
    if settings.data is not None and settings.method in _WITHOUT_BODY:
        raise SettingsError("data", f"a {settings.method} request has no body; use another", "method")
    if settings.expects_body and settings.method == "HEAD":
        field = next(name for name in ("expect_text", "expect_regex", "expect_json") if getattr(settings, name))
        raise SettingsError(field, "the answer to a HEAD request has no body; use another", "method")
    if settings.key is not None and settings.cert is None:
        raise SettingsError("key", "needs", "cert")
    if settings.unix_socket is not None and settings.block_private:
        raise SettingsError("block_private", "cannot be used together with", "unix_socket")
    if settings.unix_socket is not None and settings.proxy:
        raise SettingsError("proxy", "cannot be used together with", "unix_socket")
