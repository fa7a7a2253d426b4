"""The expectations of an accepted answer: one class a kind, each of which says what it found instead. Does no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from urlcheck.http.charsets import decode
from urlcheck.model.errors import SettingsError
from urlcheck.model.outcome import Response
from urlcheck.policy.json_query import Expression, NotJsonError, UnjudgeableError, load_document
from urlcheck.settings.patterns import Pattern
from urlcheck.settings.scopes import CheckSettings, list_pairs
from urlcheck.text.safe import MASK, escape, mask
from urlcheck.text.secret_names import is_secret_header
from urlcheck.text.sizes import format_size

# characters: of a header that are searched and shown; of a body, and of an expectation, that are shown; secrets are masked
_SEARCHED, _SHOWN = 8192, 60
_SHOWN_BODY, _SHOWN_EXPECTATION = 40, 100

# characters that are escaped where a value is suggested as a regular expression; a dot is not, as it matches itself too
_SPECIAL = re.compile(r"[\\^$|?*+()\[\]{}]")


class Expectation(Protocol):
    """Something that an answer is to be. Its constructor raises `ValueError` for a value that cannot be used."""

    def describe_unmet(self, response: Response) -> str | None:
        """Describe the content that was found instead; None where the expectation is met."""
        ...


class ExpectedHeader:
    """`NAME: VALUE`, or `NAME: ~REGEX`. Raises `ValueError` for a REGEX that is not a regular expression."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value
        self._pattern = Pattern(value.removeprefix("~")) if value.startswith("~") else None

    def describe_unmet(self, response: Response) -> str | None:
        lines = response.headers.get_all(self._name)
        if not lines:
            return f"header {self._name} is missing"
        whole = ", ".join(lines)  # as several lines may be read as one (RFC 9110, 5.3)
        if any(map(self._is_met_by, [*lines, whole])):
            return None
        found = f"header {self._name} is not {self._show(self._value)!r} (it is {self._show(whole, _SHOWN)!r})"
        return found + self._suggest(whole)

    def _suggest(self, received: str) -> str:
        """The expression to expect instead, where only a parameter follows the value, such as `; charset=utf-8`."""
        value = self._value
        is_shown = self._show(value) == value
        if not value or self._pattern or not is_shown or received.partition(";")[0].rstrip() != value:
            return ""
        expression = _SPECIAL.sub(r"\\\g<0>", value)
        return f"; ~{expression} would match it"

    def _show(self, value: str, limit: int = _SHOWN_EXPECTATION) -> str:
        return MASK if is_secret_header(self._name, value) else _show(value, limit)

    def _is_met_by(self, line: str) -> bool:
        return self._pattern.is_in(line[:_SEARCHED]) if self._pattern else line == self._value


class ExpectedText:
    """A text that the body holds, as it was sent, in any place. Raises `SettingsError` for an empty one."""

    def __init__(self, text: str) -> None:
        if not text:
            raise SettingsError("expect_text", "an empty text is in every body")
        self._text = text

    def describe_unmet(self, response: Response) -> str | None:
        if response.body is None:
            return f"text: {_describe_unread(response)}"
        text = _read_text(response)
        if self._text in text:
            return None
        return f"text: {_show(self._text)!r} is not in {_describe_looked_at(response)} ({_describe_beginning(text)})"


class ExpectedRegex:
    """A regular expression that is found in the body. Raises `ValueError` for any other text."""

    def __init__(self, regex: str) -> None:
        if not regex:
            raise SettingsError("expect_regex", "an empty expression is found in every body")
        self._pattern = Pattern(regex)

    def takes_long(self, response: Response) -> bool:
        """Whether to look at this answer may take more than some milliseconds."""
        return self._pattern.takes_long(len(response.body or b""))

    def describe_unmet(self, response: Response) -> str | None:
        if response.body is None:
            return f"regex: {_describe_unread(response)}"
        text = _read_text(response)
        if self._pattern.is_in(text):
            return None
        shown = _show(self._pattern.text)
        return f"regex: {shown!r} is not found in {_describe_looked_at(response)} ({_describe_beginning(text)})"


class ExpectedJson:
    """A JMESPath expression that gives a true value of the JSON in the body. Raises `SettingsError` for any other text."""

    def __init__(self, expression: str) -> None:
        self._text = _show(expression)
        try:
            self._expression = Expression(expression)
        except ValueError as error:
            raise SettingsError("expect_json", str(error)) from None

    def describe_unmet(self, response: Response) -> str | None:
        fault = self._find_fault(response)
        return f"json: {fault}" if fault else None

    def _find_fault(self, response: Response) -> str | None:
        if response.body is None:
            return _describe_unread(response)
        if not response.is_whole:
            return f"the body is longer than {format_size(len(response.body))}, so it cannot be judged"
        if not response.body:
            return "the body is empty"
        try:
            untrue = self._expression.describe_untrue(load_document(response.body))
        except NotJsonError:
            return f"the body is not JSON ({_describe_beginning(_read_text(response))})"
        except UnjudgeableError as error:
            return f"{self._text} cannot be judged: {error}"
        return f"{self._text} {untrue}" if untrue else None


def list_expectations(settings: CheckSettings) -> Iterator[Expectation]:
    """All that the settings expect of headers and body, in the order in which it is looked at. Raises `SettingsError`."""
    for name, value in list_pairs(settings.expect_headers):
        yield ExpectedHeader(name, value)
    if not settings.expects_body:
        return
    for text in settings.expect_text:
        yield ExpectedText(text)
    for regex in settings.expect_regex:
        yield ExpectedRegex(regex)
    for expression in settings.expect_json:
        yield ExpectedJson(expression)


def _read_text(response: Response) -> str:
    return decode(response.body or b"", response.headers.get("Content-Type"))


def _describe_unread(response: Response) -> str:
    encoding = response.headers.get("Content-Encoding")
    if encoding is None:
        return "the body was not read"
    return f"the body is encoded as {_show(encoding, _SHOWN)!r}, which cannot be decoded"


def _describe_looked_at(response: Response) -> str:
    return "the body" if response.is_whole else f"the first {format_size(len(response.body or b''))} of the body"


def _describe_beginning(text: str) -> str:
    if not text:
        return "it is empty"
    words = escape(mask(" ".join(text[:_SEARCHED].split())))
    return f'it begins "{_cut(words, _SHOWN_BODY)}"' if words else "it begins with blanks"


def _show(text: str, limit: int = _SHOWN_EXPECTATION) -> str:
    return _cut(mask(text), limit)  # masked before it is cut, so that a whole secret is recognised


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
