from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import RESPONSE
from urlcheck.http.headers import Headers
from urlcheck.model.errors import SettingsError
from urlcheck.model.outcome import Response
from urlcheck.policy.expectations import (
    Expectation,
    ExpectedHeader,
    ExpectedJson,
    ExpectedRegex,
    ExpectedText,
    list_expectations,
)
from urlcheck.settings.settings import Settings


def answer(body: bytes | None, *, is_whole: bool = True, **headers: str) -> Response:
    """A response with this body and these headers, `Content_Type` for `Content-Type`."""
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return replace(RESPONSE, body=body, is_whole=is_whole, headers=named)


# --- headers ---


@pytest.mark.parametrize(
    ("value", "unmet"),
    [
        ("text/html; charset=utf-8", None),
        ("~^text/", None),
        ("~html", None),
        ("~", None),
        ("text/plain", "header content-type is not 'text/plain' (it is 'text/html; charset=utf-8')"),
        ("~json$", "header content-type is not '~json$' (it is 'text/html; charset=utf-8')"),
    ],
)
def test_a_header_is_expected_to_be_the_value_or_to_match_the_expression(value: str, unmet: str | None) -> None:
    response = answer(None, Content_Type="text/html; charset=utf-8")
    assert ExpectedHeader("content-type", value).describe_unmet(response) == unmet


@pytest.mark.parametrize(
    ("value", "unmet"),
    [
        ("two", None),
        ("~^tw", None),
        ("one, two", None),
        ("three", "header x-a is not 'three' (it is 'one, two')"),
    ],
)
def test_of_several_lines_of_a_header_one_is_enough_or_all_as_one(value: str, unmet: str | None) -> None:
    headers = Headers([("X-A", "one"), ("X-B", "four"), ("X-A", "two")])
    assert ExpectedHeader("x-a", value).describe_unmet(replace(RESPONSE, headers=headers)) == unmet


@pytest.mark.parametrize(
    ("value", "received", "suggested"),
    [
        ("application/json", "application/json; charset=utf-8", "; ~application/json would match it"),
        ("application/ld+json", "application/ld+json;profile=x", r"; ~application/ld\+json would match it"),
        ("application/json", "application/jsonl; charset=utf-8", ""),
        ("application/json; charset=utf-8", "application/json; charset=latin-1", ""),
        ("~^application/json$", "application/json; charset=utf-8", ""),
    ],
)
def test_an_expression_is_suggested_for_a_header_that_differs_only_by_a_parameter(
    value: str, received: str, suggested: str
) -> None:
    response = answer(None, Content_Type=received)
    unmet = ExpectedHeader("Content-Type", value).describe_unmet(response)
    assert unmet == f"header Content-Type is not {value!r} (it is {received!r}){suggested}"
    if suggested:
        assert ExpectedHeader("Content-Type", suggested.split()[1]).describe_unmet(response) is None


def test_a_header_that_is_expected_may_not_be_missing() -> None:
    assert ExpectedHeader("ETag", "~").describe_unmet(answer(None)) == "header ETag is missing"


LONG_SECRET = f"https://me:{'s3cret' * 20}@host/?token=s3cret"


def test_a_secret_is_masked_before_what_holds_it_is_cut() -> None:
    shown = "'https://me:****@host/?token=****'"
    response = answer(b"", Location=LONG_SECRET)
    assert ExpectedHeader("location", "/").describe_unmet(response) == f"header location is not '/' (it is {shown})"
    response = answer(b"{}", Location="/")
    assert ExpectedHeader("location", LONG_SECRET).describe_unmet(response) == f"header location is not {shown} (it is '/')"
    unmet = [kind(f"'{LONG_SECRET}'").describe_unmet(response) for kind in (ExpectedText, ExpectedRegex)]
    assert not [text for text in unmet if text is None or "s3cret" in text]
    assert "s3cret" not in (ExpectedJson(f"url == '{LONG_SECRET}'").describe_unmet(response) or "")


# --- text ---


@pytest.mark.parametrize(
    "response",
    [
        answer(b"Hello Ada!"),
        answer(b"Hello Ada!", is_whole=False),
        answer("Hello Ada!".encode("utf-16"), Content_Type="text/plain; charset=utf-16"),
        answer(b"\x00\xff\x1bAda"),
    ],
)
def test_a_text_is_found_in_the_body(response: Response) -> None:
    assert ExpectedText("Ada").describe_unmet(response) is None
    assert ExpectedRegex("A.a").describe_unmet(response) is None


@pytest.mark.parametrize(
    ("response", "found"),
    [
        (answer(b"Hello"), 'is not in the body (it begins "Hello")'),
        (answer(b"ada"), 'is not in the body (it begins "ada")'),
        (answer(b""), "is not in the body (it is empty)"),
        (answer(b" \r\n"), "is not in the body (it begins with blanks)"),
        (answer(b" Error\r\n\r\n  500 " + b"x" * 99), f'is not in the body (it begins "Error 500 {"x" * 29}…")'),
        (answer(b"x" * 1024, is_whole=False), f'is not in the first 1 KiB of the body (it begins "{"x" * 39}…")'),
        (answer(b"\x1b[2J\x00\xff"), 'is not in the body (it begins "\\x1b[2J\\x00\ufffd")'),
        (answer(b"http://u:" + b"p" * 99 + b"@h/"), 'is not in the body (it begins "http://u:****@h/")'),
    ],
)
def test_a_text_that_is_not_found_is_named_with_what_stands_there(response: Response, found: str) -> None:
    assert ExpectedText("Ada").describe_unmet(response) == f"text: 'Ada' {found}"
    found = found.replace("is not in", "is not found in")
    assert ExpectedRegex("^Ada").describe_unmet(response) == f"regex: '^Ada' {found}"


def test_a_long_expectation_is_cut() -> None:
    assert ExpectedText("x" * 500).describe_unmet(answer(b"")) == f"text: '{'x' * 99}…' is not in the body (it is empty)"


def test_the_values_of_a_header_that_holds_a_secret_are_not_shown() -> None:
    response = answer(b"", X_Token="theirs")
    assert ExpectedHeader("X-Token", "mine").describe_unmet(response) == "header X-Token is not '****' (it is '****')"


# --- json ---


@pytest.mark.parametrize(
    ("response", "unmet"),
    [
        (answer(b'{"status": "ok"}'), None),
        (answer('{"status": "ok"}'.encode("utf-16")), None),
        (answer(b'{"status": "ok"}', Content_Type="text/html; charset=idna"), None),
        (answer(b'{"status": "degraded"}'), "status == 'ok' is false (status is \"degraded\")"),
        (answer(b"[]"), "status == 'ok' is false (status is null)"),
        (answer(b"<html>"), 'the body is not JSON (it begins "<html>")'),
        (answer(b""), "the body is empty"),
        (answer(b"\n"), "the body is not JSON (it begins with blanks)"),
        (answer(b'{"status": "ok"}', is_whole=False), "the body is longer than 16 bytes, so it cannot be judged"),
        (answer(b"[" * 100_000), "status == 'ok' cannot be judged: the document is nested too deeply"),
    ],
)
def test_an_expression_is_expected_to_be_true_of_the_json_in_the_body(response: Response, unmet: str | None) -> None:
    assert ExpectedJson("status == 'ok'").describe_unmet(response) == (unmet and f"json: {unmet}")


# --- all of them ---

OF_BODIES = [ExpectedText("a"), ExpectedRegex("a"), ExpectedJson("a")]


@pytest.mark.parametrize("expectation", OF_BODIES, ids=lambda expectation: type(expectation).__name__)
def test_a_body_that_was_not_read_meets_no_expectation(expectation: Expectation) -> None:
    assert str(expectation.describe_unmet(answer(None))).endswith(": the body was not read")
    encoded = str(expectation.describe_unmet(answer(None, Content_Encoding="br")))
    assert encoded.endswith(": the body is encoded as 'br', which cannot be decoded")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"expect_headers": [("ETag", "~(")]}, "expect_headers: '(' is not a regular expression: missing ): ("),
        ({"expect_text": [""]}, "expect_text: an empty text is in every body"),
        ({"expect_regex": [""]}, "expect_regex: an empty expression is found in every body"),
        ({"expect_regex": ["("]}, "expect_regex: '(' is not a regular expression: missing ): ("),
        ({"expect_json": [""]}, "expect_json: '' is not a JMESPath expression: it is empty"),
        (
            {"expect_text": ["a"], "method": "HEAD"},
            "expect_text: the answer to a HEAD request has no body; use another method",
        ),
    ],
)
def test_an_expectation_that_cannot_be_used_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        list(list_expectations(Settings(**settings)))
    assert str(refusal.value) == message


def test_headers_are_looked_at_first_and_can_be_of_a_head() -> None:
    [header, text] = list_expectations(Settings(expect_text=("a",), expect_headers=(("ETag", "~"),)))
    assert (type(header), type(text)) == (ExpectedHeader, ExpectedText)
    assert len(list(list_expectations(Settings(expect_headers=(("ETag", "~"),), method="HEAD")))) == 1
