from __future__ import annotations

import pytest

from urlcheck.text.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("10s", 10),
        ("2m", 120),
        ("1h", 3600),
        ("10", 10),
        ("1.5", 1.5),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("2.s", 2),
        (" 10S ", 10),
        ("0.001ms", 1e-6),
    ],
)
def test_a_duration_is_a_number_and_a_unit_seconds_without(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "0",
        "0ms",
        "-1s",
        "+1s",
        "1e3",
        "1 s",
        "1w",
        "1m30s",
        "10sec",
        "inf",
        "nan",
        "0x10",
        "1_0",
        "٣s",
        ".",
        "9" * 400,
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(not a duration|no time at all)$"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "500 ms"),
        (0.0123, "12.3 ms"),
        (0.9996, "1 s"),
        (1, "1 s"),
        (1.44, "1.44 s"),
        (10, "10 s"),
        (12.345, "12.3 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (119.7, "2 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (3661, "1 h 1 min 1 s"),
        (100_000, "27 h 46 min 40 s"),
    ],
)
def test_a_duration_is_shown_to_people_in_three_digits(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("text", "said"), [("0", "no time at all"), ("0.0ms", "no time at all"), ("-1", "not a duration")])
def test_a_text_that_is_no_duration_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        parse_duration(text)
