"""Shows how far a run is: a bar, counts, the time left, and the failures above it as they happen."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.model.target import Length
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import Summary, count, format_rate
from urlcheck.reports.terminal.cells import make_cells
from urlcheck.reports.terminal.charts import draw_bar
from urlcheck.reports.terminal.console import PlainConsole
from urlcheck.reports.terminal.display import FRAME, Display
from urlcheck.text.durations import format_duration

# failures that are shown a frame, and failures that wait to be shown, at most: thousands a second neither flood nor slow
_FAILURES_A_FRAME, _FAILURES_WAITING = 2, 20
_RATE_SECONDS = 10
_SHORTEST_BAR, _LONGEST_BAR = 10, 30
_STATUS_WIDTH = len("✗ 404 status")
_ROOM_FOR_CTRL_C = 3


class Progress(Display):
    """Draws the counts of a run so far. Once the run has lasted `quiet` seconds, it also prints failures.

    `length` says how many targets there are, `slowed` how many hosts are asked less often than they could be; the thread that
    draws calls both.
    """

    def __init__(
        self,
        console: PlainConsole,
        summary: Summary,
        length: Callable[[], Length | None],
        slowed: Callable[[], int],
        quiet: float = 0.0,
    ) -> None:
        self._summary = summary
        self._length = length
        self._slowed = slowed
        self._quiet = quiet
        self._samples: deque[tuple[float, int, int]] = deque(maxlen=round(_RATE_SECONDS / FRAME))
        self._waiting: deque[Result] = deque()
        self._left_out = self._said = 0
        self._has_shown = False
        super().__init__(console)

    def add(self, results: Sequence[Result]) -> None:
        """Show above the bar the results that do not pass. If many come at once, some are shown and the others counted."""
        for result in results:
            if result.ok or result.verdict is Verdict.UNCHECKED:
                continue
            if len(self._waiting) < _FAILURES_WAITING:
                self._waiting.append(result)
            else:
                self._left_out += 1

    def print_remaining(self) -> None:
        """The failures that are not shown stand in the reports."""
        self._left_out += len(self._waiting)
        if self._has_shown:
            self._say_what_is_left_out()

    def draw(self) -> Text:
        """The line of this moment, as much of it as the terminal has room for."""
        now, total, requested = time.monotonic(), self._summary.total, self._summary.requested
        self._samples.append((now, total, requested))
        since, total_before, requested_before = self._samples[0]
        rates = None
        if now - since >= 1:
            rates = (total - total_before) / (now - since), (requested - requested_before) / (now - since)
        line = self._draw_start(total)
        for part in self._draw_parts(total, rates):
            if line.cell_len + 2 + part.cell_len > self._console.width - _ROOM_FOR_CTRL_C:
                break
            line.append("  ").append_text(part)
        return line

    def _draw_start(self, total: int) -> Text:
        line = Text.assemble((next(self._spinner), "cyan"), " ")
        if length := self._length():
            width = max(_SHORTEST_BAR, min(_LONGEST_BAR, self._console.width // 4))
            bar = self._console.spell(draw_bar(total, max(length.targets, total), width))
            rest = self._console.spell("━" if self._console.color_system else "─") * (width - len(bar))
            line.append(bar, "cyan").append(rest, "bright_black").append(" ")
        return line

    def _draw_parts(self, total: int, rates: tuple[float, float] | None) -> Iterator[Text]:
        """The parts of the line, the most important first. `rates`: results and requested URLs a second, where known."""
        summary, length = self._summary, self._length()
        whole = _format_length(length, total) if length else ""
        yield Text(f"{total:>{len(whole)},} of {whole}" if length else f"{total:,} checked", "bold")
        if summary.failed:
            yield Text(self._console.spell(f"✗ {summary.failed:,} failed"), "red")
        if length and rates and rates[0] and (left := length.targets - total) > 0:
            yield Text(f"{_format_time_left(left / rates[0])} left")
        if rates is not None:
            yield Text(format_rate(rates[1]), "dim")
        if slowed := self._slowed():
            yield Text(f"{count(slowed, 'host')} slowed", "yellow")

    def tick(self, frame: int) -> None:
        """Draw one frame; they are numbered from 1."""
        if self._summary.elapsed >= self._quiet:
            self._show_failures()
            if frame % round(1 / FRAME) == 0:
                self._say_what_is_left_out()
        super().tick(frame)

    def _show_failures(self) -> None:
        for _ in range(min(_FAILURES_A_FRAME, len(self._waiting))):
            self._console.print(self._draw_failure(self._waiting.popleft()), soft_wrap=True)
            self._has_shown = True

    def _draw_failure(self, result: Result) -> Text:
        """A line, which the terminal breaks where it is too long: the URL of a problem is never cut."""
        cells = make_cells(make_record(result), self._console, verbose=False)
        padding = " " * (_STATUS_WIDTH - cells.status.cell_len)
        return Text.assemble(" ", cells.status, padding, "  ", cells.url, "  ", (cells.detail.plain, "dim"))

    def _say_what_is_left_out(self) -> None:
        left_out = self._left_out  # another thread goes on counting
        if left_out > self._said:
            self._console.print(Text(self._console.spell(f" … and {left_out - self._said:,} more"), "dim"))
            self._said = left_out


def _format_length(length: Length, done: int) -> str:
    """`60,000`, or `~60,000` to two digits, which do not flicker."""
    return f"{length.targets:,}" if length.is_exact else f"~{max(done, int(float(f'{length.targets:.2g}'))):,}"


def _format_time_left(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 60 else format_duration(60 * math.ceil(seconds / 60))
