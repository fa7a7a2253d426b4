from __future__ import annotations

import pytest

from urlcheck.http.headers import is_sendable, is_token


@pytest.mark.parametrize("text", ["Accept", "X-1", "!#$%&'*+.^_`|~"])
def test_a_token_may_be_the_name_of_a_header(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "two words", "Accept:", "Accept\n", "\xc4ccept", "a/b", '"a"'])
def test_what_is_no_token_may_not(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize("text", ["", "plain", "a\ttab", "stra\xdfe", "\u4f8b"])
def test_a_header_may_hold_text_and_tabs(text: str) -> None:
    assert is_sendable(text)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "\x00", "\x1b[2J", "\x7f", "\udce9"])
def test_a_header_holds_no_control_characters_and_nothing_but_utf_8(text: str) -> None:
    assert not is_sendable(text)
