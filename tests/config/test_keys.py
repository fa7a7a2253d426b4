from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

from tests.support.command import Complain, Tell
from urlcheck.cli.command import command
from urlcheck.cli.program import run
from urlcheck.config.keys import Key, list_keys, split_path
from urlcheck.model.verdict import Verdict
from urlcheck.options.bodies import read_json
from urlcheck.options.groups import GroupedOption
from urlcheck.options.name_types import Output
from urlcheck.options.options import SCOPES
from urlcheck.options.request_types import Body
from urlcheck.settings import rules
from urlcheck.settings.field import spec_of
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.rules import Either
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings

NAMED = ("--config", "urlcheck.toml")
KEYS = list_keys(command)


def test_every_option_has_a_key() -> None:
    options = [param for param in command.params if isinstance(param, GroupedOption)]
    assert {option for key in KEYS.values() for option in key.options} == {*options}
    assert {"file", "no-dedupe", "header", "max-time", "ip-version", "output"} <= KEYS.keys()


def test_options_of_a_single_request_are_for_targets_and_those_of_a_run_are_not() -> None:
    for_targets = {name for name, key in KEYS.items() if key.is_for_targets}
    assert {"method", "header", "user", "user-agent", "timeout", "retries", "max-redirects", "insecure"} <= for_targets
    assert {"ca-file", "proxy", "accept", "allow", "expect-header", "max-time", "min-cert-days"} <= for_targets
    for name in ("concurrency", "processes", "per-host", "rate", "deadline", "include", "file", "base-url", "output", "quiet"):
        assert name not in for_targets


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("timeout = '500ms'", Settings(timeout=0.5)),
        ("timeout = 5", Settings(timeout=5)),
        ("timeout = 0.5", Settings(timeout=0.5)),
        ("timeout = 2.0", Settings(timeout=2)),
        ("retries = 0", Settings(retries=0)),
        ("retries = '0'", Settings(retries=0)),
        ("rate = 0.5", Settings(rate=0.5)),
        ("processes = 2", Settings(processes=2)),
        ("processes = 'auto'", Settings()),
        ("method = 'head'", Settings(method="HEAD")),
        ("header = 'A: b'", Settings(headers=(("A", "b"),))),
        ("header = ['A: b', 'C: d']", Settings(headers=(("A", "b"), ("C", "d")))),
        ("header = []", Settings()),
        ("user = 'a:b'", Settings(user=("a", "b"))),
        ("no-dedupe = true", Settings(dedupe=False)),
        ("no-dedupe = false", Settings(dedupe=True)),
        ("insecure = true", Settings(insecure=True)),
        ("insecure = false", Settings()),
        ("ip-version = 6", Settings(ip_version=6)),
        ("accept = '2xx,404'", Settings(accept=frozenset({*range(200, 300), 404}))),
        ("accept = 404", Settings(accept=frozenset({404}))),
        ("accept = [200, 404]", Settings(accept=frozenset({200, 404}))),
        ("accept = ['2xx', 404]", Settings(accept=frozenset({*range(200, 300), 404}))),
        ("allow = ['dns', 'tls']", Settings(allow=frozenset({Verdict.DNS, Verdict.TLS}))),
        ("ca-file = 'certs/ca.pem'", Settings(ca_file="certs/ca.pem")),
    ],
)
def test_a_value_may_be_written_as_toml_has_it(tell: Tell, text: str, settings: Settings) -> None:
    assert tell(text, "x").settings == settings


def test_output_is_told_as_well(tell: Tell) -> None:
    told = tell('output = ["table", "jsonl=out.jsonl"]\nno-progress = true\nshow = "all"\nverbose = true', "x", *NAMED)
    outputs = (("table", None), ("jsonl", "out.jsonl"))
    assert told.output == OutputSettings(outputs=outputs, progress=False, show="all", verbose=True)


def test_what_is_no_setting_of_ours_reaches_the_command_too(tell: Tell) -> None:
    assert tell("allow-empty = true", "x").params["allow_empty"] is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeout = 'soon'", "timeout: 'soon' is not a duration: write 500ms, 10s, 2m or 1h"),
        ("timeout = -1", "timeout: '-1' is not a duration: write 500ms, 10s, 2m or 1h"),
        ("timeout = nan", "timeout: 'nan' is not a duration: write 500ms, 10s, 2m or 1h"),
        ("timeout = true", "timeout: true is no value for it"),
        ("timeout = {a = 1}", "timeout: a table is no value for it"),
        ("timeout = 1979-05-27", "timeout: a date or time is no value for it"),
        ("timeout = [1]", "timeout: one value is needed, not a list"),
        ("header = [['A: b']]", "header: a list is no value for it"),
        ("header = 'A'", "header: a header is written 'NAME: VALUE', without control characters"),
        ("accept = []", "accept: an empty list"),
        ("accept = [200, 2000]", "accept: '2000' is not a status code: write 200, 200-299 or 2xx, with commas between"),
        ("retries = -1", "retries: must be from 0 to 100"),
        ("retries = 1.5", "retries: '1.5' is not a whole number"),
        ("retries = 'two'", "retries: 'two' is not a whole number"),
        ("insecure = 'yes'", "insecure: must be true or false, not a text"),
        ("insecure = 1", "insecure: must be true or false, not a number"),
        ("ip-version = 5", "ip-version: '5' is not one of 4, 6"),
        ("output = 'xml=out'", "output: 'xml' is not a format; they are: "),
        ("tiemout = 1", "unknown key 'tiemout'; did you mean 'timeout'?"),
        ("max_time = 1", "unknown key 'max_time'; did you mean 'max-time'?"),
        ("something = 1", "unknown key 'something'"),
        ("[check]\ntimeout = 1", "unknown key 'check'; keys are not grouped into tables"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_place(complain: Complain, text: str, message: str) -> None:
    said = complain(f"# first line\n{text}", "x")
    assert (
        said.removeprefix("urlcheck.toml:2: ").startswith(message)
        if message.endswith(" ")
        else said.endswith(f":2: {message}")
    )


def test_a_password_in_a_message_is_masked(complain: Complain) -> None:
    assert complain("proxy = 'ftp://me:hunter2@host'\nmax-time = 'https://me:hunter2@host'", "x").count("hunter2") == 0


def test_what_a_variable_holds_is_in_no_message(complain: Complain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2\n")
    assert complain("timeout = '${TOKEN}'") == (
        "urlcheck.toml:1: timeout: '${TOKEN}' is not a duration: write 500ms, 10s, 2m or 1h"
    )
    assert complain("header = ['A: b', 'C: ${TOKEN}x']") == (
        "urlcheck.toml:1: header: 'A: b', 'C: ${TOKEN}x' cannot be used as the environment has it"
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("expect-regex = '${TOKEN}('", "expect-regex: '${TOKEN}(' is not a regular expression: "),
        ("include = '${TOKEN}('", "include: '${TOKEN}(' is not a regular expression: "),
        ("expect-json = '${TOKEN} ='", "expect-json: '${TOKEN} ='"),
        ("cert = '/nope/${TOKEN}'", "cert: cannot read /nope/${TOKEN}: "),
        ("file = '${TOKEN}'", "cannot read ${TOKEN}: "),
        ("output = ['csv=${TOKEN}', 'jsonl=${TOKEN}']", "${TOKEN} is named twice"),
        ("[[target]]\nurl = '127.0.0.1:9'\nexpect-regex = '${TOKEN}('", "expect-regex: '${TOKEN}(' is not a "),
        ("[[target]]\nurl = '127.0.0.1:9'\ncert = '/nope/${TOKEN}'", "cert: cannot read /nope/${TOKEN}: "),
    ],
)
def test_what_a_variable_holds_is_in_no_message_of_the_run(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lines: str, message: str
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    (folder / "urlcheck.toml").write_text(lines)
    assert run([*NAMED] if "target" in lines or "file" in lines else ["127.0.0.1:9", *NAMED]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "hunter2" not in said


def test_a_variable_may_be_part_of_any_text(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    told = tell("header = ['A: b', 'X-Token: ${TOKEN}']\nuser = 'me:${TOKEN}'\ninclude = 'a$${2}'", "x")
    assert told.settings == Settings(headers=(("A", "b"), ("X-Token", "abc")), user=("me", "abc"), include=("a${2}",))


def test_paths_start_from_the_files_own_directory(
    folder: Path, tell: Tell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    monkeypatch.setenv("LISTS", str(tmp_path))
    text = "file = ['a.txt', '-', '${LISTS}/b.txt']\nca-file = 'ca.pem'\noutput = ['jsonl=out.jsonl', 'table']"
    (folder / "urlcheck.toml").write_text(text)
    told = tell(None, "--config", "../urlcheck.toml")
    assert told.params["files"] == ("../a.txt", "-", f"{tmp_path}/b.txt")
    assert told.settings.ca_file == "../ca.pem"
    assert told.output.outputs == (("jsonl", "../out.jsonl"), ("table", None))


def option(name: str = "--x", group: str = "x", **attributes: Any) -> Key:
    (key,) = list_keys(
        click.Command("x", params=[GroupedOption([name], group=group, shown_default=None, **attributes)])
    ).values()
    return key


@pytest.mark.parametrize(
    ("kind", "text", "parts"),
    [
        (click.Path(), "a.txt", ("", "a.txt")),
        (click.Path(), "-", ("-", "")),
        (Output(), "jsonl=a=b", ("jsonl=", "a=b")),
        (Output(), "jsonl=-", ("jsonl=-", "")),
        (Output(), "jsonl", ("jsonl", "")),
        (Body(read_json), "@a.json", ("@", "a.json")),
        (Body(read_json), "a@b", ("a@b", "")),
        (Body(read_json), "@-", ("@-", "")),
        (click.STRING, "a.txt", ("a.txt", "")),
        (click.STRING, "@a.txt", ("@a.txt", "")),
    ],
)
def test_the_type_of_an_option_tells_what_names_a_file(kind: click.ParamType[Any], text: str, parts: tuple[str, str]) -> None:
    assert split_path(option(type=kind, metavar="X"), text) == parts


@pytest.mark.parametrize("metavar", ["FILE", "PATH", "SOCKET", "FORMAT[=FILE]", "TEXT|@FILE"])
def test_a_word_of_the_help_makes_no_value_a_file(metavar: str) -> None:
    assert [split_path(option(metavar=metavar), text) for text in ("a", "a=b", "@a")] == [("a", ""), ("a=b", ""), ("@a", "")]


def test_the_settings_that_name_files_are_those_with_the_rule_of_paths() -> None:
    rule_of = {field.name: spec_of(field).rule for scope in SCOPES for field in fields(scope)}
    by_rule = {name for name, rule in rule_of.items() if isinstance(rule, Either) and isinstance(rule.rule, rules.Path)}
    assert {key.param for key in KEYS.values() if split_path(key, "a") == ("", "a")} == by_rule | {"files"}


def test_the_title_of_a_group_makes_no_option_one_for_targets() -> None:
    assert not option(group="Request").is_for_targets


def test_a_field_of_the_check_settings_is_for_targets_in_any_group() -> None:
    assert option("--timeout", group="Any").is_for_targets


def test_the_options_for_targets_are_those_of_the_check_settings_and_json() -> None:
    of_a_check = {field.name for field in fields(CheckSettings) if spec_of(field).option}
    assert {key.param for key in KEYS.values() if key.is_for_targets} == of_a_check | {"json"}
