from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command import Tell
from urlcheck.cli.program import run
from urlcheck.config.keys import Key, Setting
from urlcheck.config.layers import Configuration
from urlcheck.config.show import show as _show
from urlcheck.options.groups import GroupedOption
from urlcheck.settings.output import OutputSettings
from urlcheck.settings.settings import Settings

URL, FILE = 'url = "a.example"', 'file = "../a.txt"'
TEXT = r"""
timeout = 5
header = ["Accept: */*", "Authorization: Bearer ${TOKEN}", "X-Api-Key: hunter2", "X-JWT: hunter2"]
user = "me:hunter2"
proxy = "http://me:hunter2@127.0.0.1:9"
include = 'a"b\d'
accept = ["2xx", 404]
no-dedupe = true
[[target]]
url = "https://me:hunter2@a.example/?token=hunter2"
name = "${TOKEN}"
user = "you:${TOKEN}"
expect-header = ["Set-Cookie: hunter2"]
"""


def show(folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, *arguments: str) -> str:
    if text is not None:
        (folder / "urlcheck.toml").write_text(text, encoding="utf-8")
    assert run([*arguments, "--print-config"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def test_every_origin_is_named(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URLCHECK_RETRIES", "1")
    lines = show(folder, capsys, "timeout = 5\n", "-4", "a.example", "--no-progress").splitlines()
    assert f"{'timeout = 5':44} # urlcheck.toml:1" in lines
    assert f"{'retries = 1':44} # URLCHECK_RETRIES" in lines
    assert f"{'ip-version = 4':44} # command line" in lines
    assert f"{'no-progress = true':44} # command line" in lines
    assert f"{'concurrency = 256':44} # default" in lines
    assert f"{'timeout = 5':44} # urlcheck.toml:1" in lines
    assert any(line.startswith("# not set: ") and " rate," in line for line in lines)
    assert lines[-2:] == ["[[target]]", f"{URL:44} # command line"]


def test_no_secret_is_shown_but_the_variable_that_holds_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    shown = show(folder, capsys, TEXT)
    assert "hunter2" not in shown
    for part in ("Accept: */*", "Bearer ${TOKEN}", "X-Api-Key: ****", "me:****", "you:${TOKEN}", "?token=****"):
        assert part in shown


def test_what_the_command_line_says_is_masked_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(folder, capsys, None, "https://me:hunter2@a.example", "-u", "me:hunter2", "-H", "Cookie: hunter2")
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            ["-H", "Referer: https://me:hunter2@a.example/?api_token=hunter2"],
            "Referer: https://me:****@a.example/?api_token=****",
        ),
        (["-H", "X-Functions-Key: hunter2"], "X-Functions-Key: ****"),
        (["-H", "X-Code: 0123456hunter2xx"], "X-Code: ****"),
        (["-H", "X-Code: DE"], "X-Code: DE"),
        (["-H", "Author: Ada"], "Author: Ada"),
        (
            ["--user-agent", "bot (+https://me:hunter2@a.example/?app_secret=hunter2)"],
            "bot (+https://me:****@a.example/?app_secret=****",
        ),
        (["--user-agent", "bot hunter2", "-u", "me:hunter2"], "bot ****"),
        (["--include", "hunter2", "-H", "Authorization: Bearer hunter2"], 'include = ["****"]'),
    ],
)
def test_every_value_is_masked_by_one_rule(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], shown: str
) -> None:
    written = show(folder, capsys, None, "x", *arguments)
    assert shown in written
    assert "hunter2" not in written


def test_the_secret_of_a_target_is_shown_nowhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "user-agent = 'bot hunter2'\n[[target]]\nurl = 'a.example'\nheader = 'X-Token: hunter2'\n"
    assert "hunter2" not in show(folder, capsys, text)


def test_what_is_shown_can_be_used_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    before = tell(TEXT.replace("hunter2", "${TOKEN}").replace("me:${TOKEN}@", ""))
    after = tell(show_again(folder, capsys, monkeypatch))
    assert after.settings == before.settings
    assert after.own_checks == before.own_checks


def show_again(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TOKEN", "abc")
    return show(folder, capsys, None)


def test_the_defaults_are_those_of_the_settings(folder: Path, capsys: pytest.CaptureFixture[str], tell: Tell) -> None:
    told = tell(show(folder, capsys, None), "x")
    assert told.settings == Settings(accept=frozenset(range(200, 300)))
    assert told.output == OutputSettings()


def test_what_does_not_print_is_written_out(folder: Path, capsys: pytest.CaptureFixture[str], tell: Tell) -> None:
    told = tell(None, "x", "--expect-text", 'a\x1b\t\N{RIGHT-TO-LEFT OVERRIDE}\N{LINE SEPARATOR}"\\\U000e0001é')
    shown = show(folder, capsys, None, "x", "--expect-text", told.settings.expect_text[0])
    assert r'expect-text = ["a\u001b\t\u202e\u2028\"\\\U000e0001é"]' in shown
    assert tell(shown, "x").settings.expect_text == told.settings.expect_text


def test_paths_are_shown_as_seen_from_the_working_directory(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    monkeypatch.setenv("LISTS", str(folder))
    shown = show(folder, capsys, 'file = "a.txt"\n[[target]]\nurl = "a"\nca-file = "${LISTS}/ca.pem"\n')
    assert 'ca-file = "${LISTS}/ca.pem" ' in shown
    assert f"{FILE:44} # ../urlcheck.toml:1" in shown


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("data", "password=hunter2", "****"),
        ("json", '{"password": "hunter2"}', "****"),
        ("data", "@body.txt", "@body.txt"),
        ("json", "${BODY}", "${BODY}"),
        ("expect-text", "hunter2", "hunter2"),
    ],
)
def test_what_is_sent_is_masked_unless_it_stands_elsewhere(name: str, text: str, shown: str) -> None:
    option = GroupedOption([f"--{name}"], group="Check", shown_default=None)
    setting = Setting(Key(name, (option,)), None, text, "urlcheck.toml:1")
    configuration = Configuration({name: setting.key}, {name.replace("-", "_"): setting}, (), ())
    line = f'{name} = "{shown}"'
    assert _show(configuration) == f"{line:44} # urlcheck.toml:1"


def test_standard_input_is_no_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = show(folder, capsys, None, "-").splitlines()
    assert lines[-1] == "# standard input, as the command line says"
    assert "[[target]]" not in lines


@pytest.mark.parametrize("url", ["https://me:hunter2@a.example/", "https://me:hunter2 hunter2@a.example", "/x?token=hunter2"])
def test_a_url_that_is_none_is_masked_too(folder: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert "hunter2" not in show(folder, capsys, f"[[target]]\nurl = '{url}'\n")


def test_braces_that_are_no_reference_stay_what_they_are(
    folder: Path, capsys: pytest.CaptureFixture[str], tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("URLCHECK_EXPECT_TEXT", "a ${NOPE}\n$${")
    shown = show(folder, capsys, None, "http://a.example/${NOPE}", "--include", "${", "--user-agent", "${NOPE}")
    monkeypatch.delenv("URLCHECK_EXPECT_TEXT")
    told = tell(shown)
    assert told.urls == ["http://a.example/${NOPE}"]
    assert (told.settings.include, told.settings.user_agent) == (("${",), "${NOPE}")
    assert told.settings.expect_text == ("a ${NOPE}", "$${")


def test_a_directory_may_have_braces_in_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "${NOPE}").mkdir()
    (folder / "${NOPE}" / "own.toml").write_text("cert = 'a.pem'")
    assert 'cert = "$${NOPE}/a.pem" ' in show(folder, capsys, None, "x", "--config", "${NOPE}/own.toml")


def test_nothing_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'url = "no url at all"' in show(folder, capsys, None, "no url at all")


def test_no_value_is_a_command_to_the_runner_of_a_ci_job(folder: Path, capsys: pytest.CaptureFixture[str], tell: Tell) -> None:
    shown = show(folder, capsys, "include = '##[error]'\n")
    assert r'include = "#\u0023[error]"' in shown
    assert tell(shown).settings.include == ("##[error]",)


_texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    name=st.sampled_from(["include", "exclude", "expect-text", "expect-regex", "expect-json", "ca-file", "resolve", "output"]),
    text=st.one_of(_texts, st.sampled_from(["contains(@, 'a') == `3`", "~a@x", "a?token=hunter2", "x[?sid=='hunter2']"])),
)
def test_no_expression_or_path_is_spoiled(name: str, text: str) -> None:
    option = GroupedOption([f"--{name}"], group="Check", shown_default=None)
    setting = Setting(Key(name, (option,)), None, text, "urlcheck.toml:1")
    configuration = Configuration({name: setting.key}, {name.replace("-", "_"): setting}, (), ())
    assert tomllib.loads(_show(configuration)) == {name: text}


def test_a_header_without_a_secret_is_shown_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(folder, capsys, None, "x", "-H", "From:me@a.example", "--expect-header", "X:~a@b")
    assert 'header = ["From:me@a.example"]' in shown
    assert 'expect-header = ["X:~a@b"]' in shown
