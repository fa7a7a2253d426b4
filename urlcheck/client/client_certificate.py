"""The user's own certificate, for servers that ask for one (RFC 8446, 4.3.2): loaded without ever asking for a password."""

from __future__ import annotations

import re
import ssl

from urlcheck.model.errors import SettingsError

_LOOKED_AT = 1024 * 1024  # bytes that are searched in a file that cannot be used
_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")


class _EncryptedKeyError(Exception):
    """A key that only a password opens."""


def load_identity(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    """Have a context show a certificate. Raises `SettingsError` for files that cannot be used."""
    try:
        context.load_cert_chain(cert, key, password=_refuse_password)  # without it, OpenSSL would ask the terminal
    except _EncryptedKeyError:
        file = key or cert
        raise SettingsError(
            "key" if key else "cert",
            f"the private key in {file} is encrypted; decrypt it first: openssl pkey -in {file} -out plain.pem",
        ) from None
    except ssl.SSLError as error:
        raise _describe(error, cert, key) from None
    except (OSError, ValueError) as error:
        raise _describe_unreadable(error, cert, key) from None


def _refuse_password() -> str:
    raise _EncryptedKeyError


def _describe(error: ssl.SSLError, cert: str, key: str | None) -> SettingsError:
    """The fault of files that could be read; OpenSSL itself says no more than `PEM lib`."""
    if not _holds(cert, _CERTIFICATE):
        return SettingsError("cert", f"{cert} holds no certificate in PEM form")
    if key is None and not _holds(cert, _KEY):
        return SettingsError("cert", f"{cert} holds no private key; name the file that does with", "key")
    if key is not None and not _holds(key, _KEY):
        return SettingsError("key", f"{key} holds no private key in PEM form")
    if error.reason == "KEY_VALUES_MISMATCH":
        reason = f"the private key in {key or cert} does not belong to the certificate in {cert}"
        return SettingsError("key" if key else "cert", reason)
    reason = (error.reason or "malformed").replace("_", " ").lower()
    return SettingsError("cert", f"cannot use {cert}{f' with the key {key}' if key else ''}: {reason}")


def _describe_unreadable(error: Exception, cert: str, key: str | None) -> SettingsError:
    """The error with the name of the file that cannot be read, which `error` itself does not tell."""
    for field, file in (("cert", cert), ("key", key)):
        try:
            if file is not None:
                with open(file, "rb") as opened:
                    opened.read(1)
        except (OSError, ValueError) as reason:
            fault = getattr(reason, "strerror", None) or "not the name of a file"
            return SettingsError(field, f"cannot read {file}: {fault}")
    return SettingsError("cert", f"cannot read {cert}: {error}")


def _holds(file: str, mark: re.Pattern[bytes]) -> bool:
    try:
        with open(file, "rb") as opened:
            return mark.search(opened.read(_LOOKED_AT)) is not None
    except OSError:
        return False
