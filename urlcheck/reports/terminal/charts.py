"""Draws the summary for people. A long run has bars for verdicts and statuses, latencies and the slowest hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from math import isqrt

from rich.cells import cell_len
from rich.text import Text

from urlcheck.model.change import Change
from urlcheck.reports.summary import Summary, count
from urlcheck.reports.terminal.cells import MARK_STYLES, style_of
from urlcheck.reports.terminal.console import PlainConsole
from urlcheck.reports.wording import ENOUGH, choose_mark, count_verdicts, format_latency
from urlcheck.text.safe import clean
from urlcheck.text.secrets import hide

_WIDTH_OF_A_PIPE = 80
_MARGIN, _GUTTER = 2, 4
_NARROWEST, _WIDEST = 34, 48  # panels; two stand side by side where there is room
_LONGEST_BAR = 28
_STATUSES, _SLOWEST = 8, 4
_ROWS = 3  # rows of the histogram, one beside each quantile
_EIGHTHS = " ▁▂▃▄▅▆▇█"

_Bar = tuple[Text, int, str]  # label, how many, style


def draw_summary(summary: Summary, console: PlainConsole, remarks: Sequence[str] = ()) -> list[Text]:
    """The lines of a summary, none wider than the console; the most important stands last, above remarks and notes."""
    is_long = summary.total >= ENOUGH
    width = console.width - _MARGIN
    lines = _draw_charts(summary, console) if is_long else []
    lines += _flow(_draw_head(summary, is_long=is_long), width)
    if not is_long:
        verdicts = [summary.describe_failures(), f"allowed: {allowed}" if (allowed := summary.describe_allowed()) else ""]
        if any(verdicts):
            lines += Text("; ".join(filter(None, verdicts)), "dim").wrap(console, width)
    for remark in [*summary.remarks, *remarks]:
        lines += Text(remark, "dim").wrap(console, width)
    for note in summary.notes:
        lines += Text(f"! {note}", "yellow").wrap(console, width)
    return [_indent(line, console) for line in lines]


def draw_bar(part: int, whole: int, width: int) -> str:
    """A bar, in halves of a cell: `whole` fills `width` cells, and a part above zero at least half a cell."""
    halves = min(2 * width, max(1, round(2 * width * part / max(whole, 1)))) if part else 0
    return "━" * (halves // 2) + "╸" * (halves % 2)


def _indent(line: Text, console: PlainConsole) -> Text:
    line.rstrip()
    line.plain = console.spell(line.plain)  # our own signs in a line are a cell wide in ASCII too
    return Text(" " * _MARGIN) + line if line else line


def _draw_head(summary: Summary, *, is_long: bool) -> list[Text]:
    counts = [
        Text(summary.describe_checked(), "bold"),
        Text(f"✓ {summary.describe_passed()}", "green") if summary.passed else Text(summary.describe_passed(), "dim"),
        Text(f"✗ {summary.failed:,} failed", "bold red") if summary.failed else Text(),
        Text(f"! {summary.allowed:,} allowed", "yellow") if summary.allowed else Text(),
        Text(f"- {summary.skipped:,} skipped", "dim") if summary.skipped else Text(),
        Text(f"! {summary.describe_unchecked()}", "yellow") if summary.unchecked else Text(),
    ]
    time = Text(summary.describe_time(), "dim")
    recovered = Text(f"{summary.recovered:,} passed at a later attempt" if summary.recovered else "", "dim")
    duplicates = Text(count(summary.duplicates, "duplicate") if summary.duplicates else "", "dim")
    changes = Text(summary.describe_changes(), "bold" if summary.changes[Change.NEW] else "dim")
    others = [time, recovered, duplicates] if is_long else [duplicates, time]
    return [part for part in [*counts, changes, *others] if part]


def _flow(parts: Iterable[Text], width: int) -> list[Text]:
    """The parts one after the other, in as many lines as they need."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + 3 + part.cell_len <= width:
            lines[-1] = Text("   ").join([lines[-1], part])
        else:
            lines.append(part)
    return lines


def _draw_charts(summary: Summary, console: PlainConsole) -> list[Text]:
    room = (console.width if console.is_terminal else _WIDTH_OF_A_PIPE) - 2 * _MARGIN
    abreast = 2 if room >= 2 * _NARROWEST + _GUTTER else 1
    width = min(_WIDEST, (room - _GUTTER) // 2 if abreast == 2 else room)
    scaled = _draw_scaled({"VERDICT": _list_verdicts(summary), "STATUS": _list_statuses(summary)}, width)
    panels = [*scaled, _draw_latencies(summary, width), _draw_slowest_hosts(summary, console, width)]
    panels = [panel for panel in panels if panel]
    lines: list[Text] = []
    for first in range(0, len(panels), abreast):
        for cells in zip_longest(*panels[first : first + abreast], fillvalue=Text()):
            line = Text()
            for number, cell in enumerate(cells):
                line.append(" " * (number * (width + _GUTTER) - line.cell_len)).append_text(cell)
            lines.append(line)
        lines.append(Text())
    return lines


def _list_verdicts(summary: Summary) -> list[_Bar]:
    bars = []
    for verdict, number in count_verdicts(summary):
        mark = choose_mark(verdict, passes=not summary.failures[verdict])
        bars.append((Text.assemble((mark, MARK_STYLES[mark]), f" {verdict}"), number, MARK_STYLES[mark]))
    return bars


def _list_statuses(summary: Summary) -> list[_Bar]:
    """The most frequent, in the order of their numbers."""
    frequent = dict(summary.statuses.most_common(_STATUSES))
    others = summary.statuses.total() - sum(frequent.values())
    bars = [(Text(str(status), style_of(status)), number, style_of(status)) for status, number in sorted(frequent.items())]
    return [*bars, (Text("others"), others, "dim")] if others else bars


def _draw_scaled(charts: Mapping[str, Sequence[_Bar]], width: int) -> list[list[Text]]:
    """Panels of bars on one scale: bars of equal length mean equal numbers in all panels."""
    charts = {title: bars for title, bars in charts.items() if bars}
    label_width = max(cell_len(label) for title, bars in charts.items() for label in (title, *(bar[0].plain for bar in bars)))
    numbers = [number for bars in charts.values() for _, number, _ in bars]
    number_width = max(len(f"{number:,}") for number in numbers)
    room = max(1, min(_LONGEST_BAR, width - label_width - number_width - 4))
    panels = []
    for title, bars in charts.items():
        lines = [Text(title, "bold")]
        own_width = max(len(title), *(label.cell_len for label, _, _ in bars))
        for label, number, style in bars:
            line = label + Text(f"{' ' * (own_width - label.cell_len)}  {number:>{number_width},}  ")
            lines.append(line.append(draw_bar(number, max(numbers), room), style))
        panels.append(lines)
    return panels


def _draw_latencies(summary: Summary, width: int) -> list[Text]:
    latencies = summary.latencies
    if not latencies.count:
        return []
    quantiles = [format_latency(latencies.quantile(percent / 100)) for percent in (50, 95, 99)]
    quantile_width = max(map(len, quantiles))
    room = max(1, min(_LONGEST_BAR, width - quantile_width - 8))
    bars = min(room, 2 * isqrt(latencies.count))  # few durations make few bars, and wide ones
    counts = [number for _, number in latencies.histogram(bars)]
    counts = [counts[cell * len(counts) // room] for cell in range(room)]
    lines = [Text("LATENCY", "bold")]
    for percent, quantile, blocks in zip((50, 95, 99), quantiles, _stack(counts), strict=True):
        lines.append(Text.assemble((f"p{percent}", "dim"), f"  {quantile:>{quantile_width}}   ", (blocks, "cyan")))
    ends = format_latency(latencies.shortest), format_latency(latencies.longest)
    lines.append(Text(f"{'':{quantile_width + 8}}{ends[0]}{ends[1]:>{max(room - len(ends[0]), len(ends[1]) + 1)}}", "dim"))
    return lines


def _stack(counts: list[int]) -> list[str]:
    """The rows of a histogram, the uppermost first; a count above zero is always visible."""
    most = max(counts)
    heights = [max(1, round(8 * _ROWS * number / most)) if number else 0 for number in counts]
    return ["".join(_EIGHTHS[max(0, min(8, height - 8 * row))] for height in heights) for row in reversed(range(_ROWS))]


def _draw_slowest_hosts(summary: Summary, console: PlainConsole, width: int) -> list[Text]:
    hosts = [(format_latency(seconds), clean(hide(host))) for host, seconds in summary.latencies.slowest_hosts(_SLOWEST)]
    if len(hosts) < 2:  # a list of one host has no slowest
        return []
    time_width = max(len(time) for time, _ in hosts)
    lines = [Text("SLOWEST HOSTS", "bold")]
    for time, host in hosts:
        shown = console.shorten(host, width - time_width - 2) if console.is_terminal else console.spell(host)
        lines.append(Text.assemble(f"{time:>{time_width}}  ", shown))
    return lines
