"""Every field refuses every value of a type that it does not take, with its own name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from os import PathLike
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from urlcheck.model.errors import SettingsError
from urlcheck.model.verdict import Verdict
from urlcheck.settings.field import Scope, spec_of
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.settings import Settings
from urlcheck.settings.watch import WatchSettings

SCOPES: tuple[type[Scope], ...] = (Settings, WatchSettings, OutputSettings)
FIELDS = {field.name: (scope, spec_of(field).rule) for scope in SCOPES for field in fields(scope)}

SECONDS = int | float
PATH = str | PathLike[str]
TEXTS = Sequence[str]
PAIR = tuple[str, str]
HEADERS = Mapping[str, str] | Sequence[PAIR]

# field -> the types that it takes, in the words of `is_of`
ACCEPTED: dict[str, Any] = {
    "accept": Collection[int] | None,
    "allow": Collection[str],
    "allow_hosts": TEXTS,
    "base_url": str | None,
    "block_private": bool,
    "ca_file": PATH | None,
    "cert": PATH | None,
    "color": str,
    "concurrency": int,
    "confirm": int | None,
    "dask": str | None,
    "data": bytes | bytearray | None,
    "deadline": SECONDS | None,
    "dedupe": bool,
    "exclude": TEXTS,
    "expect_headers": HEADERS,
    "expect_json": TEXTS,
    "expect_regex": TEXTS,
    "expect_text": TEXTS,
    "fail_on": str,
    "grace": SECONDS | None,
    "headers": HEADERS,
    "include": TEXTS,
    "insecure": bool,
    "ip_version": int | None,
    "keep": SECONDS,
    "keep_body": bool,
    "key": PATH | None,
    "last_failed": bool,
    "max_age": SECONDS | None,
    "max_body": int,
    "max_redirects": int,
    "max_time": SECONDS | None,
    "method": str,
    "min_cert_days": int | None,
    "netrc": bool,
    "notify": str | None,
    "notify_repeat": SECONDS | None,
    "outputs": Sequence[tuple[str, str | None]],
    "per_host": int,
    "processes": int | str,
    "progress": bool,
    "proxy": str | None,
    "quiet": bool,
    "rate": int | float | None,
    "recover": int | None,
    "resolve": Sequence[tuple[str, int, str]],
    "retries": int,
    "serve": tuple[str, int] | None,
    "serve_token_file": PATH | None,
    "show": str | None,
    "show_body": bool,
    "state": PATH | None,
    "timeout": SECONDS,
    "unix_socket": PATH | None,
    "user": PAIR | None,
    "user_agent": str,
    "verbose": bool,
    "wait": SECONDS | None,
    "watch": SECONDS | None,
}

CONTROL = "a\r\nB: \x1b\0"
HUGE = 10**400
NAN, INFINITY = float("nan"), float("inf")

# what stands alone, and what each container below holds
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, 4, 80, -1, HUGE, -HUGE, 0.5, NAN, INFINITY, -INFINITY),
    *("", "a", "127.0.0.1", CONTROL, "\udce9", b"", b"a", bytearray(b"a"), 1j, object(), str, len),
    *(Verdict.DNS, Path("a"), Path(CONTROL), range(3), iter(())),
)
SETS: tuple[Any, ...] = (set(), {"a"}, {"a", "b"}, {200}, frozenset({"a", "b"}), {("A", "b")}, {("a", 80, "::1")})
CONTAINERS: tuple[Callable[[Any], Any], ...] = (
    *(lambda one: [one], lambda one: (one,), lambda one: [one, "a"], lambda one: ["a", one], lambda one: ["a", one, "::1"]),
    *(lambda one: {"a": one}, lambda one: iter([one])),
)
NESTED = [make(one) for make in CONTAINERS for one in (*SCALARS, [], *SETS)]
SAMPLES = [*SCALARS, *SETS, [], (), {}, [[]], [{}], *NESTED, *([one] for one in NESTED)]

# what a field of few words takes
WORDS = ("all", "any", "auto", "GET", "http://host/", "local:1")

scalars = st.one_of(
    *(st.sampled_from((*SCALARS, *SETS)), st.integers(), st.floats(), st.text(st.characters(codec=None)), st.binary())
)
anything = st.recursive(
    scalars,
    lambda part: st.one_of(st.lists(part, max_size=3), st.tuples(part, part), st.dictionaries(st.text(), part, max_size=2)),
)


def is_of(value: Any, kind: Any) -> bool:
    """Whether a value is of a type. True is no number, a text no sequence; `tuple[...]` is a sequence of so many elements."""
    if isinstance(kind, UnionType):
        return any(is_of(value, one) for one in get_args(kind))
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin is tuple:
        return is_of(value, Sequence[Any]) and len(value) == len(parts) and all(map(is_of, value, parts))
    if origin is Mapping:
        return isinstance(value, Mapping) and all(all(map(is_of, pair, parts)) for pair in value.items())
    if origin in (Sequence, Collection):
        is_other = isinstance(value, str | bytes | bytearray | Mapping)
        return not is_other and isinstance(value, origin) and all(is_of(one, parts[0]) for one in value)
    return kind is Any or (isinstance(value, origin) and (origin is bool or not isinstance(value, bool)))


def find_fault(name: str, value: Any) -> str | None:
    """What a field does wrong with a value."""
    scope, rule = FIELDS[name]
    try:
        stored = getattr(scope(**{name: value}), name)
    except SettingsError as error:
        own = name in (error.field, error.other) if is_of(value, ACCEPTED[name]) else error.field == name
        return None if own else f"{error.field} is named"
    except Exception as error:  # noqa: BLE001 - any error but that of a setting is a fault
        return f"{type(error).__name__} is raised"
    if not is_of(value, ACCEPTED[name]):
        return "it is accepted"
    hash(stored)
    return None if rule.fit(stored) == stored else "what is stored is not accepted as it is"


def is_accepted(name: str, value: Any) -> bool:
    """Whether the rule of a field accepts a value."""
    try:
        FIELDS[name][1].fit(value)
    except ValueError:
        return False
    return True


def test_every_field_has_a_row_in_the_table_of_types() -> None:
    assert FIELDS.keys() == ACCEPTED.keys()


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_field_accepts_its_types_alone(name: str) -> None:
    faults = [(repr(value)[:80], fault) for value in SAMPLES if (fault := find_fault(name, value))]
    assert faults == []


@given(value=anything)
@hypothesis_settings(max_examples=100)
def test_any_value_of_another_type_is_refused_with_the_name_of_the_field(value: Any) -> None:
    assert [(name, fault) for name in ACCEPTED if (fault := find_fault(name, value))] == []


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_field_accepts_a_value_of_each_of_its_types(name: str) -> None:
    accepted = [value for value in (*SAMPLES, *WORDS) if is_accepted(name, value)]
    kinds = get_args(ACCEPTED[name]) if isinstance(ACCEPTED[name], UnionType) else (ACCEPTED[name],)
    assert [kind for kind in kinds if not any(is_of(value, kind) for value in accepted)] == []


@pytest.mark.parametrize(
    "name", ["base_url", "dask", "expect_headers", "headers", "method", "notify", "resolve", "user", "user_agent"]
)
def test_control_characters_are_refused_in_what_is_sent(name: str) -> None:
    pairs = [(CONTROL, "a"), ("a", CONTROL)]
    pins = [(CONTROL, 80, "::1"), ("a", 80, CONTROL)]
    made = [CONTROL, *pairs, *([pair] for pair in pairs), *([pin] for pin in pins)]
    assert [value for value in made if is_accepted(name, value)] == []
