from __future__ import annotations

from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any

import pytest

from urlcheck.model.errors import SettingsError
from urlcheck.model.verdict import Verdict
from urlcheck.settings.field import Scope, spec_of
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.rules import Rule
from urlcheck.settings.scopes import CheckSettings, ConnectionSettings, InputSettings, RunSettings
from urlcheck.settings.settings import Settings
from urlcheck.settings.watch import WatchSettings

FIELDS = [(scope, field.name) for scope in (Settings, WatchSettings, OutputSettings) for field in fields(scope)]


def refuse(**settings: Any) -> SettingsError:
    with pytest.raises(SettingsError) as raised:
        Settings(**settings)
    return raised.value


def find_rule(scope: type[Scope], name: str) -> Rule:
    return next(spec_of(field).rule for field in fields(scope) if field.name == name)


def test_every_field_has_a_rule() -> None:
    assert [name for scope, name in FIELDS if not find_rule(scope, name).words] == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"insecure": "false"}, "insecure: must be True or False"),
        ({"proxy": 5}, "proxy: must be the URL of a proxy, or None"),
        ({"base_url": 5}, "base_url: must be an absolute http(s) URL, or None"),
        ({"ca_file": 5}, "ca_file: must be the name of a file, or None"),
        ({"unix_socket": 5}, "unix_socket: must be the name of a file, or None"),
        ({"concurrency": 0}, "concurrency: must be a whole number, from 1 to 100000"),
        ({"concurrency": True}, "concurrency: must be a whole number, from 1 to 100000"),
        ({"timeout": 0}, "timeout: must be a number of seconds, more than 0"),
        ({"timeout": float("nan")}, "timeout: must be a number of seconds, more than 0"),
        ({"include": "abc"}, "include: must be a sequence of regular expressions"),
        ({"expect_text": "abc"}, "expect_text: must be a sequence of texts"),
        ({"headers": [("A b", "c")]}, "headers: a header has a name that RFC 9110 allows, and no control characters"),
        ({"headers": [("A", "b\r\nC: d")]}, "headers: a header has a name that RFC 9110 allows, and no control characters"),
        ({"headers": [("Content-Length", "5")]}, "headers: Content-Length frames the request; the client sets it"),
        ({"accept": [600]}, "accept: must be a collection of status codes from 100 to 599, or 999, or None"),
        ({"allow": "timeout"}, "allow: must be a collection of verdicts"),
        ({"method": "get"}, "method: must be a request method in capitals, such as GET"),
        ({"dask": 5}, "dask: must be the address of a Dask scheduler, such as tcp://HOST:8786, or local:N, or None"),
        ({"dask": "host:1"}, "dask: write the address of a Dask scheduler, such as tcp://HOST:8786, or local:N"),
        ({"dask": "tcp://a b"}, "dask: write the address of a Dask scheduler, such as tcp://HOST:8786, or local:N"),
        ({"dask": "local:65"}, "dask: local:N starts N worker processes on this machine, from 1 to 64"),
        ({"dask": "local:"}, "dask: local:N starts N worker processes on this machine, from 1 to 64"),
        ({"dask": "local:\u0662"}, "dask: local:N starts N worker processes on this machine, from 1 to 64"),
        ({"processes": "all"}, "processes: must be a whole number, from 1 to 64, or 'auto'"),
        ({"resolve": [("host", "9", "::1")]}, "resolve: must be a sequence of triples (host, port, addresses)"),
        ({"resolve": [("localhost", 9, "b")]}, "resolve: 'b' is not an IP address"),
        ({"resolve": [("host", 9, "127.0.0.1,")]}, "resolve: '' is not an IP address"),
        ({"resolve": [("host", 9, "fe80::1%0")]}, "resolve: 'fe80::1%0' has a zone: write the address without it"),
        ({"resolve": [("host", -1, "::1")]}, "resolve: -1 is not a port number from 1 to 65535"),
        ({"resolve": [("host", 10**9, "::1")]}, "resolve: 1000000000 is not a port number from 1 to 65535"),
        ({"resolve": [("host", 10**5000, "::1")]}, "resolve: must be a sequence of triples (host, port, addresses)"),
        ({"resolve": [("", 9, "::1")]}, "resolve: '' is not a host: no host"),
        ({"resolve": [("127.0.0.1", 9, "::1")]}, "resolve: 127.0.0.1 is an IP address: write the host name that it replaces"),
        ({"user": ("a\nb", "c")}, "user: must be a pair (name, password) without control characters, or None"),
        ({"user": ("a", "\udce9")}, "user: must be a pair (name, password) without control characters, or None"),
    ],
)
def test_an_unusable_value_is_refused_in_words(settings: dict[str, Any], message: str) -> None:
    assert str(refuse(**settings)) == message


@pytest.mark.parametrize("value", [10**400, float("inf")], ids=["whole", "infinite"])
@pytest.mark.parametrize("field", ["timeout", "max_time", "wait", "deadline", "rate", "max_age", "grace", "keep"])
def test_a_number_beyond_the_floats_is_refused(field: str, value: float) -> None:
    assert str(refuse(**{field: value})) == f"{field}: the number is too large"


@pytest.mark.parametrize("field", ["timeout", "max_time", "wait", "deadline", "max_age", "grace", "keep"])
def test_a_time_of_more_milliseconds_than_64_bits_hold_is_refused(field: str) -> None:
    assert str(refuse(**{field: 1e16})) == f"{field}: the number is too large"


def test_a_size_of_more_than_64_bits_is_refused() -> None:
    assert str(refuse(max_body=2**63)) == "max_body: must be a whole number, from 1 to 9223372036854775807"


def test_an_element_that_cannot_be_in_a_set_is_refused_in_words() -> None:
    assert str(refuse(accept=[[]])) == "accept: must be a collection of status codes from 100 to 599, or 999, or None"


@pytest.mark.parametrize(
    "settings",
    [
        {"include": {"a", "b"}},
        {"expect_text": {"a", "b"}},
        {"user": {"a", "b"}},
        {"headers": {("A", "b"), ("C", "d")}},
        {"headers": [{"A", "b"}]},
        {"resolve": {("a", 80, "::1"), ("b", 80, "::1")}},
    ],
)
def test_a_set_is_refused_where_the_order_has_a_meaning(settings: dict[str, Any]) -> None:
    assert refuse(**settings).field in settings


def test_a_set_is_no_output() -> None:
    with pytest.raises(SettingsError):
        OutputSettings(outputs=[{"csv", "a.csv"}])  # type: ignore[list-item]


def test_a_set_is_no_address() -> None:
    with pytest.raises(SettingsError):
        WatchSettings(serve={"host", 80})  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["include", "exclude", "expect_text", "headers", "resolve", "accept", "allow"])
def test_an_iterator_is_refused(field: str) -> None:
    assert refuse(**{field: iter(())}).field == field


def test_bytes_are_no_statuses() -> None:
    assert refuse(accept=bytearray([200])).field == "accept"


@pytest.mark.parametrize("error", [TypeError, ValueError, OverflowError])
def test_the_text_of_an_error_that_no_rule_raised_is_not_shown(error: type[Exception]) -> None:
    class Name:
        def __fspath__(self) -> str:
            raise error("hunter2")

    assert str(refuse(ca_file=Name())) == "ca_file: must be the name of a file, or None"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data": b"", "method": "HEAD"}, "data: a HEAD request has no body; use another method"),
        (
            {"expect_json": ["a"], "method": "HEAD"},
            "expect_json: the answer to a HEAD request has no body; use another method",
        ),
        ({"dask": "local:2", "processes": 2}, "processes: cannot be used together with dask"),
        ({"key": "key.pem"}, "key: needs cert"),
        (
            {"unix_socket": "s", "block_private": True},
            "block_private: cannot be used together with unix_socket",
        ),
        (
            {"unix_socket": "s", "proxy": "http://p/"},
            "proxy: cannot be used together with unix_socket",
        ),
    ],
)
def test_settings_that_exclude_each_other_are_refused(settings: dict[str, Any], message: str) -> None:
    assert str(refuse(**settings)) == message


def test_an_error_is_told_in_the_names_that_its_reader_knows() -> None:
    error = refuse(data=b"", method="HEAD")
    assert error.describe(lambda name: f"--{name}") == "--data: a HEAD request has no body; use another --method"


def test_a_secret_is_not_shown() -> None:
    settings = Settings(user=("name", "hidden"), headers={"Authorization": "hidden"}, data=b"hidden")
    assert "hidden" not in repr(settings)
    assert "hidden" not in str(refuse(user=("hidden",)))


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"headers": {"A": "b"}}, (("A", "b"),)),
        ({"headers": [["A", "b"]]}, (("A", "b"),)),
        ({"include": ["a", "b"]}, ("a", "b")),
        ({"accept": range(200, 202)}, frozenset({200, 201})),
        ({"allow": ["timeout"]}, frozenset({Verdict.TIMEOUT})),
        ({"ca_file": Path("ca.pem")}, "ca.pem"),
        ({"timeout": 5}, 5.0),
        ({"resolve": [["Example.org.", 443, "[2001:DB8::1],192.0.2.1"]]}, (("example.org", 443, "2001:db8::1,192.0.2.1"),)),
    ],
)
def test_every_accepted_spelling_is_stored_in_one_form(given: dict[str, Any], stored: object) -> None:
    (name,) = given
    assert getattr(Settings(**given), name) == stored


def test_a_scope_has_its_part_of_the_settings() -> None:
    settings = Settings(concurrency=3, retries=0, proxy="http://proxy/", exclude=["x"], accept=[204])
    assert settings.part(RunSettings) == RunSettings(concurrency=3)
    assert settings.part(InputSettings) == InputSettings(exclude=["x"])
    assert settings.check == CheckSettings(retries=0, proxy="http://proxy/", accept=[204])
    assert settings.check.part(ConnectionSettings) == ConnectionSettings(proxy="http://proxy/")


def test_scopes_are_keys_of_dictionaries() -> None:
    given: list[PathLike[str] | str] = ["ca.pem", Path("ca.pem")]
    assert len({ConnectionSettings(ca_file=name) for name in given}) == 1


def test_settings_with_the_same_values_are_equal_and_have_one_hash() -> None:
    settings = {Settings(timeout=3), Settings(timeout=3.0), Settings(timeout=4)}
    assert sorted(one.timeout for one in settings) == [3, 4]


def test_settings_of_different_scopes_differ() -> None:
    assert Settings() != Settings().check


def test_the_representation_of_settings_names_each_value_that_is_no_secret() -> None:
    assert repr(OutputSettings(quiet=True, color="never")) == (
        "OutputSettings(outputs=(('table', None),), show=None, show_body=False, color='never', progress=True, quiet=True, "
        "verbose=False)"
    )
