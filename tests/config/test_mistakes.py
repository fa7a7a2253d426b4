from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Complain, Tell

TARGETS = 'write [[target]] and below it url = "…" for each URL, or file = "urls.txt"'
TOP = "in this file keys stand at the top, without a table ([tool.urlcheck] belongs in pyproject.toml)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("urls = ['a.example']", f"'urls'; {TARGETS}"),
        ("url = 'a.example'", f"'url'; {TARGETS}"),
        ("targets = ['a.example']", f"'targets'; {TARGETS}"),
        ("[[targets]]\nurl = 'a.example'", "'targets'; did you mean [[target]]?"),
        ("name = 'home'", "'name'; it belongs in [[target]]"),
        ("[urlcheck]\ntimeout = 5", f"'urlcheck'; {TOP}"),
        ("[tool.urlcheck]\ntimeout = 5", f"'tool'; {TOP}"),
    ],
)
def test_a_key_of_another_place_is_refused_with_the_place_that_is_meant(complain: Complain, text: str, message: str) -> None:
    assert complain(text) == f"urlcheck.toml:1: unknown key {message}"


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("status = 200", "accept = 200"),
        ("expect-status = [200, 404]", "'accept'"),
        ("status = 20000", "'accept'"),
        ("status = 'hunter2'", "'accept'"),
        ("body = 'hunter2'", "'data'"),
        ("auth = 'me:hunter2'", "'user'"),
        ("format = 'jsonl'", "'output'"),
        ("no_color = true", "'color'"),
        ("dedupe = false", "no-dedupe = true"),
        ("headers = {Authorization = 'hunter2'}", 'header = ["NAME: VALUE"]'),
        ("headers = ['Authorization: hunter2']", "'header'"),
    ],
)
def test_a_name_that_other_programs_use_is_refused_with_our_key(complain: Complain, text: str, suggestion: str) -> None:
    said = complain(text)
    assert said.endswith(f"; did you mean {suggestion}?")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("urls = ['a.example']", "unknown key 'urls' in [[target]] 1; write a table for each URL"),
        ("url = ['a.example']", "url is not a text in [[target]] 1; write a table for each URL"),
        ("uri = 'a.example'", "unknown key 'uri' in [[target]] 1; did you mean 'url'?"),
        ("href = 'a.example'", "unknown key 'href' in [[target]] 1; did you mean 'url'?"),
    ],
)
def test_a_target_whose_url_has_another_name_is_told_the_name(complain: Complain, line: str, message: str) -> None:
    assert complain(f"[[target]]\n{line}") == f"urlcheck.toml:2: {message}"


@pytest.mark.parametrize("key", ["request", "follow-redirects", "something", '""'])
def test_a_key_that_resembles_none_is_refused_without_a_suggestion(complain: Complain, key: str) -> None:
    assert "did you mean" not in complain(f"{key} = 1")


def test_the_header_of_a_target_is_named_as_the_project_file_has_it(folder: Path, complain: Complain) -> None:
    (folder / "pyproject.toml").write_text("[tool.urlcheck]\nname = 'x'\n")
    assert complain(None) == "pyproject.toml:2: unknown key 'name'; it belongs in [[tool.urlcheck.target]]"


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("URLCHECK_TIMEOUTS", "URLCHECK_TIMEOUT"),
        ("URLCHECK_RETRY", "URLCHECK_RETRIES"),
        ("URLCHECK_MAXTIME", "URLCHECK_MAX_TIME"),
        ("URLCHECK_DEDUPE", "URLCHECK_NO_DEDUPE"),
        ("URLCHECK_CONFIGS", "URLCHECK_CONFIG"),
    ],
)
def test_a_variable_that_resembles_a_setting_is_warned_of_on_standard_error(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, near: str
) -> None:
    monkeypatch.setenv(variable, "hunter2")
    tell(None, "x")
    warning = f"urlcheck: {variable} is not a setting and was ignored; did you mean {near}?\n"
    assert capsys.readouterr() == ("", warning)


@pytest.mark.parametrize(
    ("variable", "value", "text", "arguments"),
    [
        ("URLCHECK_TIMEOUTS", "5", None, ["--quiet"]),
        ("URLCHECK_TIMEOUTS", "5", "quiet = true", []),
        ("URLCHECK_TIMEOUTS", "5", "header = 'A: ${URLCHECK_TIMEOUTS}'", []),
        ("URLCHECK_TIMEOUTS", "", None, []),
        ("URLCHECK_VERSION", "1.0", None, []),
        ("URLCHECK_TOKEN", "hunter2", None, []),
        ("URLCHECK_TIMEOUT", "5", None, []),
    ],
)
def test_no_warning_names_a_variable_that_is_used_or_resembles_no_setting(
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    text: str | None,
    arguments: list[str],
) -> None:
    monkeypatch.setenv(variable, value)
    tell(text, "x", *arguments)
    assert capsys.readouterr() == ("", "")
