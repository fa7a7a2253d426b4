from __future__ import annotations

import pytest

from urlcheck.config.variables import UnusableValueError, Variables, quote


def expand(text: str) -> str:
    return Variables().expand(text)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a${b}$$")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOTHING", raising=False)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("", ""),
        ("Bearer ${TOKEN}", "Bearer a${b}$$"),
        ("${TOKEN}${TOKEN}", "a${b}$$a${b}$$"),
        ("<${EMPTY}>", "<>"),
        ("$${TOKEN}", "${TOKEN}"),
        ("$$${TOKEN}", "$${TOKEN}"),
        ("$${", "${"),
        ("^a$|$TOKEN|$$|$", "^a$|$TOKEN|$$|$"),
    ],
)
def test_a_variable_is_replaced_where_it_stands_in_braces(text: str, expanded: str) -> None:
    assert expand(text) == expanded


@pytest.mark.parametrize("text", ["${TOKEN}", "$${TOKEN}", "$$${", "$", "^a{2}$"])
def test_what_is_quoted_is_expanded_to_itself(text: str) -> None:
    assert expand(quote(text)) == text


def test_what_was_asked_for_is_named_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = Variables()
    monkeypatch.setenv("SHORT", "abc")
    monkeypatch.setenv("OTHER", "never asked")
    monkeypatch.setenv("TOKEN", " it's a\\b \n")
    variables.expand("${TOKEN}${SHORT}")
    assert variables.hide("abc, never asked, 'it's a\\b'") == "abc, never asked, '${TOKEN}'"
    assert variables.hide(f"{chr(34)}it's a\\\\b{chr(34)}") == '"${TOKEN}"'


def test_what_is_for_people_to_see_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = Variables()
    for name, value in {"ONE": "hunter2", "TWO": "seen by all", "SHORT": "12345", "SITE": "https://a.example"}.items():
        monkeypatch.setenv(name, value)
        variables.expand(f"${{{name}}}", is_shown=name == "TWO")
    text = "hunter2 seen by all 12345 https://a.example"
    assert variables.secrets.hide(text) == text.replace("hunter2", "${ONE}")


@pytest.mark.parametrize("text", ["${NOTHING}", "${TOKEN}${NOTHING}"])
def test_a_variable_that_is_not_there_is_named(text: str) -> None:
    with pytest.raises(UnusableValueError, match=r"^the environment has no variable NOTHING$"):
        expand(text)


@pytest.mark.parametrize("text", ["${", "${}", "${TOKEN", "${TOKEN:-default}", "${1}", "${A B}"])
def test_what_is_no_reference_is_not_passed_over(text: str) -> None:
    with pytest.raises(UnusableValueError, match=r"write \$\$\{ for"):
        expand(text)
