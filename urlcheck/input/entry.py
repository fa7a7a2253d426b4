"""Reads an entry of the input: it yields a URL that can be requested, or the reason why it is `invalid`."""

from __future__ import annotations

import re

from urlcheck.http.url import InvalidUrlError, Url, is_ip_address, is_localhost, parse, resolve
from urlcheck.text.safe import mask, mask_broken

# characters that are stripped around an entry; to strip Python's other blanks would make it another URL
BLANKS = " \t\r\n"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PORT = re.compile(r"[0-9]+(?:[/?#]|$)")
_NUMBER_SCHEMES = {"tel", "sms", "fax"}  # tel:911 has the form of host:port
_UNIX_SCHEMES = {"http+unix", "https+unix"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WITHOUT_COLON = re.compile(r"(https?)//", re.IGNORECASE)
# characters that often stand before a URL in a text
_OPENING = frozenset(
    "<\"'\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}"
)
_RELATIVE = ("/", "./", "../", "?")


def parse_entry(text: str, base_url: Url | None = None) -> Url:
    """The URL of an entry. Pure. Raises `InvalidUrlError` with the reason.

    An entry without a scheme is `https`, or `http` where its host is this machine or an IP address; one that starts with `/`,
    `./`, `../` or `?` is resolved against `base_url`.
    """
    if not text:
        raise InvalidUrlError("empty")
    if _SURROGATE.search(text):
        raise InvalidUrlError("not UTF-8")
    if text[0] in _OPENING:
        raise InvalidUrlError(f"'{text[0]}' stands before the URL; remove it")
    if missing := _WITHOUT_COLON.match(text):
        raise InvalidUrlError(f"the colon after {missing[1]} is missing")
    if text.startswith(_RELATIVE) or text in (".", ".."):
        if base_url is None:
            raise InvalidUrlError("relative, and no base URL is given")
        return resolve(base_url, text, keep_dots=True)
    if (match := _SCHEME.match(text)) and not _is_host_and_port(text, match):
        if match[1].lower() in _UNIX_SCHEMES:
            raise InvalidUrlError(f"unsupported scheme '{match[1].lower()}'; a Unix socket is an option of its own")
        return parse(text)
    url = parse("https://" + text)
    return parse("http://" + text) if is_localhost(url.host) or is_ip_address(url.host) else url


def mask_entry(text: str) -> str:
    """An entry with its secrets masked, whether it is a URL or not."""
    try:
        parse_entry(text)
    except InvalidUrlError:
        return mask_broken(text)
    return mask(text)


def _is_host_and_port(text: str, scheme: re.Match[str]) -> bool:
    """Whether the text before the first colon is a host: `example.org:8080`, `localhost:80/x`."""
    name = scheme[1].lower()
    return "." in name or is_localhost(name) or (name not in _NUMBER_SCHEMES and _PORT.match(text, scheme.end()) is not None)
