from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import click
import pytest

from urlcheck.cli.command import command
from urlcheck.model.errors import SettingsError
from urlcheck.model.verdict import Verdict
from urlcheck.settings.limits import RANGES
from urlcheck.settings.settings import Settings

COUNTED = ["concurrency", "per_host", "retries", "max_redirects", "max_body", "processes", "min_cert_days"]


def refuse(name: str, value: Any) -> str:
    """What is said of a value that cannot be used."""
    with pytest.raises(SettingsError) as raised:
        Settings(**{name: value})
    return str(raised.value)


@pytest.mark.parametrize("name", COUNTED)
def test_a_number_is_whole_and_in_its_range(name: str) -> None:
    least, most = RANGES[name]
    for value in (least, most):
        assert getattr(Settings(**{name: value}), name) == value  # type: ignore[arg-type]
    for unusable in (least - 1, most + 1, float(least), True, str(least)):
        assert refuse(name, unusable).startswith(f"{name} must be a whole number")


@pytest.mark.parametrize("name", ["timeout", "deadline", "wait", "max_time", "rate"])
@pytest.mark.parametrize("value", [0, 0.0, -1, math.inf, math.nan, "5", True])
def test_a_time_or_a_rate_is_more_than_nothing_and_less_than_for_ever(name: str, value: Any) -> None:
    assert refuse(name, value).startswith(f"{name} must be a number of ")


@pytest.mark.parametrize("name", ["include", "exclude", "expect_text", "expect_regex", "expect_json"])
@pytest.mark.parametrize("value", ["abc", [b"abc"], (b"abc",), None])
def test_one_text_is_not_read_letter_by_letter(name: str, value: Any) -> None:
    assert refuse(name, value) == f"{name} must be a tuple of texts; of one text ('...',)"


@pytest.mark.parametrize("name", ["headers", "expect_headers"])
@pytest.mark.parametrize("value", ["A: b", ("A", "b"), ("A: b",), (("A", "b", "c"),), (("A", 1),), {"A": "b"}])
def test_headers_are_pairs(name: str, value: Any) -> None:
    assert refuse(name, value).startswith(f"{name} must be a tuple of pairs (name, value)")


@pytest.mark.parametrize("header", [("A b", "c"), ("A", "b\r\nC: d"), ("Content-Length", "5"), ("", "a")])
def test_headers_can_be_sent(header: tuple[str, str]) -> None:
    assert "that can be sent" in refuse("headers", (header,))
    assert Settings(expect_headers=(("Content-Length", "5"),))


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("processes", "many", "a whole number from 1 to 64, or 'auto'"),
        ("timeout", None, "a number of seconds, more than 0"),
        ("deadline", "1m", "a number of seconds, more than 0, or None"),
        ("user", "me:s3cret", "a pair (name, password), or None"),
        ("user_agent", "a\r\nb: c", "a text without control characters"),
        ("method", None, "a text"),
        ("data", "a=b", "bytes, or None"),
        ("resolve", ("host:80:127.0.0.1",), "a tuple of triples (host, port, addresses)"),
        ("ip_version", 5, "4 or 6, or None"),
        ("accept", "200", "a range or a set of statuses"),
        ("accept", 200, "a range or a set of statuses"),
        ("allow", "timeout", "a set of verdicts"),
        ("allow", {"late"}, "a set of verdicts"),
    ],
)
def test_what_a_field_must_be_is_said_and_not_what_it_was(name: str, value: Any, wanted: str) -> None:
    assert refuse(name, value) == f"{name} must be {wanted}"


def test_verdicts_may_be_written_as_texts() -> None:
    assert Verdict.TIMEOUT in Settings(allow={"timeout"}).allow  # type: ignore[arg-type]


def test_settings_that_are_replaced_are_looked_at_again() -> None:
    with pytest.raises(SettingsError, match=r"^concurrency must be"):
        replace(Settings(), concurrency=0)


def test_the_options_have_the_same_ranges() -> None:
    types = {param.name: param.type for param in command.params}
    ranges = {name: (kind.min, kind.max) for name, kind in types.items() if isinstance(kind, click.IntRange)}
    assert ranges == {name: RANGES[name] for name in ranges if name}
    assert ranges.keys() == {*COUNTED} - {"max_body", "processes"}


def test_a_list_is_as_good_as_a_tuple() -> None:
    assert Settings(include=["a"], headers=[("A", "b")]) == Settings(include=("a",), headers=(("A", "b"),))  # type: ignore[arg-type]
