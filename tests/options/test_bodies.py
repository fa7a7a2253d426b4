from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.model.errors import SettingsError
from urlcheck.options.bodies import MAX_BODY, add_body, read_form, read_json

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = (("Content-Type", "application/json"), ("Accept", "application/json"))


@pytest.mark.parametrize(
    ("text", "body"),
    [("a=1&b=2", b"a=1&b=2"), ("", b""), ("caf\xe9", b"caf\xc3\xa9"), ("\udce9", b"\xe9"), ("two\nlines", b"two\nlines")],
)
def test_a_form_is_sent_as_it_is_written(text: str, body: bytes) -> None:
    assert read_form(text) == body


def test_the_line_ends_of_a_forms_file_are_left_out_as_curl_does(tmp_path: Path) -> None:
    file = tmp_path / "form"
    file.write_bytes(b"a=1&\r\nb=\xff\0\n")
    assert read_form(f"@{file}") == b"a=1&b=\xff"


def test_a_file_of_json_is_sent_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_bytes(b'{\r\n  "a": 1\n}\n')
    assert read_json(f"@{file}") == b'{\r\n  "a": 1\n}\n'


@pytest.mark.parametrize("text", ["{}", "[]", "null", "1", '"@"', " [1] ", '{"a": "\xe9"}', "1" * 10_000, "1e9999"])
def test_json_is_sent_as_it_is_written(text: str) -> None:
    assert read_json(text) == text.encode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "json: not JSON: expecting value (line 1, column 1)"),
        ("{a: 1}", "json: not JSON: expecting property name enclosed in double quotes (line 1, column 2)"),
        ('{"a": 1}\n]', "json: not JSON: extra data (line 2, column 1)"),
        ("[NaN]", "json: not JSON: NaN is no value in it"),
        ("-Infinity", "json: not JSON: -Infinity is no value in it"),
        ("\udce9", "json: not JSON: not UTF-8"),
        ("[" * 100_000, "json: nested too deep"),
        ("@-", "json: standard input is for URLs; name a file: @FILE"),
        ("@missing.json", "json: cannot read missing.json: No such file or directory"),
        ("@", "json: @ names no file; write @FILE"),
        ("@a\0b", "json: cannot read 'a\\x00b': not the name of a file"),
    ],
)
def test_json_that_cannot_be_sent_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_json(text)
    assert str(refusal.value) == message


@given(st.text())
def test_no_json_is_too_odd_to_be_read_or_refused(text: str) -> None:
    try:
        assert text.startswith("@") or read_json(text) == text.encode("utf-8", "surrogateescape")
    except SettingsError:
        pass
    except UnicodeEncodeError:
        assert any("\ud800" <= char <= "\udfff" for char in text)  # no argument has one but those of PEP 383


@pytest.mark.parametrize(("size", "fits"), [(MAX_BODY, True), (MAX_BODY + 1, False)])
def test_a_file_is_read_up_to_a_bound(tmp_path: Path, size: int, *, fits: bool) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"x" * size)
    if fits:
        assert len(read_form(f"@{file}")) == size
    else:
        with pytest.raises(SettingsError, match=r"^data: .*large is over 10 MiB$"):
            read_form(f"@{file}")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({"data": (), "json": None}, {}, id="nothing"),
        pytest.param({"data": (b"a",)}, {"data": b"a", "method": "POST", "headers": (FORM,)}, id="a form"),
        pytest.param({"data": (b"a", b"b")}, {"data": b"a&b", "method": "POST", "headers": (FORM,)}, id="its parts"),
        pytest.param({"data": (b"",)}, {"data": b"", "method": "POST", "headers": (FORM,)}, id="an empty form"),
        pytest.param({"json": b"1"}, {"data": b"1", "method": "POST", "headers": JSON}, id="JSON"),
        pytest.param({"json": b"1", "method": "PUT"}, {"data": b"1", "method": "PUT", "headers": JSON}, id="a method"),
        pytest.param(
            {"json": b"1", "headers": (("content-type", "a/b"), ("X", "y"))},
            {"data": b"1", "method": "POST", "headers": (("content-type", "a/b"), ("X", "y"), JSON[1])},
            id="headers of the user's own",
        ),
    ],
)
def test_a_body_says_method_and_headers_where_nobody_else_does(params: dict[str, Any], expected: dict[str, Any]) -> None:
    assert add_body(params) == expected


def test_two_bodies_for_one_request_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"^json: cannot be used together with data$"):
        add_body({"data": (b"",), "json": b"1"})
