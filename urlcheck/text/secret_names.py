"""Recognises names whose value is a secret: keys of queries and forms, and names of headers."""

from __future__ import annotations

import re
import sys
from functools import lru_cache

# the parts of a name that tell of a secret, and how a part, or the whole name without its punctuation, may end
_PARTS = frozenset(
    {
        "auth",
        "authorization",
        "bearer",
        "cookie",
        "credential",
        "credentials",
        "hmac",
        "jwt",
        "pass",
        "passphrase",
        "passwd",
        "password",
        "pwd",
        "samlresponse",
        "secret",
        "session",
        "sid",
        "sig",
        "signature",
        "token",
    }
)
_ENDINGS = ("apikey", "authkey", "password", "secret", "sessid", "sessionid", "token")
# names that run their words together, so that no part of them is seen; in lower case without their punctuation
_KNOWN = frozenset(
    {
        "accesskey",
        "awsaccesskeyid",
        "oauthsignature",
        "privatekey",
        "secretkey",
        "subscriptionkey",
        "xamzcredential",
        "xamzsignature",
        "xgoogcredential",
        "xgoogsignature",
    }
)
# a last part that tells of a secret where the value is long: `key=AIzaSy…`, but not `key=name` or `country_code=DE`
_AMBIGUOUS = frozenset({"code", "key"})
LONG = 16
NEVER = sys.maxsize

_WORD = re.compile(r"[A-Za-z]+")
_CAMEL_CASE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PUNCTUATION = re.compile(r"[^0-9a-z]")

# a header is for the server alone, so less tells that it holds a secret: `X-Tokens`, `Authentication`, `X-Password-Hints`
_IN_HEADERS = re.compile(
    r"accesskey|apikey|authorization|cookie|credential|passwd|password|privatekey|secret|sessionid|signature|subscriptionkey|token"
)
_STARTS_IN_HEADERS = re.compile(r"(?:^|[-_])(?:auth(?!or(?!iz))|jwt|pwd|sig)|[-_]key$|^key$")


def is_secret(key: str, value: str) -> bool:
    """Whether the value of that key is a secret, as far as the name and the length tell; the key may be percent-encoded."""
    return len(value) >= find_least_length(key)


def is_secret_header(name: str, value: str) -> bool:
    """The same of a header: `X-Auth`, `Ocp-Apim-Subscription-Key`, `Sig`."""
    lower = name.lower()
    return (
        is_secret(name, value)
        or _IN_HEADERS.search(_PUNCTUATION.sub("", lower)) is not None
        or _STARTS_IN_HEADERS.search(lower) is not None
    )


@lru_cache(maxsize=4096)
def find_least_length(key: str) -> int:
    """The length from which on the value of that key is a secret: 0 where the name suffices, `NEVER` where it says nothing."""
    from urllib.parse import unquote_plus  # noqa: PLC0415 - --help does without

    name = unquote_plus(key)
    squeezed = _PUNCTUATION.sub("", name.lower())
    words = _WORD.findall(name)
    split = [part.lower() for word in words for part in _CAMEL_CASE.findall(word)]
    parts = {*split, *(word.lower() for word in words)}
    if squeezed in _KNOWN or not _PARTS.isdisjoint(parts) or any(part.endswith(_ENDINGS) for part in (squeezed, *parts)):
        return 0
    return LONG if split and split[-1] in _AMBIGUOUS else NEVER
