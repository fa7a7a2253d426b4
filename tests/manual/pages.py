"""Reads README.md and the pages of the manual for the tests that hold them and the program together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from urlcheck.options.topics import TOPICS, read_topic

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDER = ROOT / "urlcheck/manual"
PAGES = {topic: read_topic(topic) for topic in TOPICS}


def sections(text: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    _, *parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def blocks(text: str, language: str) -> list[str]:
    """The code blocks in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def rows(text: str) -> Iterator[list[str]]:
    """The cells of the rows that begin with code, in all tables, without the marks of code."""
    for line in re.findall(r"^\| *`.*\|$", text, re.MULTILINE):
        yield [cell.strip().replace("`", "").replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def anchors(text: str) -> list[str]:
    """The anchors by which GitHub links to the headings."""
    headings = re.findall("^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
