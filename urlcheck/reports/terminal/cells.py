"""What a person sees of a record: a mark and a status, a URL, a time and a detail, in what the console can say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from urlcheck.model.record import Record, title
from urlcheck.model.verdict import Verdict
from urlcheck.reports.excerpt import list_lines
from urlcheck.reports.terminal.console import PlainConsole
from urlcheck.reports.wording import describe, format_elapsed, label, locate, mark

MARK_STYLES = {"✓": "green", "✗": "red", "!": "yellow", "-": "dim"}
_STATUS_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


@dataclass(frozen=True, slots=True)
class Cells:
    """A row of the table; `detail` has a line for each piece of evidence, where that is shown.

    `is_ok`: the verdict is `ok`, and nothing in the detail has to be acted on.
    """

    status: Text
    url: str
    time: str
    detail: Text
    is_ok: bool


def make_cells(record: Record, console: PlainConsole, *, verbose: bool, excerpt: str | None = None) -> Cells:
    """What is shown of a record; `excerpt`: how the body begins."""
    is_ok = record["verdict"] == Verdict.OK
    detail = Text(console.spell(describe(record)), "dim" if is_ok else "")
    if verbose:
        for line in _list_evidence(record):
            detail.append(f"\n{console.spell(line)}", "dim")
    for line in list_lines(excerpt):
        detail.append(f"\n{console.spell(line)}", "dim")
    time = format_elapsed(record["elapsed_ms"])
    return Cells(_draw_status(record, console), console.spell(title(record)), time, detail, is_ok)


def style_of(status: int | None) -> str:
    """The colour of a status, or of there being none."""
    return _STATUS_STYLES.get((status or 0) // 100, "red")


def _draw_status(record: Record, console: PlainConsole) -> Text:
    """`✓ 200`, `✗ dns`: whether it passes, and the status, or the verdict where there is none."""
    verdict, status = Verdict(record["verdict"]), record["status"]
    sign = mark(record)
    if sign == "-":
        return Text(f"{sign} {verdict}", "dim")
    style = style_of(status)
    return Text.assemble(
        (console.spell(sign), MARK_STYLES[sign]), " ", (label(record), style if verdict is Verdict.OK else f"bold {style}")
    )


def _list_evidence(record: Record) -> Iterable[str]:
    for hop in record["redirects"]:
        yield f"{hop['status']} {hop['url']}"
    facts = [
        record["address"],
        record["cert_expires"] and f"certificate until {record['cert_expires'][:10]}",
        record["attempts"] > 1 and f"{record['attempts']} attempts",
        f"from {locate(record)}",  # never at the start of a line, where CI may obey it
    ]
    yield ", ".join(str(fact) for fact in facts if fact)
