from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, Terminal, make_hostile_results, make_result, make_target
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.awaiting import Awaiting
from urlcheck.reports.terminal.console import make_console
from urlcheck.reports.terminal.display import show

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Waiting:
    """A run that waits for these, and for so many others."""

    awaited: Sequence[Result] = ()
    others: int = 0
    unfinished: int = field(init=False)

    def __post_init__(self) -> None:
        self.unfinished = len(self.awaited) + self.others


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)


def draw(run: Waiting, summary: Summary | None = None, seconds: float = 30) -> list[str]:
    """The lines of one frame, without the spinner."""
    console = make_console(Terminal(), "never")
    with console.capture() as frame:
        console.print(Awaiting(console, summary or Summary(), run, seconds).draw())
    return [line.rstrip() for line in frame.get()[1:].splitlines()]


def results(count: int) -> list[Result]:
    return [make_result(FAILURE, make_target(f"http://host/{number}"), attempts=3) for number in range(count)]


def test_what_is_awaited_is_listed_with_its_last_detail_and_its_attempts() -> None:
    run = Waiting(
        [
            make_result(FAILURE, make_target("http://localhost:8080/health"), attempts=12),
            make_result(NOT_FOUND, make_target("http://localhost:9090"), attempts=3),
        ]
    )
    assert draw(run) == [
        " waiting for 2 30 s left",
        "  http://localhost:8080/health  connect: connection refused  attempt 12",
        "  http://localhost:9090         404 Not Found                attempt 3",
    ]


def test_what_was_not_asked_yet_is_counted() -> None:
    assert draw(Waiting(others=1200)) == [" waiting for 1,200 30 s left"]
    assert draw(Waiting(results(1), others=2))[-1] == "  … and 2 more"


def test_what_has_passed_and_what_has_failed_is_counted() -> None:
    summary = Summary()
    for result in (make_result(), make_result(), make_result(NOT_FOUND)):
        summary.add([result])
    assert draw(Waiting(), summary) == [" waiting for 0 ✓ 2 passed ✗ 1 failed 30 s left"]


def test_the_time_left_is_said_until_it_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    console = make_console(Terminal(), "never")
    display = Awaiting(console, Summary(), Waiting(), 90)
    said = []
    for now in (1000.0, 1029.5, 1089.9, 1090.0):
        monkeypatch.setattr("time.monotonic", lambda now=now: now)
        with console.capture() as frame:
            console.print(display.draw())
        said.append(frame.get().partition("for 0 ")[2].strip())
    assert said == ["1 min 30 s left", "1 min 1 s left", "1 s left", "the time is up"]


@pytest.mark.parametrize(("height", "lines"), [(24, 12), (100, 12), (8, 7), (4, 3), (2, 3)])
def test_no_more_is_drawn_than_a_few_rows_or_the_terminals_height(
    monkeypatch: pytest.MonkeyPatch, height: int, lines: int
) -> None:
    monkeypatch.setenv("LINES", str(height))
    frame = draw(Waiting(results(100)))
    assert (len(frame), frame[-1]) == (lines, f"  … and {100 - (lines - 2)} more")


def test_a_row_is_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    [_, row] = draw(Waiting([make_result(FAILURE, make_target("http://host/" + "long" * 100))]))
    assert row == "  http://host/longlon…  connect: connection r…  attempt 1"


def test_what_comes_from_outside_is_shown_safe() -> None:
    secret = make_result(NOT_FOUND, make_target("http://n:word@h/?sig=hidden"))
    frame = draw(Waiting([secret, *make_hostile_results()[:9]]))
    assert "http://n:****@h/?sig=****" in frame[1]
    assert all(line.isprintable() for line in frame)


def test_the_display_leaves_nothing_behind() -> None:
    stream = Terminal()
    with show(Awaiting(make_console(stream, "never"), Summary(), Waiting(results(2)), 30)) as display:
        assert display
        display.tick(1)
    assert "attempt 3" in stream.getvalue()
    assert CONTROL.sub("", stream.getvalue()).splitlines()[-1] == ""
    assert stream.getvalue().endswith("\x1b[1A\x1b[2K")


def test_what_is_awaited_stands_in_the_order_of_the_list() -> None:
    run = Waiting([make_result(FAILURE, make_target(f"http://host/{index}", index=index)) for index in (2, 0, 1)])
    assert [line.split()[0] for line in draw(run)[1:]] == ["http://host/0", "http://host/1", "http://host/2"]
