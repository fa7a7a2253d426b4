"""Finds the lines of keys in a TOML file, which the parser does not report: of all keys that begin a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

# the tokens that decide a line's meaning: strings and comments hide brackets; a string or an array may span many lines
_TOKEN = re.compile(
    r"""
    \"{3} (?:\\.|[^\\])*? \"{3,5} | '{3} .*? '{3,5}     # strings over several lines
    | " (?:\\.|[^"\\\n])* " | ' [^'\n]* ' | \#[^\n]*    # strings on one, comments
    | [\[\]{}\n]
    """,
    re.DOTALL | re.VERBOSE,
)
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")
_SPACES_AND_QUOTES = re.compile(r"""[\s"']""")

HEADER = ""  # the key of a table's own line


def find_lines(text: str, prefix: str, array: str = "target") -> tuple[dict[str, int], list[dict[str, int]]]:
    """The lines, from 1, of the keys of the table `prefix`, and of each `[[target]]` below it. The text is known to be TOML.

    A `[[target]]`'s own line is that of the key `HEADER`; a key that is dotted or in an inline table has no line. `array`:
    the name of another array of tables than the targets.
    """
    table, header = prefix.removesuffix("."), f"{prefix}{array}"
    run: dict[str, int] = {}
    targets: list[dict[str, int]] = []
    current: dict[str, int] = {} if prefix else run
    for number, line in _list_statements(text):
        if found := _HEADER.match(line):
            name = _SPACES_AND_QUOTES.sub("", found[1])
            current = run if name == table else {}
            if name == header:
                targets.append(current)
                current[HEADER] = number
                run.setdefault(array, number)
            elif name.startswith(f"{header}.") and targets:
                targets[-1].setdefault(_first_part(name, f"{header}."), number)
            elif name.startswith(prefix):
                run.setdefault(_first_part(name, prefix), number)
        elif found := _KEY.match(line):
            current[found[1] or found[2] or found[3]] = number
    return run, targets


def _first_part(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).partition(".")[0]


def _list_statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines on which a key or a header begins, with their numbers; not those on which a value goes on."""
    lines = text.split("\n")
    number, depth, begun = 1, 0, True
    for token in _TOKEN.finditer(text):
        if begun:
            yield number, lines[number - 1]
            begun = False
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        number += token[0].count("\n")
        begun = token[0] == "\n" and depth == 0
    if begun:
        yield number, lines[number - 1]
