"""Text from outside, made safe to show: secrets masked, and nothing left in it that a terminal or a reader would obey."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

MASK = "****"

# query keys whose values are secrets, in lower case without their punctuation
_SECRET_KEYS = frozenset(
    {
        "accesstoken",
        "apikey",
        "auth",
        "authtoken",
        "authorization",
        "awsaccesskeyid",
        "clientsecret",
        "credential",
        "idtoken",
        "jwt",
        "passwd",
        "password",
        "privatekey",
        "pwd",
        "refreshtoken",
        "secret",
        "secretkey",
        "sessionid",
        "sig",
        "signature",
        "token",
        "xamzcredential",
        "xamzsecuritytoken",
        "xamzsignature",
        "xgoogcredential",
        "xgoogsignature",
    }
)
_USERINFO = re.compile(r"(^|//)([^\s/?#@:]*)(:[^\s/?#]*)?@")
_BROKEN_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:)?(/*)([^:@]*)(:.*)?@", re.DOTALL)
_QUERY_ITEM = re.compile(r"([?&;#])([^=&;#?\s]{1,100})=([^&;#\s]+)")
_PUNCTUATION = re.compile(r"[^0-9a-z]")


def escape(text: str) -> str:
    r"""The text with everything that does not print — controls, bidi overrides, surrogates — written out, as in `\x1b`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _write_out(char) for char in text)


def mask(text: str) -> str:
    """The text with passwords of URLs, and the values of query keys that are known secrets, as `****`."""
    if "@" in text:
        text = _USERINFO.sub(_mask_userinfo, text)
    if "=" in text:
        text = _QUERY_ITEM.sub(_mask_value, text)
    return text


def mask_broken(text: str) -> str:
    """Like `mask`, for what is not a URL: whatever stands before an `@` may be a password."""
    if "@" in text:
        text = _BROKEN_USERINFO.sub(lambda found: (found[1] or "") + found[2] + _join_userinfo(found[3], found[4]) + "@", text)
    return mask(text)


def clean(text: str, limit: int | None = None) -> str:
    """Masked, escaped, and cut to so many characters."""
    text = mask(text)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return escape(text)


def _write_out(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _mask_userinfo(found: re.Match[str]) -> str:
    return f"{found[1]}{_join_userinfo(found[2], found[3])}@"


def _join_userinfo(name: str, password: str | None) -> str:
    # a name without a password, or with an empty one, is as a rule a token
    return f"{name}:{MASK}" if len(password or "") > 1 else f"{MASK}{password or ''}"


def _mask_value(found: re.Match[str]) -> str:
    key = _PUNCTUATION.sub("", unquote_plus(found[2]).lower())
    return f"{found[1]}{found[2]}={MASK}" if key in _SECRET_KEYS else found[0]
