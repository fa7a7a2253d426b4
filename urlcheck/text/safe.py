"""Text from outside, made safe to show: secrets masked, and nothing left in it that a terminal or a reader would obey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from urllib.parse import unquote_plus

MASK = "****"

# names whose values are secrets, of query keys and in those of headers, in lower case without their punctuation
_SECRET_KEYS = frozenset(
    {
        "accesskey",
        "accesstoken",
        "apikey",
        "auth",
        "authtoken",
        "authorization",
        "awsaccesskeyid",
        "clientsecret",
        "cookie",
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
# as many letters as do not come together by chance in a longer name
_LONG_NAME = 5
_USERINFO = re.compile(r"(^|//)([^\s/?#:]*)(:[^\s/?#]*)?@")
_BROKEN_USERINFO = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)?([^:/]*)(:.*)?@", re.DOTALL)
_QUERY_KEY = re.compile(r"[?&;#]([^=&;#?\s]{1,100})=")
_VALUE_END = re.compile(r"[&#\s]|$")
_BROKEN_VALUE_END = re.compile(r"[&#]|$")
# of a secret that was cut, as much as tells it from other texts, and what then follows
_BEGINNING, _AFTER_A_CUT = 8, "'\"…"
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


def names_secret(header: str) -> bool:
    """Whether a header of that name holds a secret, as far as its name tells: `X-Auth`, `Ocp-Apim-Subscription-Key`, `Sig`."""
    words = [_PUNCTUATION.sub("", word) for word in re.split("[-_]", header.lower())]
    name = "".join(words)
    return words[-1] == "key" or any(
        secret in name if len(secret) >= _LONG_NAME else any(word.startswith(secret) for word in words)
        for secret in _SECRET_KEYS
    )


class Secrets:
    """Texts that must not be shown, and what is shown for each of them."""

    def __init__(self, shown_as: Mapping[str, str]) -> None:
        spellings = {spelling: shown for secret, shown in shown_as.items() for spelling in _spell(secret)}
        self._spellings = sorted(spellings.items(), key=lambda pair: -len(pair[0]))

    def hide(self, text: str) -> str:
        """The text without them, whole, quoted or cut."""
        for secret, shown in self._spellings:
            text = text.replace(secret, shown)
        for secret, shown in self._spellings:
            if len(secret) > _BEGINNING and secret[:_BEGINNING] in text:
                text = _hide_cut(text, secret, shown)
        return text


_in_force: list[Secrets] = []


@contextmanager
def hiding(secrets: Secrets) -> Iterator[None]:
    """Within it `hide` hides these, for the whole process."""
    _in_force.append(secrets)
    try:
        yield
    finally:
        _in_force.remove(secrets)


def hide(text: str) -> str:
    """The text of a report without the secrets that are known, which may have been expected, or sent back."""
    for secrets in _in_force:
        text = secrets.hide(text)
    return text


def _spell(secret: str) -> set[str]:
    """As it is, and as it stands between quotes."""
    return {secret, repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}


def _hide_cut(text: str, secret: str, shown: str) -> str:
    beginning = secret[:_BEGINNING]
    position = text.find(beginning)
    while position >= 0:
        end = position + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(secret, text[position:], strict=False)))
        if end == len(text) or text[end] in _AFTER_A_CUT:
            text = f"{text[:position]}{shown}{text[end:]}"
            end = position + len(shown)
        position = text.find(beginning, end)
    return text


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
