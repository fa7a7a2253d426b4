from __future__ import annotations

import io
import os
from dataclasses import replace

import pytest

from tests.support.builders import AsciiTerminal, Terminal
from tests.support.marks import on_posix
from tests.support.pipes import open_full_pipe
from urlcheck.reports.terminal import watching
from urlcheck.reports.terminal.console import make_console
from urlcheck.reports.terminal.watching import WatchTable
from urlcheck.reports.watching import WatchFrame, WatchRow

DOWN = WatchRow(
    "down",
    "api: https://api.example/a/long/path/to/a/page",
    "connection refused",
    [3.0, None],
    3_700,
    None,
    in_maintenance=False,
)
UP = WatchRow("up", "https://b.example/", "200 OK", [81.4, 20.0], 12.5, 7.2, in_maintenance=False)
EXCUSED = WatchRow("degraded", "https://c.example/", "429 Too Many Requests", [5.0], 60, 7.2, in_maintenance=True)
FRAME = WatchFrame(
    "1 of 3 down since 09:31", "down", "1 up   1 degraded   1 down", ["09:31:02 a line"], [DOWN, EXCUSED, UP], 2, 7.2
)


def draw(stream: io.StringIO, width: int = 80, frame: WatchFrame = FRAME) -> list[str]:
    console = make_console(stream, "never", width=width)
    table = WatchTable(console)
    table.frame = frame
    console.print(table.draw())
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_the_headline_says_the_worst_state_first() -> None:
    lines = draw(Terminal())
    assert lines[:4] == [
        " ✗ 1 of 3 down since 09:31",
        " 1 up   1 degraded   1 down   next check in 7s   q ends",
        "",
        " 09:31:02 a line",
    ]


def test_a_row_says_state_target_last_check_and_times() -> None:
    header, down, excused, up, rest = draw(Terminal())[5:]
    assert header.split() == ["STATE", "TARGET", "LAST", "TIME", "CHECKS", "SINCE", "NEXT"]
    assert down.split()[:2] == ["✗", "down"]
    assert down.split()[-3:] == ["█✗", "1h", "…"]
    assert excused.split()[0] == "maintenance"
    assert up.split() == ["✓", "up", "https://b.example/", "200", "OK", "20", "ms", "█▂", "12s", "7s"]
    assert rest == " … and 2 more"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = draw(Terminal(), width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 10


def test_a_long_line_of_a_change_keeps_the_target_and_is_cut_at_its_end() -> None:
    line = "16:31:35 degraded (was suspect for 3 s): https://example.org/a 403 Forbidden: a bot wall answered (Cloudflare)"
    shown = draw(Terminal(), frame=replace(FRAME, lines=[line]))[3]
    assert shown == " 16:31:35 degraded (was suspect for 3 s): https://example.org/a 403 Forbidden: …"


def test_a_detail_that_is_cut_says_so() -> None:
    assert "connection ref…" in draw(Terminal())[6]


def test_an_ascii_terminal_is_sent_ascii() -> None:
    assert "\n".join(draw(AsciiTerminal())).isascii()


@on_posix
def test_the_end_of_the_program_does_not_wait_for_a_terminal_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_STALL_SECONDS", 0)
    with open_full_pipe() as (read, write), open(write, "w", encoding="utf-8", closefd=False) as stream:
        table = WatchTable(make_console(stream))
        table.leave_at_once()  # a write would fail
        held = os.read(read, 1 << 20)
        table.leave_at_once()
        assert os.read(read, len(held)) == b"\x1b[?1049l"
