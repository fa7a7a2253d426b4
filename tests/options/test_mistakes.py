from __future__ import annotations

import click
import pytest

from tests.support.program import RunHere
from urlcheck.model.errors import SettingsError
from urlcheck.options.bodies import read_json
from urlcheck.options.name_types import Output
from urlcheck.options.request_types import Header
from urlcheck.reports.registry import FORMATS

URL = "http://127.0.0.1:9"


def last_line(run_here: RunHere, *arguments: str) -> str:
    finished = run_here(URL, *arguments)
    assert (finished.status, finished.stdout) == (2, "")
    return finished.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("-L", "redirects are followed already"),
        ("--follow", "redirects are followed already"),
        ("-I", "write --method HEAD"),
        ("-s", "write --quiet"),
        ("-i", "write --verbose"),
        ("--format", "write --output FORMAT"),
    ],
)
def test_an_option_of_curl_is_answered_with_the_option_that_is_meant(run_here: RunHere, option: str, hint: str) -> None:
    assert last_line(run_here, option) == f"urlcheck: {option}: no such option; {hint}"


@pytest.mark.parametrize(
    ("option", "near"), [("--tiemout", "--timeout"), ("--colour", "--color"), ("--Max_Time", "--max-time")]
)
def test_a_misspelled_option_is_answered_with_the_near_one_alone(run_here: RunHere, option: str, near: str) -> None:
    assert last_line(run_here, option) == f"urlcheck: {option}: no such option; did you mean {near}?"


def test_no_unrelated_option_is_suggested(run_here: RunHere) -> None:
    assert last_line(run_here, "--flow") == "urlcheck: --flow: no such option; --help lists all options"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("json", "'json' is not a format; write jsonl"),
        ("json=out.json", "'json' is not a format; write jsonl=out.json"),
        ("out.html", "'out.html' is a file name without a format; write html=FILE"),
        ("a/out.JSON", "'a/out.JSON' is a file name without a format; write jsonl=FILE"),
        ("a/out", f"'a/out' is a file name without a format; write FORMAT=FILE. Formats: {', '.join(FORMATS)}"),
    ],
)
def test_an_output_that_is_no_format_is_answered_with_what_to_write(value: str, message: str) -> None:
    with pytest.raises(click.BadParameter) as refusal:
        Output().convert(value, None, None)
    assert refusal.value.message == message


@pytest.mark.parametrize("value", [URL, "HTTPS://a.example"])
def test_a_url_after_json_is_called_one_and_the_json_output_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match=r"; this is a URL; --output jsonl prints results as JSON$"):
        read_json(value)


def test_a_value_of_json_that_does_not_begin_as_json_names_the_json_output() -> None:
    with pytest.raises(SettingsError, match=r"column 1\); --output jsonl prints results as JSON$"):
        read_json("a.example")


@pytest.mark.parametrize("is_sent", [True, False], ids=["--header", "--expect-header"])
def test_a_url_in_the_place_of_a_header_is_refused(*, is_sent: bool) -> None:
    with pytest.raises(click.BadParameter) as refusal:
        Header(is_sent=is_sent).convert("https://a.example", None, None)
    assert refusal.value.message == "a URL stands in the place of a header, which is written 'NAME: VALUE'"


@pytest.mark.parametrize(("option", "value", "words"), [("-c", "0", "from 1 to 100000"), ("--retries", "-1", "from 0 to 100")])
def test_a_count_out_of_range_is_answered_with_the_range_in_words(
    run_here: RunHere, option: str, value: str, words: str
) -> None:
    assert last_line(run_here, option, value).endswith(f": must be {words}")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--http://user:hunter2@a.example"],
        ["-o", "http://user:hunter2@a.example/out.html"],
        ["-o", "json=http://user:hunter2@a.example/out"],
        ["--json", "http://user:hunter2@a.example"],
        ["-H", "http://user:hunter2@a.example"],
    ],
    ids=" ".join,
)
def test_an_explained_mistake_shows_no_password(run_here: RunHere, arguments: list[str]) -> None:
    assert "hunter2" not in last_line(run_here, *arguments)
