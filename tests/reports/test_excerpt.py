from __future__ import annotations

import pytest

from urlcheck.reports.excerpt import list_lines


@pytest.mark.parametrize(
    ("excerpt", "lines"),
    [
        (None, []),
        ("", []),
        ("\n \r\n", []),
        ("a", ["│ a"]),
        ("a\r\n\r\n  b\tc\n", ["│ a", "│   b c"]),
        ("\x1b[2J\x00\N{RIGHT-TO-LEFT OVERRIDE}\udce9", [r"│ \x1b[2J\x00\u202e\udce9"]),
        ("a\x85b\N{LINE SEPARATOR}c\x0bd", [r"│ a\x85b\u2028c\x0bd"]),
        ("http://user:word@example.org/?token=abc", ["│ http://user:****@example.org/?token=****"]),
        ("x" * 300, [f"│ {'x' * 199}…"]),
        ("x\n" * 10, ["│ x"] * 10),
        ("x\n" * 11, [*["│ x"] * 10, "│ …"]),
    ],
)
def test_an_excerpt_is_shown_in_a_few_safe_lines(excerpt: str | None, lines: list[str]) -> None:
    assert list(list_lines(excerpt)) == lines
