from __future__ import annotations

import pytest

from urlcheck.http.strict_json import load


def test_a_document_is_read() -> None:
    assert load(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is no value in it$"):
        load(f"[{name}]")


def test_numbers_may_be_left_as_they_are_written() -> None:
    assert load("[10, 1.50]", parse_int=str, parse_float=str) == ["10", "1.50"]
