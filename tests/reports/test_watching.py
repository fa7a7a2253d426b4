from __future__ import annotations

import pytest

from urlcheck.reports.watching import draw_sparkline, format_span


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3_599, "59m"), (7_300, "2h"), (200_000, "2d")]
)
def test_a_span_has_one_unit(seconds: float, text: str) -> None:
    assert format_span(seconds) == text


@pytest.mark.parametrize(
    ("latencies", "drawn"),
    [
        ([], ""),
        ([None, None], "✗✗"),
        ([10.0, 80.0, None, 40.0], "▂█✗▅"),
        ([0.0, 0.0], "▁▁"),
        ([1.0, 2.0, 3.0, 4.0, 8.0], "▄▅█"),
    ],
)
def test_a_sparkline_has_the_slowest_check_highest(latencies: list[float | None], drawn: str) -> None:
    assert draw_sparkline(latencies, 4 if len(latencies) < 5 else 3) == drawn
