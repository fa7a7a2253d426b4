"""The figures of a page: counts as bars, latencies as a histogram; HTML and SVG, described in text as well."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from html import escape
from http import HTTPStatus

from urlcheck.reports.kinds import Kind
from urlcheck.reports.latency import Latencies
from urlcheck.reports.summary import Summary, count
from urlcheck.reports.wording import ENOUGH, abridge, count_verdicts, format_latency
from urlcheck.text.secrets import hide

_BARS, _HOSTS, _CODES = 36, 6, 8
_HOST = 100  # characters
_TAIL = 95  # the percentile beyond which bars have another colour
_GAP = 0.15  # between two bars, of a bar's width
_REASONS = {status.value: status.phrase for status in HTTPStatus}

# colours of the marks of results, and of their kinds
COLOURS = {"✓": "green", "✗": "red", "!": "amber", "-": "soft"}
_KIND_COLOURS = {
    Kind.PASSED: "green",
    Kind.FAILED: "red",
    Kind.ALLOWED: "amber",
    Kind.UNCHECKED: "soft",
    Kind.SKIPPED: "soft",
}

Bar = tuple[str, float, str]  # name, how long in any unit, and that in words


def draw_figures(summary: Summary) -> Iterator[str]:
    """Yield the figures of a run, in cards; none for a run without results."""
    if not summary.total:
        return
    yield '<section class="figures" aria-label="Figures">'
    verdicts = [(str(verdict), number, f"{number:,}") for verdict, number in count_verdicts(summary)]
    statuses = list(_list_statuses(summary))
    longest = max(length for _, length, _ in [*verdicts, *statuses])  # one scale for both
    yield from _draw_card("Verdicts", _draw_bars(verdicts, longest))
    if statuses:
        yield from _draw_card("Status codes", _draw_bars(statuses, longest))
    if summary.latencies.count >= ENOUGH:
        yield from _draw_card(f"Latency of {count(summary.latencies.count, 'answer')}", _draw_latencies(summary.latencies))
        slowest = summary.latencies.slowest_hosts(_HOSTS)
        hosts = [(abridge(hide(host), _HOST), seconds, format_latency(seconds)) for host, seconds in slowest]
        if len(hosts) > 1:  # a list of one host has no slowest
            yield from _draw_card("Slowest hosts", _draw_bars(hosts, hosts[0][1]))
    yield "</section>"


def draw_share(summary: Summary) -> str:
    """A bar with the share of each kind of result; empty for a run without results."""
    if not summary.total:
        return ""
    parts, start = [], 0.0
    for kind, colour in _KIND_COLOURS.items():
        if width := 100 * summary.kinds[kind] / summary.total:
            parts.append(f'<rect class="{colour}" x="{start:.2f}%" width="{width:.2f}%" height="100%"/>')
            start += width
    return f'<svg class="share" aria-hidden="true">{"".join(parts)}</svg>'


def _list_statuses(summary: Summary) -> Iterator[Bar]:
    """The most frequent, in the order of their codes, and all others as one."""
    frequent = dict(summary.statuses.most_common(_CODES))
    for status, number in sorted(frequent.items()):
        yield f"{status} {_REASONS.get(status, '')}".rstrip(), number, f"{number:,}"
    if others := summary.statuses.total() - sum(frequent.values()):
        yield "others", others, f"{others:,}"


def _draw_card(title: str, content: Iterable[str]) -> Iterator[str]:
    yield f'<div class="card"><h2>{title}</h2>'
    yield from content
    yield "</div>"


def _draw_bars(bars: Iterable[Bar], longest: float) -> Iterator[str]:
    yield "<table>"
    for name, length, words in bars:
        shown = escape(name)
        bar = f'<rect width="{100 * length / longest:.2f}%" height="100%" rx="4"/>'
        yield f'<tr title="{shown}"><th scope="row"><svg class="bar" aria-hidden="true">{bar}</svg>'
        yield f"<span>{shown}</span></th><td>{words}</td></tr>"
    yield "</table>"


def _draw_latencies(latencies: Latencies) -> Iterator[str]:
    bars = latencies.histogram(min(_BARS, round(2 * math.sqrt(latencies.count)) + 4))
    quantiles = {percent: latencies.quantile(percent / 100) for percent in (50, 95, 99)}
    highest = max(number for _, number in bars)
    yield (
        f'<svg class="histogram" viewBox="0 0 {len(bars)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="How many answers took how long, on a logarithmic scale up to {format_latency(bars[-1][0])}">'
    )
    lower = 0.0
    for index, (upper, number) in enumerate(bars):
        height = max(1.5, 100 * number / highest) if number else 0
        above = ' class="above"' if lower >= quantiles[_TAIL] else ""
        yield (
            f'<rect{above} x="{index + _GAP / 2}" y="{100 - height:.2f}" width="{1 - _GAP}" height="{height:.2f}">'
            f"<title>{count(number, 'answer')} up to {format_latency(upper)}</title></rect>"
        )
        lower = upper
    yield "</svg>"
    ends = (latencies.shortest, math.sqrt(latencies.shortest * latencies.longest), latencies.longest)
    yield f'<p class="axis" aria-hidden="true">{"".join(f"<span>{format_latency(end)}</span>" for end in ends)}</p>'
    yield '<dl class="quantiles">'
    for percent, value in quantiles.items():
        name = '<dt class="tail">' if percent == _TAIL else "<dt>"
        yield f"<div>{name}p{percent}</dt><dd>{format_latency(value)}</dd></div>"
    yield "</dl>"
