"""What a person sees of a record: a mark and a status, a URL, a time and a detail, in what the console can say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from urlcheck.model import Verdict
from urlcheck.reports.console import PlainConsole
from urlcheck.reports.record import Record

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


def make_cells(record: Record, console: PlainConsole, *, verbose: bool) -> Cells:
    """The row of a record."""
    is_ok = record["verdict"] == Verdict.OK
    detail = Text(console.spell(_describe(record)), "dim" if is_ok else "")
    if verbose:
        for line in _list_evidence(record):
            detail.append(f"\n{console.spell(line)}", "dim")
    time = format_elapsed(record["elapsed_ms"])
    return Cells(_draw_status(record, console), console.spell(record["url"]), time, detail, is_ok)


def choose_mark(verdict: Verdict, *, passes: bool) -> tuple[str, str]:
    """The mark that stands before a verdict, and its style."""
    if verdict is Verdict.OK:
        return "✓", "green"
    if not passes:
        return "✗", "red"
    return ("-", "dim") if verdict is Verdict.SKIPPED else ("!", "yellow")


def style_of(status: int | None) -> str:
    """The colour of a status, or of there being none."""
    return _STATUS_STYLES.get((status or 0) // 100, "red")


def format_elapsed(milliseconds: float | None) -> str:
    """`0.8 ms`, `81 ms`, `1.2 s`: for people, to two digits or three."""
    if milliseconds is None:
        return ""
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def _draw_status(record: Record, console: PlainConsole) -> Text:
    """`✓ 200`, `✗ dns`: whether it passes, and the status, or the verdict where there is none."""
    verdict, status = Verdict(record["verdict"]), record["status"]
    mark, mark_style = choose_mark(verdict, passes=record["ok"])
    if verdict is Verdict.SKIPPED:
        return Text(f"{mark} {verdict}", mark_style)
    style = style_of(status)
    label = str(status) if status else verdict
    return Text.assemble((console.spell(mark), mark_style), " ", (label, style if verdict is Verdict.OK else f"bold {style}"))


def _describe(record: Record) -> str:
    detail = record["detail"].removeprefix(f"{record['status']} ")
    if record["verdict"] == Verdict.OK:
        if record["redirects"]:
            detail = f"→ {record['final_url']}"
        if record["attempts"] > 1:
            detail = f"{detail} (attempt {record['attempts']})"
    return detail


def _list_evidence(record: Record) -> Iterable[str]:
    for hop in record["redirects"]:
        yield f"{hop['status']} {hop['url']}"
    facts = [
        record["address"],
        record["cert_expires"] and f"certificate until {record['cert_expires'][:10]}",
        record["attempts"] > 1 and f"{record['attempts']} attempts",
        f"{record['source']}:{record['line']}" if record["line"] else record["source"],
    ]
    yield ", ".join(str(fact) for fact in facts if fact)
