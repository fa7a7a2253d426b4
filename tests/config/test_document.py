from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Complain, Tell
from tests.support.program import RunHere


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("timeout = 1\ntimeout = 2\n", "urlcheck.toml:2:12: a key that was written before"),
        (b"retries = 1\n# caf\xe9\n", "urlcheck.toml:2: not UTF-8"),
        ("[target]\nurl = 'x'\n", "urlcheck.toml:1: write [[target]], with two brackets, for each of them"),
        ("target = [1]", 'urlcheck.toml:1: target is not an array of tables: write [[target]] and below it url = "…"'),
        ("target = 'x'", 'urlcheck.toml:1: target is not an array of tables: write [[target]] and below it url = "…"'),
        (f"timeout = 0x1{'0' * 5000}", "urlcheck.toml:1: timeout: the number is too large"),
        ("a = " + "[" * 100_000, "urlcheck.toml: nested too deeply"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_that_cannot_be_read_says_where(complain: Complain, content: str | bytes, message: str) -> None:
    assert complain(content, "x") == message


def test_a_file_that_is_too_large_is_not_parsed(complain: Complain) -> None:
    assert complain(b"#" * (16 * 1024 * 1024 + 1), "x") == "urlcheck.toml is over 16 MiB"


@pytest.mark.parametrize(
    ("content", "place"),
    [("\n\ntimeout = \n", "urlcheck.toml:3:11: "), ("a = [1,\n2", "urlcheck.toml:2: ")],
)
def test_what_is_not_toml_is_said_in_the_words_of_the_parser(complain: Complain, content: str, place: str) -> None:
    said = complain(content, "x")
    assert said.startswith(f"{place}not TOML: ")
    assert "(at " not in said


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.toml", "cannot read missing.toml: No such file or directory"),
        (".", "cannot read .: Is a directory"),
        ("pyproject.toml", "pyproject.toml has no [tool.urlcheck]"),
    ],
)
def test_a_file_that_is_named_must_be_there(folder: Path, complain: Complain, name: str, message: str) -> None:
    (folder / "pyproject.toml").write_text("[tool.other]\n")
    assert complain(None, "--config", name) == message


def test_a_table_that_is_none_is_said(folder: Path, complain: Complain) -> None:
    (folder / "pyproject.toml").write_text("[tool]\nurlcheck = 1\n")
    assert complain(None) == "pyproject.toml: tool.urlcheck is not a table"


def test_a_byte_order_mark_and_windows_ends_of_lines_do_no_harm(tell: Tell) -> None:
    assert tell("\N{ZERO WIDTH NO-BREAK SPACE}timeout = 2\r\nretries = 1\r\n", "x").settings.timeout == 2


def test_a_project_has_settings_and_targets_in_tables_of_its_own(folder: Path, tell: Tell) -> None:
    (folder / "pyproject.toml").write_text("[tool.urlcheck]\ntimeout = 2\n[[tool.urlcheck.target]]\n\nurl = 'a.example'\n")
    told = tell(None)
    assert told.settings.timeout == 2
    assert [(target.url, target.source, target.line) for target in told.targets] == [("a.example", "pyproject.toml", 5)]


def test_targets_in_an_inline_array_have_no_line(tell: Tell) -> None:
    assert [target.line for target in tell("target = [{url = 'a.example'}, {url = 'b.example'}]").targets] == [None, None]


@pytest.mark.parametrize("arguments", [["x"], ["--config", "pyproject.toml", "x"]])
def test_a_table_of_a_project_that_is_not_below_tool_is_answered_with_its_place(
    run_here: RunHere, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("[urlcheck]\nretries = 0\n")
    assert run_here(*arguments).stderr == "urlcheck: pyproject.toml: write [tool.urlcheck] in place of [urlcheck]\n"
