from __future__ import annotations

import copy
import pickle

import pytest
from multidict import CIMultiDict, CIMultiDictProxy, istr

from urlcheck.http.headers import Headers

LINES = (("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2: c"), ("X-Empty", ""))


def received() -> Headers:
    lines = [(istr(name), value) for name, value in LINES]
    return Headers.receive(CIMultiDictProxy(CIMultiDict(lines)))


SOURCES = [Headers(LINES), received(), Headers.from_text(Headers(LINES).text)]


@pytest.mark.parametrize("headers", SOURCES)
def test_names_are_found_without_regard_to_case(headers: Headers) -> None:
    assert (headers["content-TYPE"], headers.get("CONTENT-type"), "Content-type" in headers) == (
        "text/html",
        "text/html",
        True,
    )


@pytest.mark.parametrize("headers", SOURCES)
def test_a_header_that_is_missing_is_none_the_default_or_a_key_error(headers: Headers) -> None:
    assert (headers.get("Via"), headers.get("Via", "none"), headers.get_all("Via"), "Via" in headers) == (
        None,
        "none",
        (),
        False,
    )
    with pytest.raises(KeyError):
        headers["Via"]


@pytest.mark.parametrize("headers", SOURCES)
def test_a_name_on_several_lines_is_one_key_with_all_values(headers: Headers) -> None:
    assert list(headers) == ["content-type", "set-cookie", "x-empty"]
    assert (headers["Set-Cookie"], headers.get_all("Set-Cookie")) == ("a=1", ("a=1", "b=2: c"))


@pytest.mark.parametrize("headers", SOURCES)
def test_the_lines_keep_their_order_and_spelling(headers: Headers) -> None:
    assert headers.lines == LINES


@pytest.mark.parametrize("headers", SOURCES)
def test_headers_survive_pickling_and_copying(headers: Headers) -> None:
    for other in (pickle.loads(pickle.dumps(headers)), copy.deepcopy(headers), copy.copy(headers)):
        assert (other, other.lines, hash(other)) == (headers, LINES, hash(headers))


def test_a_pickle_needs_nothing_of_the_http_library() -> None:
    assert b"multidict" not in pickle.dumps(received())


def test_headers_are_equal_whatever_the_case_of_their_names() -> None:
    assert Headers({"A": "1"}) == Headers({"a": "1"})
    assert Headers({"A": "1"}) == {"a": "1"}
    assert Headers({"A": "1"}) != Headers({"A": "2"})


def test_headers_are_equal_to_no_other_kind_of_value() -> None:
    assert Headers({"A": "1"}) != [("A", "1")]


def test_headers_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Headers()["A"] = "1"  # type: ignore[index] # which is the point


@pytest.mark.parametrize("lines", [(), (("A", "1\n2"),), (("A", "1\nB: 2"), ("C", "3"))])
def test_a_value_with_a_line_feed_stays_one_value_on_its_way_between_processes(lines: tuple[tuple[str, str], ...]) -> None:
    sent = Headers.from_text(Headers(lines).text)
    assert sent.lines == tuple((name, value.replace("\n", " ")) for name, value in lines)
