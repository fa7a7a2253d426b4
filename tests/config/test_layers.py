from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from tests.support.command import Complain, Tell
from urlcheck.settings.scopes import CheckSettings
from urlcheck.settings.settings import Settings


@pytest.mark.parametrize(
    ("text", "variable", "arguments", "timeout"),
    [
        (None, "", [], 10),
        ("timeout = 1", "", [], 1),
        ("timeout = 1", "2s", [], 2),
        (None, "2s", [], 2),
        ("timeout = 1", "", ["-t", "3"], 3),
        ("timeout = 1", "2s", ["-t", "3"], 3),
        ("timeout = 1", "2s", ["-t", "10s"], 10),
    ],
)
def test_the_environment_goes_over_the_file_and_the_command_line_over_both(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, text: str | None, variable: str, arguments: list[str], timeout: float
) -> None:
    monkeypatch.setenv("URLCHECK_TIMEOUT", variable)
    assert tell(text, "x", *arguments).settings.timeout == timeout


def test_lists_are_replaced_as_a_whole(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "header = ['A: file', 'B: file']"
    assert tell(text, "x", "-H", "C: line").settings.headers == (("C", "line"),)
    monkeypatch.setenv("URLCHECK_HEADER", "D: with blanks, and a comma\n\n  E: variable \n")
    assert tell(None, "x").settings.headers == (("D", "with blanks, and a comma"), ("E", "variable"))


@pytest.mark.parametrize(
    ("variable", "value", "settings"),
    [
        ("URLCHECK_NO_DEDUPE", "true", Settings(dedupe=False)),
        ("URLCHECK_NO_DEDUPE", "0", Settings()),
        ("URLCHECK_INSECURE", "yes", Settings(insecure=True)),
        ("URLCHECK_IP_VERSION", "4", Settings(ip_version=4)),
        ("URLCHECK_ACCEPT", " 404 ", Settings(accept=frozenset({404}))),
        ("URLCHECK_PROXY", "${NOT_REPLACED}", Settings(proxy="${NOT_REPLACED}")),
        ("URLCHECK_UNHEARD_OF", "x", Settings()),
    ],
)
def test_a_variable_is_called_as_its_option(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, settings: Settings
) -> None:
    monkeypatch.setenv(variable, value)
    assert tell(None, "x").settings == settings


def test_a_flag_of_the_file_is_undone_by_the_environment(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URLCHECK_INSECURE", "false")
    assert not tell("insecure = true", "x").settings.insecure


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("URLCHECK_TIMEOUT", "soon", "URLCHECK_TIMEOUT: 'soon' is not a duration: write 500ms, 10s, 2m or 1h"),
        ("URLCHECK_INSECURE", "ja", "URLCHECK_INSECURE: must be true or false, not 'ja'"),
        ("URLCHECK_CONFIG", "missing.toml", "cannot read missing.toml: No such file or directory"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    complain: Complain, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert complain(None, "x") == message


TARGETS = "file = 'list.txt'\n[[target]]\nurl = 'a.example'\n"


@pytest.mark.parametrize(
    ("text", "variable", "arguments", "urls", "files"),
    [
        (TARGETS, "", [], ["a.example"], ("list.txt",)),
        (TARGETS, "", ["b.example"], ["b.example"], ()),
        (TARGETS, "", ["-"], ["-"], ()),
        (TARGETS, "", ["-f", "other.txt"], [], ("other.txt",)),
        (TARGETS, "", ["b.example", "-f", "other.txt"], ["b.example"], ("other.txt",)),
        (TARGETS, "one.txt\ntwo.txt", [], [], ("one.txt", "two.txt")),
        (TARGETS, "one.txt", ["b.example"], ["b.example"], ()),
        (None, "one.txt", [], [], ("one.txt",)),
    ],
)
def test_what_is_checked_is_said_by_the_last_that_says_any_of_it(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, text: str, variable: str, arguments: list[str], urls: list[str], files: object
) -> None:
    monkeypatch.setenv("URLCHECK_FILE", variable)
    told = tell(text, *arguments)
    assert (told.urls, told.params["files"]) == (urls, files)


def test_targets_that_are_not_checked_need_no_variables(tell: Tell) -> None:
    assert tell("[[target]]\nurl = '${NOT_THERE}'", "x").urls == ["x"]


def test_a_target_has_the_settings_of_the_run_with_its_own_on_top(tell: Tell) -> None:
    told = tell(
        """
        timeout = 3
        header = ["A: run", "B: run"]
        insecure = true
        no-dedupe = true
        [[target]]
        name = "plain"
        url = "a.example"
        [[target]]
        url = "b.example"
        header = "A: target"
        insecure = false
        accept = [404]
        [[target]]
        url = "c.example"
        header = []
        """,
        *("--retries", "7"),
    )
    run = told.settings
    assert (run.timeout, run.retries, run.dedupe) == (3, 7, False)
    assert [target.name for target in told.targets] == ["plain", None, None]
    plain, other, bare = told.own_checks
    assert plain is None
    assert other == replace(run.check, headers=(("A", "target"),), insecure=False, accept=frozenset({404}))
    assert bare == replace(run.check, headers=())


FORM, JSON = ("Content-Type", "application/x-www-form-urlencoded"), ("Content-Type", "application/json")


def test_a_body_of_a_target_takes_the_place_of_the_runs_whichever_of_the_two_it_is(tell: Tell) -> None:
    own = ("data = 'a=1'", "json = '[]'", "data = []", "method = 'PUT'")
    targets = "".join(f"[[target]]\nurl = 'x'\n{line}\n" for line in own)
    form, other, none, bare = (check or CheckSettings() for check in tell(f"json = '{{}}'\n{targets}").own_checks)
    assert (form.data, form.method, form.headers) == (b"a=1", "POST", (FORM,))
    assert (other.data, other.method) == (b"[]", "POST")
    assert (none.data, none.method, none.headers) == (None, "GET", ())
    assert (bare.data, bare.method, JSON in bare.headers) == (b"{}", "PUT", True)


def test_a_body_of_the_command_line_takes_the_place_of_the_others(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tell("json = '{}'\nmethod = 'PUT'", "x", "--data", "a=1").settings
    assert (told.data, told.method, told.headers) == (b"a=1", "PUT", (FORM,))
    monkeypatch.setenv("URLCHECK_DATA", "b=1")
    assert tell(None, "x").settings.data == b"b=1"
    assert tell(None, "x", "--json", "[]").settings.data == b"[]"


def test_two_bodies_in_one_place_are_one_too_many(complain: Complain) -> None:
    two = "data = 'a'\njson = '{}'\n"
    message = "json: cannot be used together with data"
    assert complain(two, "127.0.0.1:9") == f"urlcheck.toml:2: {message}"
    assert complain(f"json = '[]'\n[[target]]\nurl = 'x'\n{two}") == f"urlcheck.toml:5: {message} in [[target]] 'x'"


def test_targets_with_the_same_settings_share_a_check(tell: Tell) -> None:
    lines = "timeout = 1\naccept = 404\nallow = 'dns'\nheader = ['A: b']\nexpect-header = 'A: b'\nuser = 'a:b'\n"
    told = tell(f"[[target]]\nurl = 'x'\n{lines}[[target]]\nurl = 'x'\n{lines}[[target]]\nurl = 'x'\ntimeout = 2")
    assert [target.check for target in told.targets] == [1, 1, 2]
    assert len(told.params["checks"]) == 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("name = 'api'", "urlcheck.toml:2: [[target]] 'api' has no url"),
        ("name = 'api'\nurl = ''", "urlcheck.toml:4: [[target]] 'api' has no url"),
        ("", "urlcheck.toml:2: [[target]] 1 has no url"),
        ("url = 3", "urlcheck.toml:3: url is not a text in [[target]] 1"),
        ("url = 'x'\nname = 3", "urlcheck.toml:4: name is not a text in [[target]] 'x'"),
        ("url = '${NOPE}'", "urlcheck.toml:3: url in [[target]] '${NOPE}': the environment has no variable NOPE"),
        ("url = 'x'\ntiemout = 1", "urlcheck.toml:4: unknown key 'tiemout' in [[target]] 'x'; did you mean 'timeout'?"),
        ("url = 'x'\nnaem = 1", "urlcheck.toml:4: unknown key 'naem' in [[target]] 'x'; did you mean 'name'?"),
        ("url = 'x'\nconcurrency = 1", "urlcheck.toml:4: 'concurrency' is for the whole run, not for [[target]] 'x'"),
        ("url = 'x'\ntimeout = 'a'", "urlcheck.toml:4: timeout in [[target]] 'x': 'a' is not a duration: "),
        ("url = 'x'\nexpect-header = 'A: ~('", "urlcheck.toml:4: expect-header: '(' is not a regular expression: "),
        (
            "url = 'x'\n[target.header]\nA = 'b'",
            "urlcheck.toml:4: header in [[target]] 'x': a table is no value for it: write [\"NAME: VALUE\"]",
        ),
        ("url = 'https://me:hun ter2@x'\na = 1", "urlcheck.toml:4: unknown key 'a' in [[target]] 'https://me:****@x'"),
        ("url = 'https://me:hunter2@x'\na = 1", "urlcheck.toml:4: unknown key 'a' in [[target]] 'https://me:****@x'"),
    ],
)
def test_a_target_that_cannot_be_used_is_refused_with_its_place(complain: Complain, lines: str, message: str) -> None:
    said = complain(f"retries = 0\n[[target]]\n{lines}\n")
    assert said.startswith(message) if message.endswith(" ") else said == message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("include = ['(']", "urlcheck.toml:2: include: '(' is not a regular expression: "),
        ("base-url = 'ftp://x'", "urlcheck.toml:2: base-url: not an absolute http(s) URL: "),
        ("ca-file = 'missing.pem'", "urlcheck.toml:2: ca-file: cannot read missing.pem: "),
        ("[[target]]\nurl = '127.0.0.1:9'\nca-file = 'missing.pem'", "urlcheck.toml:4: ca-file: cannot read missing.pem: "),
        ("output = ['table', 'csv']", "urlcheck.toml:2: output: only one can go to standard output"),
    ],
)
def test_a_setting_that_is_refused_at_the_start_is_named_with_its_place(complain: Complain, lines: str, message: str) -> None:
    arguments = [] if "target" in lines else ["127.0.0.1:9"]
    assert complain(f"retries = 0\n{lines}", *arguments).startswith(message)


BLAMED = """
%s
[[target]]
url = '127.0.0.1:9'
cert = '%s'
[[target]]
url = '127.0.0.1:9'
cert = '%s'
"""


@pytest.mark.parametrize(
    ("run", "certs", "arguments", "message"),
    [
        ("", ("a.pem", "a.pem"), [], "urlcheck.toml:5: cert: cannot read a.pem: "),
        ("cert = 'a.pem'", ("b.pem", "a.pem"), [], "urlcheck.toml:2: cert: cannot read a.pem: "),
        ("cert = 'own.pem'", ("own.pem", "b.pem"), [], "urlcheck.toml:8: cert: cannot read b.pem: "),
        ("", ("own.pem", "b.pem"), ["--cert", "own.pem"], "urlcheck.toml:8: cert: cannot read b.pem: "),
        ("", ("b.pem", "b.pem"), ["--cert", "a.pem"], "--cert: cannot read a.pem: "),
        ("key = 'a.pem'", ("own.pem", "own.pem"), ["--cert", "own.pem"], "urlcheck.toml:2: key: cannot read a.pem: "),
    ],
)
def test_of_several_places_the_one_that_is_at_fault_is_named(
    folder: Path, ca: trustme.CA, complain: Complain, run: str, certs: tuple[str, str], arguments: list[str], message: str
) -> None:
    ca.issue_cert("me@example.org").private_key_and_cert_chain_pem.write_to_path(str(folder / "own.pem"))
    assert complain(BLAMED % (run, *certs), *arguments).startswith(message)


@pytest.mark.parametrize(
    ("run", "own", "message"),
    [
        ("block-private = true", "proxy = 'a.example'", "urlcheck.toml:5: block-private: cannot be held through a proxy"),
        ("proxy = 'a.example'", "block-private = true", "urlcheck.toml:5: block-private: cannot be held through a proxy"),
        ("data = 'a'", "method = 'HEAD'", "urlcheck.toml:5: data: a HEAD request has no body; use another method"),
        ("method = 'HEAD'", "json = '1'", "urlcheck.toml:5: json: a HEAD request has no body; use another method"),
        ("timeout = 1", "proxy = 'ftp://x'", "urlcheck.toml:5: proxy: not the URL of an http or https proxy: "),
        ("timeout = 1", "key = 'a.pem'", "urlcheck.toml:5: key: needs cert"),
    ],
)
def test_a_target_is_at_fault_for_what_it_adds_to_the_run(complain: Complain, run: str, own: str, message: str) -> None:
    assert complain(f"{run}\n[[target]]\nurl = 'a.example'\n#\n{own}\n").startswith(message)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("expect-regex = '('", "urlcheck.toml:1: expect-regex: '(' is not a regular expression: "),
        ("json = '1'\ndata = 'a'", "urlcheck.toml:1: json: cannot be used together with data"),
    ],
)
def test_a_target_is_not_at_fault_for_what_it_has_from_the_run(complain: Complain, run: str, message: str) -> None:
    assert complain(f"{run}\n[[target]]\nurl = 'a.example'\nretries = 1\n").startswith(message)


def test_two_bodies_of_a_run_are_its_own_fault_also_where_each_target_has_another(complain: Complain) -> None:
    text = "data = 'a'\njson = '1'\n[[target]]\nurl = 'a.example'\ndata = 'b'\n"
    assert complain(text).startswith("urlcheck.toml:2: json: cannot be used together with ")


def test_what_targets_do_not_cause_is_not_blamed_on_them(complain: Complain) -> None:
    text = "include = '('\n[[target]]\nurl = 'a.example'\nretries = 1\n"
    assert complain(text).startswith("urlcheck.toml:1: include: '(' is not a regular expression: ")


def test_what_the_command_line_says_is_not_blamed_on_the_file(complain: Complain) -> None:
    assert complain("include = ['a']", "127.0.0.1:9", "--include", "(").startswith("--include: '(' is not")


def test_what_the_command_line_says_is_not_blamed_on_a_target(complain: Complain) -> None:
    text = "[[target]]\nurl = 'a.example'\nretries = 1\n"
    assert complain(text, "--expect-regex", "(").startswith("--expect-regex: '(' is not")


@pytest.mark.parametrize(
    ("variables", "text", "message"),
    [
        ({"URLCHECK_CA_FILE": "no.pem"}, "", "URLCHECK_CA_FILE: cannot read no.pem: No such file or directory"),
        ({"URLCHECK_INCLUDE": "a\n("}, "", "URLCHECK_INCLUDE: '(' is not a regular expression: missing ): ("),
        ({"URLCHECK_KEY": "a.pem"}, "", "URLCHECK_KEY: needs cert"),
        ({"URLCHECK_METHOD": "HEAD"}, "data = 'a'", "urlcheck.toml:1: data: a HEAD request has no body; use another method"),
        ({"URLCHECK_JSON": "1"}, "method = 'HEAD'", "URLCHECK_JSON: a HEAD request has no body; use another method"),
    ],
)
def test_a_variable_that_is_refused_at_the_start_is_named(
    complain: Complain, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], text: str, message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert complain(text, "127.0.0.1:9") == message


def test_a_report_does_not_take_the_place_of_the_configuration(complain: Complain) -> None:
    message = "urlcheck.toml is the configuration; a report needs a file of its own"
    assert complain("output = 'csv=urlcheck.toml'", "x") == f"urlcheck.toml:1: {message}"
    assert complain("", "x", "-o", "csv=urlcheck.toml") == f"command line: {message}"


def test_waiting_and_watching_replace_each_other(tell: Tell) -> None:
    assert tell("wait = '1m'\n", "--watch", "1m", "a.example").params["wait"] is None
    assert tell("watch = '1m'\n", "--wait", "1m", "a.example").params["watch"] is None
