"""Makes table cells of a record: mark and outcome, URL, time and detail, in characters that the console can encode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from urlcheck.model.record import Record, title
from urlcheck.model.verdict import Verdict
from urlcheck.reports.excerpt import list_lines
from urlcheck.reports.terminal.console import PlainConsole
from urlcheck.reports.wording import describe, find_link, format_elapsed, label, locate, mark, name_outcome
from urlcheck.text.safe import MASK

MARK_STYLES = {"✓": "green", "✗": "red", "!": "yellow", "-": "dim"}
_STATUS_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


@dataclass(frozen=True, slots=True)
class Cells:
    """A row of the table. `evidence`: the lines that stand below it.

    `is_ok`: the verdict is `ok`, and nothing in the detail has to be acted on. `is_whole`: the URL is not cut.
    """

    status: Text
    url: Text
    time: str
    detail: Text
    evidence: tuple[Text, ...]
    is_ok: bool
    is_whole: bool


def make_cells(record: Record, console: PlainConsole, *, verbose: bool, excerpt: str | None = None) -> Cells:
    """The cells of a record; `excerpt`: the beginning of the body."""
    is_ok = record["verdict"] == Verdict.OK
    lines = [*(_list_evidence(record) if verbose else ()), *list_lines(excerpt)]
    return Cells(
        _draw_status(record, console),
        _draw_url(record, console),
        format_elapsed(record["elapsed_ms"]),
        Text(console.spell(describe(record)), "dim" if is_ok else ""),
        tuple(Text(console.spell(line), "dim") for line in lines),
        is_ok,
        is_whole=verbose or not is_ok,
    )


def style_of(status: int | None) -> str:
    """The colour of a status, or of there being none."""
    return _STATUS_STYLES.get((status or 0) // 100, "red")


def _draw_status(record: Record, console: PlainConsole) -> Text:
    """`✓ 200`, `✗ 404 status`, `✗ dns`: whether it passes, the status if there is one, and the verdict's word if not `ok`."""
    verdict, status = Verdict(record["verdict"]), record["status"]
    sign = mark(record)
    if sign == "-":
        return Text(f"{sign} {verdict}", "dim")
    style = style_of(status)
    outcome = name_outcome(record)
    if verdict is Verdict.UNCHECKED:
        style = "yellow"
    return Text.assemble(
        (console.spell(sign), MARK_STYLES[sign]), " ", (outcome, style if verdict is Verdict.OK else f"bold {style}")
    )


def _draw_url(record: Record, console: PlainConsole) -> Text:
    """The URL as it was written; a link (OSC 8) on a terminal, unless something in it is masked."""
    link = None
    if console.is_terminal and not console.is_dumb_terminal and MASK not in record["url"]:
        link = find_link(record)
    # a terminal may ignore a link with other characters than these
    return Text(console.spell(title(record)), Style(link=link) if link and link.isascii() else "")


def _list_evidence(record: Record) -> Iterator[str]:
    yield from _list_chain(record)
    facts = [
        record["address"],
        record["cert_expires"] and f"certificate until {record['cert_expires'][:10]}",
        (worker := record.get("worker")) and f"asked by {worker}",
        f"from {locate(record)}",  # never at the start of a line, where CI may obey it
    ]
    yield ", ".join(str(fact) for fact in facts if fact)


def _list_chain(record: Record) -> Iterable[str]:
    """The redirects, and where they ended."""
    if not record["redirects"]:
        return []
    hops = [f"{hop['status']} {hop['url']}" for hop in record["redirects"]]
    return [*hops, f"{label(record)} {record['final_url']}"]
