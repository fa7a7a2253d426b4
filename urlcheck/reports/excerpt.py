"""How the body of a URL that did not pass begins, in lines that are safe to show."""

from __future__ import annotations

from collections.abc import Iterator

from urlcheck.text import clean, hide

_LINES, _LINE_LIMIT, _INDENT = 10, 200, "  "


def list_lines(excerpt: str | None) -> Iterator[str]:
    """The first lines, indented, each cut; blank ones left out; and a sign where there are more."""
    lines = [text for line in (excerpt or "").split("\n") if (text := line.rstrip().expandtabs(4))]
    for line in lines[:_LINES]:
        yield _INDENT + clean(hide(line), _LINE_LIMIT)
    if len(lines) > _LINES:
        yield f"{_INDENT}…"
