"""Secrets that a user gave, hidden where a server sends them back: plain, quoted, percent-encoded, in Base64, whole or cut."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import takewhile
from urllib.parse import quote

# a part of a secret is told from other texts by a beginning of this length, and by the characters that follow a cut
_BEGINNING, _AFTER_A_CUT = 8, "'\"…"
# a longer secret, such as a whole body, makes a slow regular expression; it is found as it is, or quoted
_LONGEST_PATTERN = 4096
# fewer characters of Base64 come together by chance
_SHORTEST_BASE64 = 7
_ALPHANUMERIC = re.compile(r"[0-9a-z]+")
_BASE64_PUNCTUATION = {"+": r"(?:\+|-|%(?:25)?2b)", "/": r"(?:/|_|%(?:25)?2f)"}
_BASE64_PADDING = r"(?:=|%(?:25)?3d)*"


class Secrets:
    """Texts that must not be shown, and the text that is shown in place of each.

    All forms of all secrets are one regular expression, which ignores case, as a host comes back in lower case. It is compiled
    and used only where a text holds some characters of the beginning of a secret.
    """

    def __init__(self, shown_as: Mapping[str, str]) -> None:
        self._shown_as = sorted(filter(lambda pair: pair[0], shown_as.items()), key=lambda pair: -len(pair[0]))
        self._anchors = tuple({anchor for secret, _ in self._shown_as for anchor in _list_anchors(secret)})

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self._shown_as)

    def hide(self, text: str) -> str:
        """The text without them."""
        lower = text.lower()
        if not any(anchor in lower for anchor in self._anchors):
            return text
        pattern, shown = self._search
        text = pattern.sub(lambda found: shown[(found.lastindex or 0) - 1], text)
        for form, shown_instead in self._cuttable:
            if form[:_BEGINNING] in text:
                text = _hide_beginning(text, form, shown_instead)
        return text

    @cached_property
    def _search(self) -> tuple[re.Pattern[str], list[str]]:
        """A pattern with a group for each secret, the longest first, and the text that is shown for each group."""
        short = [(secret, shown) for secret, shown in self._shown_as if len(secret) <= _LONGEST_PATTERN]
        groups = [f"({'|'.join(_list_patterns(secret))})" for secret, _ in short]
        return re.compile("|".join(groups) or r"(?!)", re.IGNORECASE), [shown for _, shown in short]

    @cached_property
    def _cuttable(self) -> list[tuple[str, str]]:
        """The forms that a report may show in part, as it cuts the bodies that it quotes."""
        return [(form, shown) for secret, shown in self._shown_as for form in _list_cuttable(secret) if len(form) > _BEGINNING]


_in_force: list[Secrets] = []


@contextmanager
def hiding(secrets: Secrets) -> Iterator[None]:
    """A context in which `hide` hides these secrets, for the whole process."""
    if not secrets:
        yield
        return
    _in_force.append(secrets)
    try:
        yield
    finally:
        _in_force.remove(secrets)


def hide(text: str) -> str:
    """The text of a report without the secrets in force, which may have been expected, or sent back."""
    for secrets in _in_force:
        text = secrets.hide(text)
    return text


def _list_anchors(secret: str) -> Iterator[str]:
    """For each form of a secret some characters, in lower case, that a text with the beginning of that form holds.

    Letters and digits stand for themselves in every form but the last.
    """
    beginning = secret[: 2 * _BEGINNING]  # decides the beginnings of all forms
    for form in (secret, *(core for core, _ in _list_base64(beginning))):
        yield max(_ALPHANUMERIC.findall(form[:_BEGINNING].lower()), key=len, default="")
    yield _encode_wholly(secret[:2])


def _list_patterns(secret: str) -> Iterator[str]:
    """Regular expressions of the forms in which a whole secret may come back."""
    escaped = html.escape(secret)
    quoted = {*_list_quoted(secret), json.dumps(secret)[1:-1], escaped, escaped.replace("&#x27;", "&#39;")}
    yield from map(re.escape, sorted(quoted, key=len, reverse=True))
    yield "".join(map(_list_encodings, secret))
    yield _encode_wholly(secret)
    for core, goes_on in _list_base64(secret):
        body = "".join(_BASE64_PUNCTUATION.get(char, char) for char in core)
        yield body + ("[0-9a-z+/_-]?" if goes_on else "") + _BASE64_PADDING


def _list_cuttable(secret: str) -> Iterator[str]:
    yield from _list_quoted(secret)
    yield quote(_encode(secret), safe="")
    yield from (core for core, _ in _list_base64(secret))


def _list_quoted(secret: str) -> set[str]:
    """As it is, and as it stands between quotes."""
    return {secret, repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}


def _list_encodings(char: str) -> str:
    """A pattern of a character as it is, or percent-encoded once or twice (RFC 3986, 2.1); a blank of a form is a plus."""
    if char.isascii() and char.isalnum():
        return char
    encoded = "".join(f"%(?:25)?{byte:02x}" for byte in _encode(char))
    return f"(?:{encoded}|{re.escape(char)}{'|[+]' if char == ' ' else ''})"


def _encode_wholly(text: str) -> str:
    """Percent-encoded, the letters and digits too; in lower case."""
    return "".join(f"%{byte:02x}" for byte in _encode(text))


def _list_base64(secret: str) -> Iterator[tuple[str, bool]]:
    """The characters that a secret alone decides in the Base64 of a text that holds it; whether it decides a part of one more.

    Four characters of Base64 stand for three bytes, so there are three of them, by the number of the bytes before the secret.
    """
    content = _encode(secret)
    for offset, skipped in enumerate((0, 2, 3)):
        whole, rest = divmod(8 * (offset + len(content)), 6)
        core = b64encode(bytes(offset) + content).decode()[skipped:whole]
        if len(core) >= _SHORTEST_BASE64:
            yield core, rest > 0


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # the bytes of an argument that is not UTF-8 (PEP 383)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _hide_beginning(text: str, secret: str, shown: str) -> str:
    """The text without the secret, and without a beginning of it that was cut there."""
    beginning = secret[:_BEGINNING]
    position = text.find(beginning)
    while position >= 0:
        length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(secret, text[position:], strict=False)))
        end = position + length
        if length == len(secret) or end == len(text) or text[end] in _AFTER_A_CUT:
            text = f"{text[:position]}{shown}{text[end:]}"
            end = position + len(shown)
        position = text.find(beginning, end)
    return text
