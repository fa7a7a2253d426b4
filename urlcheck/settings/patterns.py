"""Regular expressions that a user gives. RE2 runs them: the time of a search is linear in the text, for any expression."""

from __future__ import annotations

import re
from typing import Protocol

from urlcheck.settings.errors import RuleError

_MAX_MEMORY = 8 * 1024 * 1024  # bytes of an expression, its automata included
_MESSAGE_LIMIT = 60
# steps of an expression; times the bytes of the text, at some nanoseconds each, they bound a search
_LONGEST_PROGRAM = 2_000
_A_MOMENT = 2_000_000

# syntax that RE2 lacks, because it takes more than linear time; and the end of the text as only Python spells it
_NOT_RE2 = re.compile(r"\(\?(?:[=!(>]|<[=!]|P=)|\\[1-9]")
_PYTHON_END = re.compile(r"(?<!\\)(?:\\\\)*\\Z")


class _Expression(Protocol):
    """The part of google-re2 that is used; the library has no types of its own."""

    programsize: int

    def search(self, text: bytes) -> object | None: ...


class Pattern:
    """A regular expression that is searched for in texts. Raises `RuleError` with the reason for any other text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._expression = _compile(text)

    def takes_long(self, length: int) -> bool:
        """Whether a search of `length` bytes may take more than some milliseconds, if the text is written to be slow."""
        return self._expression.programsize * length > _A_MOMENT

    def is_in(self, text: str) -> bool:
        """Whether it is found anywhere in the text."""
        return self._expression.search(_encode(text)) is not None


def _compile(text: str) -> _Expression:
    import re2  # type: ignore[import-untyped] # noqa: PLC0415 - paid for where an expression is given

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_MEMORY
    try:
        expression: _Expression = re2.compile(_encode(text), options)
    except re2.error as error:
        fault = error.args[0].decode("utf-8", "replace")
        if len(fault) > _MESSAGE_LIMIT:
            fault = f"{fault[: _MESSAGE_LIMIT - 1]}…"
        raise RuleError(f"{text!r} is not a regular expression: {fault}{_advise(text)}") from None
    if expression.programsize > _LONGEST_PROGRAM:
        raise RuleError(f"{text!r} is too large to search long texts with; repeat less of it: {{1,50}}, not {{1,500}}")
    return expression


def _advise(text: str) -> str:
    if _NOT_RE2.search(text):
        return "; RE2 has no look-arounds, back-references or atomic groups"
    return r"; RE2 writes \z for the end of the text" if _PYTHON_END.search(text) else ""


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # to RE2 a lone surrogate is a character like any other
