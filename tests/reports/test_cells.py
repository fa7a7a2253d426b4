from __future__ import annotations

import pytest

from urlcheck.model import Verdict
from urlcheck.reports.cells import choose_mark, format_elapsed


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, ""), (0.04, "0.0 ms"), (0.84, "0.8 ms"), (9.96, "10 ms"), (81.4, "81 ms"), (999.4, "999 ms"), (999.5, "1.0 s")],
)
def test_a_time_has_two_digits_or_three(milliseconds: float | None, text: str) -> None:
    assert format_elapsed(milliseconds) == text


@pytest.mark.parametrize(
    ("verdict", "passes", "mark"),
    [
        (Verdict.OK, True, "✓"),
        (Verdict.STATUS, False, "✗"),
        (Verdict.STATUS, True, "!"),
        (Verdict.SKIPPED, True, "-"),
    ],
)
def test_a_mark_says_whether_a_verdict_passes(verdict: Verdict, mark: str, *, passes: bool) -> None:
    assert choose_mark(verdict, passes=passes)[0] == mark
