"""Rules for numbers, texts and files. They are plain classes, which load faster than data classes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from urlcheck.settings.errors import RuleError
from urlcheck.settings.patterns import Pattern

# the most bytes of a size: messages between processes hold whole numbers of 64 bits
_MOST_BYTES = 2**63 - 1
# the most seconds of a time: a state file holds milliseconds in 64 bits
_MOST_SECONDS = 1e15


class Rule(Protocol):
    """A rule that a value must satisfy. `words` completes the sentence `FIELD must be …`."""

    @property
    def words(self) -> str: ...

    def fit(self, value: Any) -> Any:
        """The value as the field stores it. Raises `RuleError`: with a reason, or empty where `words` say enough."""
        ...


class Flag:
    """True or False."""

    words = "True or False"

    def fit(self, value: Any) -> bool:
        return bool(require(value, isinstance(value, bool)))


class Count:
    """A whole number between two bounds, both included; `most` None is no bound."""

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least = least
        self.most = most

    @property
    def words(self) -> str:
        return f"a whole number, {describe_range(self.least, self.most)}"

    def fit(self, value: Any) -> int:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return int(require(value, is_whole and self.least <= value <= (self.most or math.inf)))


class Size(Count):
    """A number of bytes."""

    def __init__(self, least: int) -> None:
        super().__init__(least, _MOST_BYTES)


class Number:
    """A finite number above 0."""

    words = "a number, more than 0"
    most = sys.float_info.max

    def fit(self, value: Any) -> float:
        require(value, isinstance(value, int | float) and not isinstance(value, bool) and value > 0)
        if value > self.most:
            raise RuleError("the number is too large")
        return float(value)


class Seconds(Number):
    """A span of time, of `least` seconds where that is given."""

    most = _MOST_SECONDS

    def __init__(self, least: float = 0.0) -> None:
        self.least = least

    @property
    def words(self) -> str:  # type: ignore[override] # the other numbers have no bound
        return f"a number of seconds, {f'{self.least:g} or more' if self.least else 'more than 0'}"

    def fit(self, value: Any) -> float:
        seconds = super().fit(value)
        return float(require(seconds, seconds >= self.least))


class Rate(Number):
    """Requests a second."""

    words = "a number of requests a second, more than 0"


class Either:
    """A rule, or one of a few values beside it; `None` for a setting that may be unset."""

    def __init__(self, rule: Rule, values: tuple[Any, ...] = (None,)) -> None:
        self.rule = rule
        self.values = values

    @property
    def words(self) -> str:
        return f"{self.rule.words}, or {' or '.join(map(repr, self.values))}"

    def fit(self, value: Any) -> Any:
        return value if _is_one_of(value, self.values) else self.rule.fit(value)


class Choice:
    """One of a few values."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values

    @property
    def words(self) -> str:
        return " or ".join(map(repr, self.values))

    def fit(self, value: Any) -> Any:
        return require(value, _is_one_of(value, self.values))


class Text:
    """A text; `check` raises `RuleError` with a reason for one that is unusable."""

    def __init__(self, words: str = "a text", check: Callable[[str], object] | None = None) -> None:
        self.words = words
        self.check = check

    def fit(self, value: Any) -> str:
        text: str = require(value, isinstance(value, str))
        if self.check:
            self.check(text)
        return text


class Texts:
    """Any sequence of texts, stored as a tuple; a single text is refused, as its characters would be taken for texts."""

    def __init__(self, words: str = "a sequence of texts", check: Callable[[str], object] | None = None) -> None:
        self.words = words
        self.check = check

    def fit(self, value: Any) -> tuple[str, ...]:
        texts = tuple(require(value, is_sequence(value)))
        require(texts, all(isinstance(text, str) for text in texts))
        if self.check:
            for text in texts:
                self.check(text)
        return texts


class Patterns(Texts):
    """Regular expressions."""

    def __init__(self) -> None:
        super().__init__("a sequence of regular expressions", Pattern)


class Path:
    """The name of a file."""

    words = "the name of a file"

    def fit(self, value: Any) -> str:
        name = require(os.fspath(value) if isinstance(value, os.PathLike) else value, isinstance(value, str | os.PathLike))
        return str(require(name, isinstance(name, str) and name and "\0" not in name))


class Bytes:
    """Bytes."""

    words = "bytes"

    def fit(self, value: Any) -> bytes:
        return bytes(require(value, isinstance(value, bytes | bytearray)))


def describe_range(least: int, most: int | None) -> str:
    """`from 1 to 64`, `1 or more`."""
    return f"{least} or more" if most is None else f"from {least} to {most}"


def is_sequence(value: Any) -> bool:
    """Whether the value has elements whose order has a meaning. A set has no order, and a text is one value."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def is_collection(value: Any) -> bool:
    """Whether the value is a sequence or a set."""
    return isinstance(value, Collection) and not isinstance(value, str | bytes | bytearray | Mapping)


def require(value: Any, holds: object) -> Any:
    """The value. Raises `RuleError` unless the condition holds."""
    if not holds:
        raise RuleError
    return value


def _is_one_of(value: Any, values: tuple[Any, ...]) -> bool:
    return any(value is one or (type(value) is type(one) and value == one) for one in values)
