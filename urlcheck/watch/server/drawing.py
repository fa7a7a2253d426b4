"""Draws the page's table in HTML, as it is without JavaScript. Every text from outside passes through `escape`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

from urlcheck.reports.wording import format_elapsed
from urlcheck.settings.identity import VERSION
from urlcheck.text.durations import format_duration
from urlcheck.watch.server.board import Entry
from urlcheck.watch.server.filters import MAINTENANCE, Filters
from urlcheck.watch.view import State

# rows of a page
ROWS = 200


def draw_page(entries: Sequence[Entry], summary: Mapping[str, Any], filters: Filters, page: int) -> dict[str, str]:
    """The values of the template: the entries that stand on a page, from 1, and what is said of the whole watch."""
    page = min(page, max(1, -(-len(entries) // ROWS)))  # one that is past the end, as a list has become shorter
    shown = entries[(page - 1) * ROWS : page * ROWS]
    targets = [json.loads(entry.body) for entry in shown]
    headline = word_headline(summary)
    latest = summary["round"]
    took = "" if latest["seconds"] is None else f"; the last whole one took {format_duration(latest['seconds'] or 0.001)}"
    return {
        "title": f"{headline} · urlcheck",
        "headline": headline,
        "state": summary["state"],
        "now": summary["now"],
        "now_shown": format_moment(summary["now"]),
        "choices": "".join(_draw_choices(summary, filters)),
        "words": escape(filters.words),
        "columns": " ".join(_list_columns(targets)),
        "rows": "".join(map(_draw_row, targets)),
        "listed": _draw_listed(len(entries), page, filters),
        "round": f"A round every {format_duration(latest['interval'])}{took}.",
        "version": VERSION,
    }


def _list_columns(targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The names of the columns that have something to say, for the style sheet."""
    if any(target["uptime_24h"] is not None or target["uptime_30d"] is not None for target in targets):
        yield "has-uptime"
    if any(target["cert_expires"] for target in targets):
        yield "has-certificates"


def word_headline(summary: Mapping[str, Any]) -> str:
    """`2 of 42 down since 09:31 UTC`, `All 42 up since 09:31 UTC`."""
    state, total = summary["state"], summary["targets"]
    if not total:
        return "No targets"
    number = summary[state]
    since = f" since {format_moment(summary['since'])}" if summary["since"] else ""
    if not number:
        return f"All {total:,} in maintenance"
    if total == 1:
        return f"{state.capitalize()}{since}"
    return f"All {total:,} {state}{since}" if number == total else f"{number:,} of {total:,} {state}{since}"


def format_moment(text: str) -> str:
    """`09:31 UTC`, with the day before it unless that is today."""
    moment = datetime.fromisoformat(text)
    return moment.strftime("%H:%M UTC" if moment.date() == datetime.now(UTC).date() else "%Y-%m-%d %H:%M UTC")


def _shorten_moment(moment: str) -> str:
    """A moment of today as it is, an earlier one without its time."""
    return moment if moment[2] == ":" else moment.partition(" ")[0]


def _draw_choices(summary: Mapping[str, Any], filters: Filters) -> Iterator[str]:
    """The states to choose from, each with its number of targets."""
    chosen = filters.states[0] if len(filters.states) == 1 else ""
    states = (*State, MAINTENANCE)
    for value, word, number in [("", "all", summary["targets"]), *((state, state, summary[state]) for state in states)]:
        checked = " checked" if value == chosen else ""
        hidden = " hidden" if value == MAINTENANCE and not number and not checked else ""
        yield (
            f'<label class="{value or "all"}"{hidden}><input type="radio" name="state" value="{value}"{checked}>'
            f" {word} <b>{number:,}</b></label>\n"
        )


def _draw_row(target: Mapping[str, Any]) -> str:
    state = MAINTENANCE if target["in_maintenance"] else target["state"]
    word = f"{state} ({target['state']})" if target["in_maintenance"] and target["state"] != State.UP else state
    since, moment = target["since"], format_moment(target["since"])
    cells = {
        "state": f'<span class="pill {state}">{word}</span>',
        "target": _draw_target(target),
        "detail": _draw_detail(target),
        "latency": format_elapsed(target["elapsed_ms"]) if target["status"] else "",
        "uptime": _format_share(target["uptime_30d"] if target["uptime_30d"] is not None else target["uptime_24h"]),
        "certificate": _format_certificate(target["cert_expires"]),
        "since": f'<time datetime="{since}" title="{moment}">{_shorten_moment(moment)}</time>',
    }
    drawn = "".join(f'<td role="cell" class="{name}">{content}</td>' for name, content in cells.items())
    return f'<tr role="row">{drawn}</tr>\n'


def _draw_target(target: Mapping[str, Any]) -> str:
    url = f'<span class="url">{escape(target["url"])}</span>'
    if target["link"]:
        url = f'<a class="url" href="{escape(target["link"])}" rel="noreferrer noopener nofollow">{escape(target["url"])}</a>'
    return f'<b class="name">{escape(target["name"])}</b> {url}' if target["name"] else url


def _draw_detail(target: Mapping[str, Any]) -> str:
    if target["verdict"] is None:
        return "not yet checked"
    verdict = "" if target["verdict"] == "ok" else f"<b>{escape(target['verdict'])}</b> "
    said = f"{verdict}{escape(target['detail'])}"
    hops = [f"{hop['status']} {hop['url']}" for hop in target["redirects"]]
    facts = [*hops, target["final_url"] if hops else None, f"address {target['address']}" if target["address"] else None]
    lines = "".join(f"<li>{escape(fact)}</li>" for fact in facts if fact)
    return f"<details><summary>{said}</summary><ol>{lines}</ol></details>" if lines else said


def _format_share(share: float | None) -> str:
    """`99.95 %`, cut rather than rounded, so that only a target that was never down has 100 %."""
    return "" if share is None else f"{int(share * 10_000) / 100:g} %"


def _format_certificate(expires: str | None) -> str:
    if not expires:
        return ""
    days = (datetime.fromisoformat(expires) - datetime.now(UTC)).days
    return "expired" if days < 0 else "1 day" if days == 1 else f"{days:,} days"


def _draw_listed(total: int, page: int, filters: Filters) -> str:
    """How many targets are shown, and links to the others."""
    first, last = (page - 1) * ROWS + 1, min(page * ROWS, total)
    if total <= ROWS:
        return "" if total else "No target is like that."
    query = [("state", state) for state in filters.states] + [("q", filters.words)]
    pages = [("Previous", page - 1)] * (page > 1) + [("Next", page + 1)] * (last < total)
    links = " · ".join(f'<a href="?{escape(urlencode([*query, ("page", number)]))}">{word}</a>' for word, number in pages)
    return f"{first:,} to {last:,} of {total:,}. {links}"
