"""`-o html`: what the terminal shows, as a page: one file, without scripts, that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from typing import ClassVar, TextIO

from urlcheck.model.record import Record, title
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.figures import COLOURS, draw_figures, draw_share
from urlcheck.reports.listing import Listing
from urlcheck.reports.summary import CHANGE_WORDS, Summary, count
from urlcheck.reports.wording import (
    abridge,
    describe,
    describe_unlisted,
    find_link,
    format_elapsed,
    label,
    locate,
    mark,
    mark_run,
    name_outcome,
    word_title,
)
from urlcheck.settings.identity import HOME_PAGE, VERSION
from urlcheck.settings.output import OutputSettings

_URL, _DETAIL, _EVIDENCE = 200, 300, 2_000  # characters: of a URL in the listing, of a detail, of a URL in the evidence


class HtmlReporter:
    """A page about the outcome of a run: figures, then the listing with the evidence for each verdict."""

    streams: ClassVar[bool] = False

    def __init__(self, stream: TextIO, settings: OutputSettings) -> None:
        self._stream = stream
        self._verbose = settings.verbose
        self._listing = Listing(settings.show)

    def add(self, result: Result) -> None:
        self._listing.add(result)

    def close(self, summary: Summary) -> None:
        records = self._listing.records()
        for line in self._draw(summary, records):
            # ASCII throughout, so that no encoding of a stream can get in the way
            self._stream.write(line.encode("ascii", "xmlcharrefreplace").decode() + "\n")

    def _draw(self, summary: Summary, records: list[Record]) -> Iterator[str]:
        title = word_title(summary)
        yield from _draw_head(title)
        yield from _draw_header(title, summary)
        yield "<main>"
        yield from draw_figures(summary)
        if records:
            yield from _draw_listing(records, opened=self._verbose)
        if unlisted := describe_unlisted(summary, records):
            yield f'<p class="unlisted">{escape(unlisted)}</p>'
        yield "</main>"
        yield f'<footer>Made by <a href="{HOME_PAGE}" rel="noreferrer noopener">urlcheck</a> {VERSION}</footer>'
        yield "</body>"
        yield "</html>"


def _draw_head(title: str) -> Iterator[str]:
    style = files("urlcheck.reports.formats").joinpath("html.css").read_text("utf-8")
    # named by its hash, the style is the one thing that the page may use; not even an attribute may add to it
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title} · urlcheck</title>"
    yield f"<style>{style}</style>"
    yield "</head>"
    yield "<body>"


def _draw_header(title: str, summary: Summary) -> Iterator[str]:
    now = datetime.now(UTC)
    symbol = mark_run(summary)
    yield "<header>"
    yield f'<p class="brand"><b>urlcheck</b> · <time datetime="{now:%Y-%m-%dT%H:%M:%SZ}">{now:%Y-%m-%d %H:%M:%S} UTC</time>'
    yield f" · {escape(summary.describe_time())}</p>"
    colour = COLOURS[symbol]
    yield (
        f'<h1><span class="{colour}" aria-hidden="true">{symbol}</span> {title}</h1>' if summary.total else f"<h1>{title}</h1>"
    )
    yield '<dl class="totals">'
    for number, noun, colour in [
        (summary.passed, "passed", "green"),
        (summary.failed, "failed", "red"),
        (summary.allowed, "allowed", "amber"),
        (summary.skipped, "skipped", "soft"),
        (summary.unchecked, "not checked", "amber"),
        *((summary.changes[change], word, "") for change, word in CHANGE_WORDS.items()),
        (summary.cached, "cached", ""),
        (summary.recovered, "recovered at a later attempt", ""),
        (summary.duplicates, "duplicate" if summary.duplicates == 1 else "duplicates", ""),
    ]:
        if number or colour in ("green", "red"):
            yield f'<div><dt>{noun}</dt><dd class="{colour if number else "soft"}">{number:,}</dd></div>'
    yield "</dl>"
    yield draw_share(summary)
    yield from (f'<p class="note">{escape(note)}</p>' for note in summary.notes)
    yield from (f'<p class="brand">{escape(remark)}</p>' for remark in summary.remarks)
    yield "</header>"


def _draw_listing(records: list[Record], *, opened: bool) -> Iterator[str]:
    problems = sum(not record["ok"] for record in records)
    yield '<section class="listing" aria-labelledby="listing">'
    yield '<div class="bench">'
    yield f'<h2 id="listing">{"Problems" if problems == len(records) else "URLs"}</h2>'
    if 0 < problems < len(records):
        yield '<fieldset aria-label="Which URLs are shown">'
        yield f'<label><input type="radio" name="shown" checked> All {len(records):,}</label>'
        yield f'<label><input type="radio" name="shown" id="only-problems"> {count(problems, "problem")}</label>'
        yield "</fieldset>"
    yield "</div>"
    yield '<div class="sheet">'
    yield '<table aria-labelledby="listing">'
    yield '<thead><tr><th scope="col">Status</th><th scope="col">URL</th><th scope="col" class="time">Time</th>'
    yield '<th scope="col">Detail</th></tr></thead>'
    yield "<tbody>"
    for record in records:
        yield from _draw_row(record, opened=opened)
    yield "</tbody>"
    yield "</table>"
    yield "</div>"
    yield "</section>"


def _draw_row(record: Record, *, opened: bool) -> Iterator[str]:
    symbol, detail = mark(record), escape(abridge(describe(record), _DETAIL))
    elapsed = format_elapsed(record["elapsed_ms"])
    yield '<tr class="passed">' if record["ok"] else "<tr>"
    yield f'<td class="status"><span class="{COLOURS[symbol]}">{symbol} {escape(name_outcome(record))}</span></td>'
    yield f'<th scope="row" class="url">{_draw_url(record)}</th>'
    yield f'<td class="time">{elapsed}</td>'
    yield f"<td><details{' open' if opened else ''}><summary><span>{detail}</span></summary>"
    yield '<dl class="evidence">'
    yield from (f"<dt>{name}</dt><dd>{fact}</dd>" for name, fact in _list_evidence(record) if fact)
    yield "</dl></details></td>"
    yield "</tr>"


def _draw_url(record: Record) -> str:
    shown = escape(abridge(title(record), _URL))
    link = find_link(record)
    return f'<a href="{escape(link)}" rel="noreferrer noopener nofollow">{shown}</a>' if link else shown


def _list_evidence(record: Record) -> Iterator[tuple[str, str]]:
    """The name of each fact, and the fact in HTML; the latter is empty where there is none."""
    yield "verdict", escape(record["verdict"]) if record["verdict"] != Verdict.OK else ""
    yield "whole URL", escape(abridge(record["url"], _EVIDENCE)) if len(record["url"]) > _URL else ""
    if record["redirects"]:
        hops = [(str(hop["status"]), hop["url"]) for hop in record["redirects"]]
        steps = [*hops, (label(record), record["final_url"] or "")]
        chain = (f"{answer} {escape(abridge(url, _EVIDENCE))}" for answer, url in steps)
        yield "redirects", f"<ol>{''.join(f'<li>{step}</li>' for step in chain)}</ol>"
    yield "address", escape(record["address"] or "")
    yield "certificate", escape(f"until {record['cert_expires'][:10]}" if record["cert_expires"] else "")
    yield "attempts", str(record["attempts"]) if record["attempts"] > 1 else ""
    yield "from", escape(abridge(locate(record), _URL))
    yield "checked at", escape(record["checked_at"].replace("T", " ").replace("Z", " UTC"))
