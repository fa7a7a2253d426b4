"""Renders a Markdown page of the manual as text for a terminal or a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement, TableDataElement
from rich.text import Text
from rich.theme import Theme

from urlcheck.reports.terminal.console import make_console

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult

# Rich draws code on black, which looks broken on a light terminal
_THEME = Theme({"markdown.code": "cyan", "markdown.code_block": "cyan"})
_MAX_WIDTH = 100  # longer lines of prose are hard to read
# a link to another page or heading; its text names the topic
_RELATIVE_LINK = re.compile(r"\[([^]]+)\]\((?!https?:)[^)]+\)")
# Rich pads lines of lists to the full width, and adds an empty line around tables
_TRAILING_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")


class _LeftHeading(Heading):
    """A heading at the left margin; Rich centers those of the first level."""

    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}


class _PlainCodeBlock(CodeBlock):
    """Indented code whose lines are never folded, so that they can be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip().replace("\n", "\n    ")
        yield Text(f"    {code}", style="markdown.code_block", no_wrap=True, overflow="ignore")


class _FoldedCell(TableDataElement):
    """A cell of a table, in which long words are folded; Rich cuts them."""

    def __init__(self, justify: JustifyMethod) -> None:
        super().__init__(justify)
        self.content.overflow = "fold"


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _PlainCodeBlock,
        "code_block": _PlainCodeBlock,
        "td_open": _FoldedCell,
    }


def render_page(markdown: str, stream: TextIO, columns: int) -> str:
    """Return a page as text in the colors and the encoding of a stream, in lines of at most `columns` or 100 characters.

    Lines of code are not folded.
    """
    console = make_console(stream, width=min(columns, _MAX_WIDTH))
    text = console.spell(_RELATIVE_LINK.sub(r"\1", markdown))
    with console.use_theme(_THEME), console.capture() as captured:
        console.print(_Page(text, hyperlinks=False), crop=False)
    rendered = _EMPTY_LINES.sub("\n\n", _TRAILING_BLANKS.sub("", captured.get()))
    return console.spell(rendered)  # again, for the bullets of lists
