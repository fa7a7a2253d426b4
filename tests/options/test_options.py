from __future__ import annotations

from dataclasses import fields
from typing import Any

import click
import pytest
from click.shell_completion import BashComplete

from urlcheck.cli.command import command
from urlcheck.model.verdict import Verdict
from urlcheck.options.groups import GroupedOption, pick
from urlcheck.options.name_types import Output, StatusCodes, Verdicts
from urlcheck.options.quantity_types import Duration, Size
from urlcheck.options.request_types import Address, Credentials, Header, HeaderText, Method, Pin
from urlcheck.reports.registry import FORMATS, load_reporter
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.settings import Settings
from urlcheck.settings.watch import WatchSettings

VERDICTS = (
    "ok, status, rate-limited, blocked, redirect, content, slow, cert, tls, dns, connect, timeout, protocol, private, "
    "invalid, unchecked, skipped"
)


def name_case(value: object) -> str | None:
    """The id of a kind of parameter or of a text. Other values get a number: a set has no order, an object an address."""
    return type(value).__name__ if isinstance(value, click.ParamType) else value if isinstance(value, str) else None


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Duration(), "500ms", 0.5),
        (Duration(), "10", 10.0),
        (Size(), "64K", 65536),
        (StatusCodes(), "204", {204}),
        (StatusCodes(), "200-202,304", {200, 201, 202, 304}),
        (StatusCodes(), "2xx, 404", {*range(200, 300), 404}),
        (StatusCodes(), "5XX", {*range(500, 600)}),
        (StatusCodes(), "200-200", {200}),
        (Verdicts(), "timeout", {Verdict.TIMEOUT}),
        (Verdicts(), "Timeout, rate-limited", {Verdict.TIMEOUT, Verdict.RATE_LIMITED}),
        (Header(), "Accept: text/html", ("Accept", "text/html")),
        (Header(), "X-Time:\t12:30 ", ("X-Time", "12:30")),
        (Header(), "X-Empty:", ("X-Empty", "")),
        (Header(is_sent=False), "Content-Length: 2", ("Content-Length", "2")),
        (Header(), "X-Name: Jürgen", ("X-Name", "Jürgen")),
        (Credentials(), "name:password", ("name", "password")),
        (Credentials(), "name:pass:word ", ("name", "pass:word ")),
        (Credentials(), "token:", ("token", "")),
        (Method(), "post", "POST"),
        (Method(), "M-SEARCH", "M-SEARCH"),
        (Pin(), "Example.org.:443:192.0.2.1", ("example.org", 443, "192.0.2.1")),
        (Pin(), "caf\xe9.example:80:192.0.2.1,[2001:DB8::1]", ("xn--caf-dma.example", 80, "192.0.2.1,2001:db8::1")),
        (Pin(), "*:80:::1", ("*", 80, "::1")),
        (Output(), "jsonl", ("jsonl", None)),
        (Output(), "jsonl=-", ("jsonl", None)),
        (Output(), "table=out/a=b.txt", ("table", "out/a=b.txt")),
    ],
    ids=name_case,
)
def test_a_parameter_is_read(kind: click.ParamType[Any], text: str, value: object) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Duration(), "soon", "'soon' is not a duration: write 500ms, 10s, 2m or 1h"),
        (Duration(), "0s", "'0s' is no time at all: write 500ms, 10s, 2m or 1h"),
        (Duration(), "\x1b[31m", r"'\x1b[31m' is not a duration: write 500ms, 10s, 2m or 1h"),
        (Size(), "much", "'much' is not a size: write 500, 64K or 1M"),
        (Size(), "0", "'0' is not a size: write 500, 64K or 1M"),
        (StatusCodes(), "ok", "'ok' is not a status code: write 200, 200-299 or 2xx, with commas between"),
        (StatusCodes(), "200,", "'' is not a status code: write 200, 200-299 or 2xx, with commas between"),
        (StatusCodes(), "20", "'20' is not a status code: write 200, 200-299 or 2xx, with commas between"),
        (StatusCodes(), "2xx-3xx", "'2xx-3xx' is not a status code: write 200, 200-299 or 2xx, with commas between"),
        (StatusCodes(), "200,299-200", "'299-200' is not a range: its end is below its start"),
        (Verdicts(), "dns,late", f"'late' is not a verdict; they are: {VERDICTS}"),
        (Verdicts(), "", f"'' is not a verdict; they are: {VERDICTS}"),
        (Header(), "Accept", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), ": value", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), "A Name: value", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), "Näme: value", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), "X: a\r\nY: b", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), "X: a\nb", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), "X: a\x00b", "a header is written 'NAME: VALUE', without control characters"),
        (Header(), "X: \udce9", "a header is written 'NAME: VALUE', without control characters"),
        (HeaderText(), "a\r\nX: b", "a header cannot have control characters"),
        (Credentials(), "secret", "credentials are written NAME:PASSWORD, without control characters"),
        (Method(), "", "'' is not a request method: write GET, HEAD or POST, for example"),
        (Method(), "GET /", "'GET /' is not a request method: write GET, HEAD or POST, for example"),
        (Method(), "P\xd6ST", "'P\xd6ST' is not a request method: write GET, HEAD or POST, for example"),
        (Method(), "connect", "CONNECT asks for a tunnel and not for a URL."),
        (Pin(), "example.org:192.0.2.1", "'example.org:192.0.2.1' is not HOST:PORT:ADDRESS"),
        (Pin(), "example.org:x:192.0.2.1", "'example.org:x:192.0.2.1' is not HOST:PORT:ADDRESS"),
        (Pin(), "[::1]:80:192.0.2.1", "'[::1]:80:192.0.2.1' is not HOST:PORT:ADDRESS"),
        (Pin(), "example.org:80:", "'example.org:80:' is not HOST:PORT:ADDRESS"),
        (Pin(), "example.org:0:192.0.2.1", "0 is not a port number from 1 to 65535"),
        (Pin(), "example.org:65536:192.0.2.1", "65536 is not a port number from 1 to 65535"),
        (Pin(), "a..b:80:192.0.2.1", "'a..b' is not a host: an empty label in the host name"),
        (Pin(), "192.0.2.1:80:192.0.2.2", "192.0.2.1 is an IP address: write the host name that it replaces"),
        (Pin(), "example.org:80:localhost", "'localhost' is not an IP address"),
        (Pin(), "example.org:80:192.0.2.1,", "'' is not an IP address"),
        (Pin(), "example.org:80:fe80::1%eth0", "'fe80::1%eth0' has a zone: write the address without it"),
        (Output(), "xml", f"'xml' is not a format; they are: {', '.join(FORMATS)}"),
        (Output(), "", f"'' is not a format; they are: {', '.join(FORMATS)}"),
        (Output(), "jsonl=", "'jsonl=' names no file: write jsonl=FILE"),
    ],
    ids=name_case,
)
def test_a_parameter_that_cannot_be_used_is_refused_with_advice(kind: click.ParamType[Any], text: str, message: str) -> None:
    with pytest.raises(click.BadParameter) as refusal:
        kind.convert(text, None, None)
    assert refusal.value.message == message


def test_a_port_of_more_digits_than_python_reads_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="with a port up to 65535"):
        Address().convert("9" * 5000, None, None)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_that_is_offered_is_there(name: str) -> None:
    assert load_reporter(name).streams in (True, False)


def parse(*arguments: str) -> dict[str, Any]:
    return command.make_context("urlcheck", ["https://example.org", *arguments]).params


def test_what_the_command_line_does_not_say_comes_from_the_settings() -> None:
    assert pick(Settings, parse()) == Settings()
    assert pick(OutputSettings, parse()) == OutputSettings()


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ("--base-url https://example.org", Settings(base_url="https://example.org")),
        ("--include a --include b --exclude c", Settings(include=("a", "b"), exclude=("c",))),
        ("--no-dedupe", Settings(dedupe=False)),
        ("-c 8 --timeout 2s", Settings(concurrency=8, timeout=2)),
        ("-X head --max-redirects 0", Settings(method="HEAD", max_redirects=0)),
        ("-H a:b -H a:c", Settings(headers=(("a", "b"), ("a", "c")))),
        (
            "--data a=1 --data b=2",
            Settings(method="POST", data=b"a=1&b=2", headers=(("Content-Type", "application/x-www-form-urlencoded"),)),
        ),
        (
            "--json [1] -X put -H accept:*/*",
            Settings(method="PUT", data=b"[1]", headers=(("accept", "*/*"), ("Content-Type", "application/json"))),
        ),
        ("--cert c.pem --key k.pem", Settings(cert="c.pem", key="k.pem")),
        (
            "--resolve a:80:192.0.2.1 --resolve *:443:::1",
            Settings(resolve=(("a", 80, "192.0.2.1"), ("*", 443, "::1"))),
        ),
        ("--unix-socket app.sock", Settings(unix_socket="app.sock")),
        ("--user-agent me -u name:word", Settings(user_agent="me", user=("name", "word"))),
        ("-k --ca-file ca.pem", Settings(insecure=True, ca_file="ca.pem")),
        ("--expect-text a --expect-text b --expect-regex c", Settings(expect_text=("a", "b"), expect_regex=("c",))),
        ("--expect-json a --max-body 2k", Settings(expect_json=("a",), max_body=2048)),
        ("--accept 404 --allow dns", Settings(accept=frozenset({404}), allow=frozenset({Verdict.DNS}))),
    ],
)
def test_an_option_fills_the_setting_of_its_name(arguments: str, settings: Settings) -> None:
    assert pick(Settings, parse(*arguments.split())) == settings


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ("-o jsonl -o table=report.txt", OutputSettings(outputs=(("jsonl", None), ("table", "report.txt")))),
        ("--show problems --color never", OutputSettings(show="problems", color="never")),
        ("--no-progress", OutputSettings(progress=False)),
        ("--show-body", OutputSettings(show_body=True)),
        ("-q", OutputSettings(quiet=True)),
        ("-v", OutputSettings(verbose=True)),
    ],
)
def test_an_output_option_fills_the_setting_of_its_name(arguments: str, settings: OutputSettings) -> None:
    assert pick(OutputSettings, parse(*arguments.split())) == settings


@pytest.mark.parametrize("arguments", ["-c 0", "--max-redirects -1", "-X a/b", "--show some", "--color maybe", "-t never"])
def test_a_value_out_of_range_is_a_usage_error(arguments: str) -> None:
    with pytest.raises(click.BadParameter):
        parse(*arguments.split())


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("concurrency", str(Settings().concurrency)),
        ("timeout", f"{Settings().timeout:g}s"),
        ("method", Settings().method),
        ("max_redirects", str(Settings().max_redirects)),
        ("user_agent", Settings().user_agent),
        ("accept", "200-299"),
        ("max_body", "1MiB"),
        ("outputs", OutputSettings().outputs[0][0]),
        ("color", OutputSettings().color),
    ],
)
def test_help_shows_the_settings_own_default(option: str, default: str) -> None:
    [shown] = [param.shown_default for param in command.params if isinstance(param, GroupedOption) and param.name == option]
    assert shown == default


def test_every_setting_has_an_option_and_every_option_a_setting() -> None:
    settings = {field.name for kind in (Settings, WatchSettings, OutputSettings) for field in fields(kind)}
    options = {param.name for param in command.params if isinstance(param, GroupedOption)}
    assert options ^ settings == {"files", "allow_empty", "json", "keep_body", "restart", "history"}


@pytest.mark.parametrize(
    ("begun", "completions"),
    [
        (["--time"], ["--timeout"]),
        (["--output", "js"], ["jsonl"]),
        (["--allow", "dns,time"], ["dns,timeout"]),
        (["--show", "p"], ["problems"]),
    ],
    ids=" ".join,
)
def test_a_shell_completes_options_and_their_values(begun: list[str], completions: list[str]) -> None:
    *arguments, incomplete = begun
    shell = BashComplete(command, {}, "urlcheck", "_URLCHECK_COMPLETE")
    assert [item.value for item in shell.get_completions(arguments, incomplete)] == completions
