"""Text from outside, made safe to show: secrets masked, and nothing left in it that a terminal or a reader would obey."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from urlcheck.text.secret_names import NEVER, find_least_length

MASK = "****"

_USERINFO = re.compile(r"(^|//)([^\s/?#:]*)(:[^\s/?#]*)?@")
_BROKEN_USERINFO = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)?([^:/]*)(:.*)?@", re.DOTALL)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_QUERY_KEY = re.compile(r"[?&;#]([^=&;#?\s]{1,100})=")
_VALUE_END = re.compile(r"[&#\s]|$")
_BROKEN_VALUE_END = re.compile(r"[&#]|$")
# commands that GitHub Actions, Azure Pipelines and TeamCity obey wherever they stand in a line of a job's output
_COMMAND = re.compile(r"##(?=(?:vso|teamcity)?\[)", re.IGNORECASE)


def escape(text: str) -> str:
    r"""The text with everything that does not print — controls, bidi overrides, surrogates — written out, as in `\x1b`.

    The start of a command that the runner of a CI job would obey is written out too: `##[` becomes `#\x23[`.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _write_out(char) for char in text)
    return _COMMAND.sub(r"#\\x23", text) if "##" in text else text


def mask(text: str) -> str:
    """The text with passwords of URLs, and the values of query keys that are known secrets, as `****`."""
    if "@" in text:
        text = _USERINFO.sub(_mask_userinfo, text)
    return _mask_values(text, _VALUE_END) if "=" in text else text


def mask_urls(text: str) -> str:
    """The text, an expression or a sentence, with what `mask` masks in the URLs that stand in it."""
    return _URL.sub(lambda found: mask(found[0]), text) if "://" in text else text


def mask_broken(text: str) -> str:
    """Like `mask`, for a text that is not a URL: all text before an `@` may be a password, and a secret may hold blanks."""
    if "@" in text and not text.lower().startswith("mailto:"):
        text = _BROKEN_USERINFO.sub(_mask_userinfo, text)
    return _mask_values(text, _BROKEN_VALUE_END)


def list_secret_values(text: str) -> Iterator[str]:
    """The values of query keys that `mask` masks, as they stand in the text."""
    if "=" in text:
        for start, stop in _find_secret_values(text, _VALUE_END):
            yield text[start:stop]


def clean(text: str, limit: int | None = None, mask: Callable[[str], str] = mask) -> str:
    """The text masked, cut to `limit` characters, and escaped."""
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
    for start, stop in _find_secret_values(text, end):
        parts += [text[position:start], MASK]
        position = stop
    return "".join(parts) + text[position:] if parts else text


def _find_secret_values(text: str, end: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The positions of the values of secret keys: start and stop of each."""
    position = 0
    for found in _QUERY_KEY.finditer(text):
        start = found.end()
        # one that stands in the value of the one before is part of that
        if start <= position or (least := find_least_length(found[1])) == NEVER:
            continue
        stop_found = end.search(text, start)
        stop = stop_found.start() if stop_found else len(text)
        if stop - start >= max(least, 1):
            yield start, stop
            position = stop
