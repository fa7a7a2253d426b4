from __future__ import annotations

import pytest

from tests.support.command import Complain


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeout = 5s", '1:12: not TOML: a text needs quotes: timeout = "5s"'),
        ("retries = 1\r\nmax-time = 500ms  # short\r\n", '2:15: not TOML: a text needs quotes: max-time = "500ms"'),
        ("method = HEAD", '1:10: not TOML: a text needs quotes: method = "HEAD"'),
        ("accept = [200, 4xx]", '1:17: not TOML: a text needs quotes: "4xx"'),
        ("accept = [\n  2xx,\n]", '2:4: not TOML: a text needs quotes: "2xx"'),
        ("target = [{url = a.example}]", '1:18: not TOML: a text needs quotes: "…"'),
        ("insecure = True", "1:12: not TOML: a switch is true or false: insecure = true"),
        ("insecure = no", "1:12: not TOML: a switch is true or false: insecure = false"),
    ],
)
def test_a_value_without_quotes_is_shown_with_its_correction(complain: Complain, text: str, message: str) -> None:
    assert complain(text, "x") == f"urlcheck.toml:{message}"


@pytest.mark.parametrize(
    "text",
    [
        "header = X-Token: 7hunter2",
        "base-url = https://me:7hunter2@a.example",
        "header = [7hunter2]",
        "data = 7hunter2",
        "user = 7hunter2 # comment",
    ],
)
def test_a_value_without_quotes_that_may_be_a_secret_is_not_shown(complain: Complain, text: str) -> None:
    said = complain(text, "x")
    assert said.endswith('"…"')
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "text", ["timeout = 5 retries = 2", "accept = [1\nretries = 2", "accept = [1 2]", f"timeout = 5s{' ' * 1000}x"]
)
def test_another_error_of_syntax_is_not_explained_by_quotes(complain: Complain, text: str) -> None:
    assert "quotes" not in complain(text, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeout: 5", "1:8: not TOML: a value stands after an equals sign: timeout = 5"),
        ("timeout: 5s  # short", '1:8: not TOML: a value stands after an equals sign: timeout = "5s"'),
        ("fail-fast: true", "1:10: not TOML: a value stands after an equals sign: fail-fast = true"),
        ("user: 7hunter2", '1:5: not TOML: a value stands after an equals sign: user = "…"'),
        ("header:", '1:7: not TOML: a value stands after an equals sign: header = "…"'),
    ],
)
def test_a_colon_in_place_of_an_equals_sign_is_shown_with_its_correction(complain: Complain, text: str, message: str) -> None:
    assert complain(text, "x") == f"urlcheck.toml:{message}"
