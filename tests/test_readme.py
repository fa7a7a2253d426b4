"""README and command cannot drift apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from urlcheck.cli import command
from urlcheck.verdict import Verdict

README = Path(__file__).parent.with_name("README.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no section '## {heading}'"
    return found[1]


def first_cells(text: str) -> Iterator[str]:
    """The first cells of all rows of all tables."""
    return (row[1] for row in re.finditer(r"^\| *((?:[^|\\]|\\.)*?) *\|", text, re.MULTILINE))


def options_of(cells: Iterator[str]) -> set[str]:
    """`-t, --timeout` of a cell: the names of its options, in code, without their arguments."""
    code = " ".join(code for cell in cells for code in re.findall(r"`([^`]*)`", cell))
    return set(re.findall(r"(?<![\w-])--?[A-Za-z0-9][\w-]*", code))


def test_the_readme_lists_every_option_and_no_other() -> None:
    options = {name for param in command.params if isinstance(param, click.Option) for name in param.opts}
    assert options_of(first_cells(section("Options"))) - {"-h", "--help"} == options - {"-h", "--help"}


def test_the_readme_explains_every_verdict() -> None:
    verdicts = {code for cell in first_cells(README) for code in re.findall(r"`([a-z-]+)`", cell)}
    assert set(Verdict) - verdicts == set()
