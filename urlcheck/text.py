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
        "oauthsignature",
        "oauthtoken",
        "privatetoken",
        "sessiontoken",
        "subscriptionkey",
        "xapikey",
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
_USERINFO = re.compile(r"(^|//)([^\s/?#:]*)(:[^\s/?#]*)?@")
_BROKEN_USERINFO = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)?([^:/]*)(:.*)?@", re.DOTALL)
_QUERY_KEY = re.compile(r"[?&;#]([^=&;#?\s]{1,100})=")
_VALUE_END = re.compile(r"[&#\s]|$")
_BROKEN_VALUE_END = re.compile(r"[&#]|$")
_PUNCTUATION = re.compile(r"[^0-9a-z]")
# commands that the runners of GitHub Actions and Azure Pipelines obey wherever they stand in a line of a job's output
_COMMAND = re.compile(r"##(?=(?:vso)?\[)")


def escape(text: str) -> str:
    r"""The text with everything that does not print — controls, bidi overrides, surrogates — written out, as in `\x1b`.

    So is what begins a command that the runner of a CI job would obey: `##[` becomes `#\x23[`.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _write_out(char) for char in text)
    return _COMMAND.sub(r"#\\x23", text) if "##" in text else text


def mask(text: str) -> str:
    """The text with passwords of URLs, and the values of query keys that are known secrets, as `****`."""
    if "@" in text:
        text = _USERINFO.sub(_mask_userinfo, text)
    return _mask_values(text, _VALUE_END) if "=" in text else text


def mask_broken(text: str) -> str:
    """Like `mask`, for what is not a URL: whatever stands before an `@` may be a password, and a secret may hold blanks."""
    if "@" in text and not text.lower().startswith("mailto:"):
        text = _BROKEN_USERINFO.sub(_mask_userinfo, text)
    return _mask_values(text, _BROKEN_VALUE_END)


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
    before, name, password = found[1] or "", found[2], found[3] or ""
    if not (name or password):
        return found[0]
    # a name without a password, or with an empty one, is as a rule a token
    return f"{before}{name}:{MASK}@" if len(password) > 1 else f"{before}{MASK}{password}@"


def _mask_values(text: str, end: re.Pattern[str]) -> str:
    parts, position = [], 0
    for found in _QUERY_KEY.finditer(text):
        if found.end() <= position or _PUNCTUATION.sub("", unquote_plus(found[1]).lower()) not in _SECRET_KEYS:
            continue
        stop = end.search(text, found.end())
        stop_at = stop.start() if stop else len(text)
        if stop_at > found.end():
            parts += [text[position : found.end()], MASK]
            position = stop_at
    return "".join(parts) + text[position:] if parts else text
