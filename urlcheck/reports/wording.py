"""A record in the words that a terminal and a page have for it: short, for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from urlcheck.model.attempts import format_attempts
from urlcheck.model.record import Record, find_change
from urlcheck.model.verdict import Verdict
from urlcheck.reports.kinds import Kind, find_kind
from urlcheck.reports.listing import describe_kinds
from urlcheck.reports.summary import Summary, count
from urlcheck.text.safe import MASK

_HIDDEN = (MASK, "${")  # something is masked, or the name of a variable stands in the place of its value

# answers from which on quantiles mean something
ENOUGH = 20

# longer, not every browser follows it
_LONGEST_LINK = 2_000
_LINK = re.compile(r"https?://[^\s\\]+")  # a backslash is of something written out, or one that a browser reads as a slash


def choose_mark(verdict: Verdict, *, passes: bool) -> str:
    """A character that says whether a verdict passes, so that colour is not the only sign."""
    if verdict is Verdict.OK:
        return "✓"
    if verdict is Verdict.SKIPPED:
        return "-"
    return "!" if passes or verdict is Verdict.UNCHECKED else "✗"


def mark(record: Record) -> str:
    """The mark of a record's verdict."""
    return choose_mark(Verdict(record["verdict"]), passes=record["ok"])


def label(record: Record) -> str:
    """The status, or the verdict where there was no answer."""
    return str(record["status"]) if record["status"] else record["verdict"]


def name_outcome(record: Record) -> str:
    """The status, the verdict's word where it is another than `ok`, and what changed: `200`, `404 status new`, `dns`."""
    words = [label(record)]
    if record["status"] and record["verdict"] != Verdict.OK:
        words.append(record["verdict"])
    if change := find_change(record):
        words.append(change)
    return " ".join(words)


def describe(record: Record) -> str:
    """The detail without the status, which stands beside it; for a redirect that passed, the final URL."""
    if record["verdict"] == Verdict.OK and record["redirects"]:
        return f"→ {record['final_url']}{format_attempts(record['attempts'])}"
    return record["detail"].removeprefix(f"{record['status']} ")


def locate(record: Record) -> str:
    """`urls.txt:3`, or the source alone where it has no lines."""
    return f"{record['source']}:{record['line']}" if record["line"] else record["source"]


def find_link(record: Record) -> str | None:
    """The URL that was asked for, if it may be followed: http or https, complete, nothing in it masked or written out."""
    if record["verdict"] == Verdict.INVALID:
        return None
    asked = record["redirects"][0]["url"] if record["redirects"] else record["final_url"] or record["url"]
    if len(asked) > _LONGEST_LINK or any(sign in asked for sign in _HIDDEN):
        return None
    return asked if _LINK.fullmatch(asked) else None


def abridge(text: str, length: int) -> str:
    """The text in at most `length` characters, its middle left out: the host and the end of the path tell most."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[-tail:]}"


def format_elapsed(milliseconds: float | None) -> str:
    """`0.8 ms`, `81 ms`, `1.2 s`: to two digits or three; empty where no time was measured."""
    if milliseconds is None:
        return ""
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def format_latency(seconds: float) -> str:
    """The same for a duration in seconds."""
    return format_elapsed(seconds * 1000)


def count_verdicts(summary: Summary) -> Iterator[tuple[Verdict, int]]:
    """The number of results of each verdict: `ok`, then the others, the most frequent first."""
    yield from sorted(summary.verdicts.most_common(), key=lambda item: item[0] is not Verdict.OK)


def describe_unlisted(summary: Summary, listed: Collection[Record]) -> str | None:
    """A sentence on the results that are not among the records, and on where to find them; None if none is missing."""
    missing = summary.kinds - Counter(find_kind(Verdict(record["verdict"]), lets_pass=record["ok"]) for record in listed)
    return f"Not listed: {describe_kinds(missing)}; -o jsonl holds all." if missing else None


# kinds that are said after the numbers of those that passed and failed, where there are any
BESIDE = (Kind.ALLOWED, Kind.SKIPPED, Kind.UNCHECKED)


def word_title(summary: Summary) -> str:
    """The outcome of a run, as a title: `3 of 12 URLs failed`, `All 12 URLs passed`, `9 URLs passed, 3 skipped`."""
    urls = count(summary.checked, "URL")
    if not summary.checked:
        title = "No URL was checked"
    elif summary.failed:
        title = f"{summary.failed:,} of {urls} failed"
    elif summary.allowed:
        title = f"{summary.passed:,} of {urls} passed"
    else:
        title = f"All {urls} passed" if 1 < summary.checked == summary.total else f"{urls} passed"
    others = [f"{summary.kinds[kind]:,} {kind}" for kind in BESIDE if summary.kinds[kind]]
    return ", ".join([title, *others])


def mark_run(summary: Summary) -> str:
    """The mark of a whole run: `✓` only where something was checked, and everything passed."""
    if summary.failed:
        return "✗"
    return "✓" if summary.passed == summary.checked > 0 and not summary.unchecked else "!"
