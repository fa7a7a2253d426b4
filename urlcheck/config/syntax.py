"""Explains an error of the TOML parser whose cause is a text without quotes, or a colon in place of an equals sign."""

from __future__ import annotations

import re

# the parser's messages about a value that is not TOML, and those about a number that is followed by other characters
_NO_VALUE = "Invalid value"
_AFTER_NUMBER = {"Expected newline or end of document after a statement", "Unclosed array", "Unclosed inline table"}
_NO_EQUALS = "Expected '=' after a key in a key/value pair"
_WITH_COLON = re.compile(r"""\s*([A-Za-z0-9_.-]+)\s*:\s*([^\s#][^#]*?)?\s*(?:#.*)?""")
_STATEMENT = re.compile(r"""\s*([A-Za-z0-9_.-]+)\s*=\s*([^\s"'\[{#][^#]*?)\s*(?:#.*)?""")
_WORD = re.compile(r"""[^\s,\[\]{}"'=#]+""")
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
# other values may be secrets and are not shown: keys whose values are none, and numbers with a unit
_PLAIN_KEYS = {"accept", "allow", "color", "deadline", "max-time", "method", "rate", "show", "timeout", "wait"}
_PLAIN = re.compile(r"[\w.,:/-]{1,40}")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?(?:ms|[smhkKMG]|[KMG]i?B)|[1-5]xx")
# characters: no line that a person writes is longer, and the patterns take long on a line of megabytes
_MAX_LINE = 1000


def explain_syntax(message: str, line: str, column: int) -> str | None:
    """The correction of a statement, never with a secret; None for another error. `column`: from 1."""
    if len(line) > _MAX_LINE:
        return None
    if message == _NO_EQUALS:
        return _explain_colon(line)
    if message == _NO_VALUE or message in _AFTER_NUMBER:
        return _explain_quotes(message, line, column - 1)
    return None


def _explain_colon(line: str) -> str | None:
    statement = _WITH_COLON.fullmatch(line)
    if not statement:
        return None
    key, value = statement[1], statement[2] or ""
    return f"not TOML: a value stands after an equals sign: {key} = {_show(value, key)}"


def _explain_quotes(message: str, line: str, at: int) -> str | None:
    if (statement := _STATEMENT.fullmatch(line)) and statement.start(2) <= at:
        key, value = statement.groups()
        if message != _NO_VALUE and ("=" in value or '"' in value):
            return None  # two statements on one line
        if boolean := _BOOLEANS.get(value.lower()):
            return f"not TOML: a switch is true or false: {key} = {boolean}"
        return f"not TOML: a text needs quotes: {key} = {_quote(value, key)}"
    word = next((word for word in _WORD.finditer(line) if word.start() <= at < word.end()), None)
    if word is None or (message != _NO_VALUE and word.start() == at) or not _is_element(line[word.end() :]):
        return None
    return f"not TOML: a text needs quotes: {_quote(word[0])}"


def _is_element(rest: str) -> bool:
    """Whether a comma, a bracket or the end of the line follows."""
    return rest.lstrip()[:1] in {"", ",", "]", "}", "#"}


def _show(value: str, key: str) -> str:
    """A value as TOML writes it: a number or a switch without quotes, a text with them."""
    return value if value in {"true", "false"} or value.isdecimal() else _quote(value.strip("\"'"), key)


def _quote(value: str, key: str = "") -> str:
    is_plain = key in _PLAIN_KEYS and _PLAIN.fullmatch(value)
    return f'"{value}"' if is_plain or _NUMBER.fullmatch(value) else '"…"'
