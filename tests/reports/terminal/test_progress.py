from __future__ import annotations

import contextlib
import io
import threading
import time

import pytest

from tests.support.builders import NOT_FOUND, AsciiTerminal, Terminal, make_result, make_settled, make_target
from urlcheck.model.target import Length
from urlcheck.model.verdict import Verdict
from urlcheck.reports.kinds import Kind
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.console import make_console
from urlcheck.reports.terminal.display import show
from urlcheck.reports.terminal.progress import Progress

HIDE = "\x1b[?25l"
ERASE = "\x1b[2K"


class Frames:
    """A progress that is drawn when a test says so, a tenth of a second later each time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None = None) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.stream = stream or Terminal()
        self.summary = Summary()
        self.length: Length | None = None
        self.slowed = 0
        console = make_console(self.stream, "never")
        self.progress = Progress(console, self.summary, lambda: self.length, lambda: self.slowed, quiet=3.0)

    def run(self, seconds: float, passed: int = 0) -> str:
        """So many more passed in so many seconds; the last frame, from its count on."""
        for _ in range(10):
            self.now += seconds / 10
            self.summary.kinds[Kind.PASSED] += passed // 10
            self.summary.requested += passed // 10
            line = self.progress.draw().plain
        return line

    def fail(self, times: int, name: str = "problem") -> None:
        for number in range(times):
            result = make_result(NOT_FOUND, make_target(f"https://{name}.example/{number}"))
            self.summary.add([result])
            self.progress.add([result])

    def tick(self, frames: int) -> list[str]:
        """The lines that so many frames leave above the bar."""
        self.stream.truncate(0)
        self.stream.seek(0)
        for frame in range(1, frames + 1):
            self.now += 0.1
            self.progress.tick(frame)
        return [line.strip() for line in self.stream.getvalue().splitlines() if line.strip()]


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> Frames:
    monkeypatch.setenv("COLUMNS", "120")
    return Frames(monkeypatch)


def test_where_the_length_is_not_known_what_is_done_is_counted(frames: Frames) -> None:
    assert frames.run(5, passed=500)[2:] == "  500 checked  100 URLs/s"


def test_a_known_length_gives_a_bar_and_the_time_left(frames: Frames) -> None:
    frames.length = Length(1_000, is_exact=True)
    line = frames.run(5, passed=500)
    assert line[2:] == f"{'━' * 15}{'─' * 15}     500 of 1,000  5 s left  100 URLs/s"


def test_an_estimate_is_shown_as_one(frames: Frames) -> None:
    frames.length = Length(61_234, is_exact=False)
    assert "500 of ~61,000  " in frames.run(5, passed=500)


def test_an_estimate_is_never_less_than_what_is_done(frames: Frames) -> None:
    frames.length = Length(494, is_exact=False)
    assert "500 of ~500  100 URLs/s" in frames.run(5, passed=500)


@pytest.mark.parametrize(("length", "left"), [(8_900, "2 min left"), (1_000_000, "2 h 47 min left")])
def test_a_long_time_is_left_in_minutes(frames: Frames, length: int, left: str) -> None:
    frames.length = Length(length, is_exact=True)
    assert left in frames.run(5, passed=500)


def test_the_rate_is_that_of_the_last_seconds(frames: Frames) -> None:
    frames.run(1_000, passed=10)
    for _ in range(10):
        line = frames.run(1, passed=50)
    assert line.endswith("50 URLs/s")


def test_failures_and_slowed_hosts_are_counted(frames: Frames) -> None:
    frames.summary.kinds[Kind.FAILED], frames.slowed = 1_234, 1
    line = frames.run(5, passed=500)
    assert line[2:].startswith("  1,734 checked  ✗ 1,234 failed  ")
    assert line.endswith("  1 host slowed")


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_the_line_is_never_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    frames = Frames(monkeypatch)
    frames.length, frames.slowed = Length(1_000_000, is_exact=False), 12
    frames.summary.kinds[Kind.FAILED] = 99_999
    assert len(frames.run(5, passed=50_000)) < columns - len("^C")


def test_in_an_ascii_locale_the_line_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Frames(monkeypatch, AsciiTerminal())
    frames.length = Length(1_000, is_exact=False)
    frames.fail(1)
    assert frames.run(5, passed=500).isascii()
    assert frames.tick(1) == ["x 404 status  https://problem.example/0  Not Found"]


def test_a_failure_is_shown_as_it_happens(frames: Frames) -> None:
    frames.run(5)
    frames.fail(1)
    assert frames.tick(1) == ["✗ 404 status  https://problem.example/0  Not Found"]


def test_in_the_first_seconds_no_failure_is_shown_for_the_report_follows(frames: Frames) -> None:
    frames.fail(1)
    assert frames.tick(20) == []
    assert len(frames.tick(20)) == 1


def test_at_most_twenty_failures_a_second_are_shown_and_the_others_counted(frames: Frames) -> None:
    frames.run(5)
    frames.fail(10_000)
    *shown, more = frames.tick(10)
    assert len(shown) == 20
    assert more == "… and 9,980 more"
    assert frames.tick(10) == []


def test_an_unchecked_url_is_not_shown_as_a_failure(frames: Frames) -> None:
    frames.run(5)
    frames.progress.add([make_settled(make_target(), Verdict.UNCHECKED, "interrupted")])
    assert frames.tick(1) == []


@pytest.mark.parametrize("columns", [40, 80])
def test_the_url_of_a_failure_is_never_cut(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    frames = Frames(monkeypatch)
    frames.run(5)
    name = ".".join(["long"] * 30)
    frames.fail(1, name)
    assert frames.tick(1) == [f"✗ 404 status  https://{name}.example/0  Not Found"]


def test_a_failure_is_not_obeyed(frames: Frames) -> None:
    frames.run(5)
    frames.progress.add([make_result(target=make_target("https://example.org/\x1b[2J"))])
    assert any(r"https://example.org/\x1b[2J" in line for line in frames.tick(1))


def until(stream: io.StringIO, text: str) -> None:
    """Wait for the thread that draws."""
    give_up = time.monotonic() + 30
    while text not in stream.getvalue():
        assert time.monotonic() < give_up


def test_the_bar_is_gone_when_the_context_ends_and_the_cursor_was_never_hidden() -> None:
    stream, summary = Terminal(), Summary()
    with contextlib.suppress(KeyboardInterrupt), show(Progress(make_console(stream), summary, lambda: None, lambda: 0)):
        until(stream, "0 checked")
        raise KeyboardInterrupt
    written = stream.getvalue()
    assert HIDE not in written
    assert "checked" not in written[written.rindex(ERASE) :]


def test_it_may_be_stopped_before_the_context_ends() -> None:
    stream = Terminal()
    with show(Progress(make_console(stream), Summary(), lambda: None, lambda: 0)) as progress:
        assert progress
        until(stream, "0 checked")
        progress.stop()
        stopped = stream.getvalue()
        assert "checked" not in stopped[stopped.rindex(ERASE) :]
    assert stream.getvalue() == stopped


def test_without_a_thread_to_draw_the_bar_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(threading, "_start_new_thread", start)
    stream = Terminal()
    with show(Progress(make_console(stream), Summary(), lambda: None, lambda: 0)):
        pass
    assert "checked" not in stream.getvalue()[stream.getvalue().rindex(ERASE) :]


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_cannot_go_back_on_its_line_is_left_alone(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal()
    with show(Progress(make_console(stream), Summary(), lambda: None, lambda: 0)) as progress:
        assert progress is None
    assert stream.getvalue() == ""


class GoneTerminal(Terminal):
    """A terminal whose window was closed."""

    def write(self, _: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_goes_away_does_not_end_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with show(Progress(make_console(GoneTerminal()), Summary(), lambda: None, lambda: 0)) as progress:
        assert progress
        assert progress._thread
        progress._thread.join()  # drawing ends by itself
    assert capsys.readouterr().err == ""


def test_the_rate_is_over_what_was_requested(frames: Frames) -> None:
    for _ in range(10):
        frames.summary.add([make_settled(make_target(), Verdict.SKIPPED, "excluded")])
    assert frames.run(5)[2:] == "  10 checked  0.0 URLs/s"
