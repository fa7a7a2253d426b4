"""What the fields of `Settings` may hold: for the options that fill them, and for whoever fills them in Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from urlcheck.http.headers import FRAMING, is_sendable, is_token
from urlcheck.model.errors import SettingsError
from urlcheck.model.verdict import Verdict


class Range(NamedTuple):
    """Both ends included."""

    least: int
    most: int


RANGES: Mapping[str, Range] = {
    "concurrency": Range(1, 100_000),
    "per_host": Range(1, 100_000),
    "processes": Range(1, 64),
    "retries": Range(0, 100),
    "max_redirects": Range(0, 100),
    "max_body": Range(1, 2**63 - 1),
    "min_cert_days": Range(0, 10_000),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be, in words, and whether one is."""

    words: str
    holds: Callable[[Any], bool]

    def or_else(self, words: str, *values: object) -> Rule:
        """The same, with values that are usable besides."""
        return Rule(f"{self.words}, or {words}", lambda value: value in values or self.holds(value))


def refuse_unusable(settings: object) -> None:
    """Raises `SettingsError`, which names the field; it does not show the value, which may be a secret."""
    for name, rule in _RULES.items():
        if not rule.holds(getattr(settings, name)):
            raise SettingsError(f"{name} must be {rule.words}")


def _count(name: str) -> Rule:
    least, most = RANGES[name]
    words = f"a whole number from {least} to {most}" if most < RANGES["max_body"].most else f"a whole number, {least} or more"
    return Rule(words, lambda value: _is_count(value, least, most))


def _is_count(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(map(_is_text, value))


def _is_pair(value: Any) -> bool:
    return _are_texts(value) and len(value) == 2


def _are_pairs(value: Any) -> bool:
    return isinstance(value, tuple) and all(map(_is_pair, value))


def _are_sendable(value: Any) -> bool:
    return _are_pairs(value) and all(
        is_token(name) and name.lower() not in FRAMING and is_sendable(text) for name, text in value
    )


def _are_pins(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(pin, tuple) and [type(part) for part in pin] == [str, int, str] for pin in value
    )


def _are_statuses(value: Any) -> bool:
    return isinstance(value, Container) and not isinstance(value, str)


def _are_verdicts(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str) and all(verdict in [*Verdict] for verdict in value)


_SECONDS = Rule("a number of seconds, more than 0", _is_positive)
_TEXTS = Rule("a tuple of texts; of one text ('...',)", _are_texts)

_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("include", "exclude", "expect_text", "expect_regex", "expect_json"), _TEXTS),
    **{name: _count(name) for name in ("concurrency", "per_host", "retries", "max_redirects", "max_body")},
    "processes": _count("processes").or_else("'auto'", "auto"),
    "min_cert_days": _count("min_cert_days").or_else("None", None),
    "timeout": _SECONDS,
    **dict.fromkeys(("deadline", "wait", "max_time"), _SECONDS.or_else("None", None)),
    "rate": Rule("a number of requests a second, more than 0", _is_positive).or_else("None", None),
    "method": Rule("a text", _is_text),
    "user_agent": Rule("a text without control characters", lambda value: _is_text(value) and is_sendable(value)),
    "data": Rule("bytes", lambda value: isinstance(value, bytes)).or_else("None", None),
    "headers": Rule("a tuple of pairs (name, value) that can be sent, none of them to frame the request", _are_sendable),
    "expect_headers": Rule("a tuple of pairs (name, value)", _are_pairs),
    "user": Rule("a pair (name, password)", _is_pair).or_else("None", None),
    "resolve": Rule("a tuple of triples (host, port, addresses)", _are_pins),
    "ip_version": Rule("4 or 6", lambda value: value in (4, 6)).or_else("None", None),
    "accept": Rule("a range or a set of statuses", _are_statuses),
    "allow": Rule("a set of verdicts", _are_verdicts),
}
