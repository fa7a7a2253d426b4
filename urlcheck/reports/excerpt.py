"""Shows the beginning of the body of a URL that did not pass, in lines that are safe; its secrets are hidden already."""

from __future__ import annotations

from collections.abc import Iterator

from urlcheck.text.safe import clean

_LINES, _LINE_LIMIT = 10, 200
_MARGIN = "│ "  # blanks alone would let a line begin with a command of GitHub Actions, such as ::error::


def list_lines(excerpt: str | None) -> Iterator[str]:
    """The first lines, each cut, behind a rule; blank ones left out; and a sign where there are more."""
    lines = [text for line in (excerpt or "").split("\n") if (text := line.rstrip().expandtabs(4))]
    for line in lines[:_LINES]:
        yield _MARGIN + clean(line, _LINE_LIMIT)
    if len(lines) > _LINES:
        yield f"{_MARGIN}…"
