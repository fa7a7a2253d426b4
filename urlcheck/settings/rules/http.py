"""Rules for the vocabulary of HTTP and of this program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from urlcheck.http.headers import FRAMING, is_sendable, is_token
from urlcheck.http.methods import find_fault
from urlcheck.model.verdict import Verdict
from urlcheck.settings.errors import RuleError
from urlcheck.settings.patterns import Pattern
from urlcheck.settings.rules.basic import Text, is_collection, is_sequence, require

# the highest status of RFC 9110, 15; 999 is what LinkedIn answers to programs
LEAST_STATUS, MOST_STATUS, ODD_STATUS = 100, 599, 999


class Method(Text):
    """A request method (RFC 9110, 9), in capitals."""

    def __init__(self) -> None:
        super().__init__("a request method in capitals, such as GET")

    def fit(self, value: Any) -> str:
        method = Text.fit(self, value)
        if fault := find_fault(method):
            raise RuleError(fault)
        return str(require(method, method == method.upper()))


class HeaderText(Text):
    """The value of a header."""

    def __init__(self) -> None:
        super().__init__("a text without control characters")

    def fit(self, value: Any) -> str:
        text = Text.fit(self, value)
        return str(require(text, is_sendable(text)))


class Headers:
    """A mapping, or a sequence of pairs (name, value), stored as a tuple of pairs.

    `is_sent`: the headers of a request; else those that an answer must have, whose values may be `~` and a regular expression.
    """

    words = "a mapping, or a sequence of pairs (name, value)"

    def __init__(self, *, is_sent: bool) -> None:
        self.is_sent = is_sent

    def fit(self, value: Any) -> tuple[tuple[str, str], ...]:
        pairs = list(value.items()) if isinstance(value, Mapping) else value
        require(pairs, is_sequence(pairs))
        return tuple(self._fit_pair(pair) for pair in pairs)

    def _fit_pair(self, pair: Any) -> tuple[str, str]:
        name, text = fit_pair(pair)
        if not is_token(name) or not is_sendable(text):
            raise RuleError("a header has a name that RFC 9110 allows, and no control characters")
        if self.is_sent and name.lower() in FRAMING:
            raise RuleError(f"{name} frames the request; the client sets it")
        if not self.is_sent and text.startswith("~"):
            Pattern(text.removeprefix("~"))
        return name, text


class Credentials:
    """A pair (name, password)."""

    words = "a pair (name, password) without control characters"

    def fit(self, value: Any) -> tuple[str, str]:
        pair = fit_pair(value)
        require(pair, all(map(is_sendable, pair)))
        return pair


class Address:
    """A pair (host, port) on which a server of this machine listens."""

    words = "a pair (host, port)"

    def fit(self, value: Any) -> tuple[str, int]:
        parts = tuple(require(value, is_sequence(value)))
        require(parts, [type(part) for part in parts] == [str, int])
        host, port = parts
        return require((host, port), host and 0 <= port <= 65535)  # type: ignore[no-any-return]


class Statuses:
    """A collection of HTTP status codes, stored as a set."""

    words = f"a collection of status codes from {LEAST_STATUS} to {MOST_STATUS}, or {ODD_STATUS}"

    def fit(self, value: Any) -> frozenset[int]:
        require(value, is_collection(value))
        codes = tuple(value)  # their types first: not every object can be in a set
        require(codes, all(type(code) is int and is_status(code) for code in codes))
        return frozenset(codes)


class Verdicts:
    """A collection of verdicts, or of their names, stored as a set."""

    words = "a collection of verdicts"

    def fit(self, value: Any) -> frozenset[Verdict]:
        require(value, is_collection(value))
        names = tuple(value)
        require(names, all(isinstance(name, str) and name in [*Verdict] for name in names))
        return frozenset(map(Verdict, names))


class Outputs:
    """A sequence of pairs (format, file); None for the file is standard output."""

    words = "a sequence of pairs (format, file)"

    def fit(self, value: Any) -> tuple[tuple[str, str | None], ...]:
        require(value, is_sequence(value))
        return tuple(self._fit_output(output) for output in value)

    def _fit_output(self, output: Any) -> tuple[str, str | None]:
        parts = tuple(require(output, is_sequence(output)))
        name, file = require(parts, len(parts) == 2)
        require(parts, isinstance(name, str) and isinstance(file, str | None))
        return name, file


def check_absolute_url(text: str) -> None:
    """Raises `RuleError` with the reason for a text that is no absolute http(s) URL."""
    from urlcheck.http.url import InvalidUrlError, parse  # noqa: PLC0415 - of no use to --help

    try:
        parse(text)
    except InvalidUrlError as error:
        raise RuleError(f"not an absolute http(s) URL: {error}") from None


def is_status(code: int) -> bool:
    """Whether a server may answer with this status."""
    return LEAST_STATUS <= code <= MOST_STATUS or code == ODD_STATUS


def fit_pair(value: Any) -> tuple[str, str]:
    """Two texts as a tuple. Raises `RuleError`."""
    require(value, is_sequence(value))
    first, second = require(parts := tuple(value), [type(part) for part in parts] == [str, str])
    return first, second
