from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from tests.support.builders import (
    FAILURE,
    NOT_FOUND,
    RESPONSE,
    AsciiFile,
    AsciiTerminal,
    Terminal,
    make_result,
    make_settled,
    make_target,
)
from urlcheck.model.outcome import Hop
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.listing import ROWS
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.table import TableReporter
from urlcheck.settings.settings import OutputSettings

LONG = f"https://example.org/{'x' * 300}/end"


@pytest.fixture(autouse=True)
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 2.0)


def draw(results: Iterable[Result], stream: io.StringIO | None = None, **settings: Any) -> list[str]:
    """The lines of the table and its summary, without the blanks at their ends."""
    stream = stream or io.StringIO()
    summary = Summary()
    reporter = TableReporter(stream, OutputSettings(**settings))
    for result in results:
        summary.add([result])
        reporter.add(result)
    reporter.close(summary)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def passes(*indices: int) -> list[Result]:
    return [make_result(target=make_target(f"{index}.example/pass", index=index)) for index in indices]


def problems(*indices: int) -> list[Result]:
    return [make_result(NOT_FOUND, make_target(f"{index}.example/problem", index=index)) for index in indices]


def unchecked(*indices: int) -> list[Result]:
    targets = [make_target(f"{index}.example/unchecked", index=index) for index in indices]
    return [make_settled(target, Verdict.UNCHECKED, "interrupted") for target in targets]


def list_rows(lines: Iterable[str]) -> list[str]:
    """The URLs that the table lists."""
    return [line.split()[2] for line in lines if ".example/" in line]


RESULTS = [
    make_result(),
    make_result(
        replace(RESPONSE, url="https://example.net/new", hops=(Hop(301, "https://example.org/old"),), elapsed=1.25),
        make_target("example.org/old", "urls.txt", 2, index=1),
        attempts=2,
    ),
    make_result(NOT_FOUND, make_target("https://example.org/[red]:smile:", index=2)),
    make_result(FAILURE, make_target("https://example.org/down", index=3)),
    make_result(target=make_target("ftp://example.org/", "urls.txt", 5, index=4)),
    make_settled(make_target("example.com", index=5), Verdict.SKIPPED, "excluded by 'com'"),
    make_result(replace(NOT_FOUND, status=403, reason="Forbidden"), make_target(index=6), allow={Verdict.STATUS}),
]


def test_a_small_table() -> None:
    assert draw(RESULTS) == [
        "",
        " STATUS     URL                                TIME  DETAIL",
        " ─────────────────────────────────────────────────────────────────────────────────────────",
        " ✓ 200      https://example.org/              81 ms  OK",
        " ✓ 200      example.org/old                   1.2 s  → https://example.net/new (attempt 2)",
        " ✗ 404      https://example.org/[red]:smile:  81 ms  Not Found",
        " ✗ connect  https://example.org/down          1.5 s  connection refused",
        " ✗ invalid  ftp://example.org/                       unsupported scheme 'ftp'",
        " - skipped  example.com                              excluded by 'com'",
        " ! 403      https://example.org/              81 ms  Forbidden",
        "",
        "  7 URLs   ✓ 4 passed   ✗ 3 failed   in 2 s, 3.5 URLs/s",
        "  2 status, 1 connect, 1 invalid, 1 skipped",
    ]


def test_verbose_adds_the_redirect_chain_and_the_evidence() -> None:
    assert draw(RESULTS[1:3], verbose=True, quiet=True)[3:] == [
        " ✓ 200   example.org/old                   1.2 s  → https://example.net/new (attempt 2)",
        "                                                  301 https://example.org/old",
        f"{' ' * 50}192.0.2.7, certificate until 2027-01-31, 2 attempts, from urls.txt:2",
        " ✗ 404   https://example.org/[red]:smile:  81 ms  Not Found",
        f"{' ' * 50}192.0.2.7, certificate until 2027-01-31, from arguments",
        "",
    ]


def test_the_beginning_of_the_body_is_shown_below_a_problem() -> None:
    gone = replace(make_result(NOT_FOUND, make_target(index=1)), excerpt="<h1>\x1b[2J[red]Gone</h1>\n")
    assert draw([gone, make_result()], quiet=True)[3:] == [
        " ✓ 200   https://example.org/  81 ms  OK",
        " ✗ 404   https://example.org/  81 ms  Not Found",
        r"                                      │ <h1>\x1b[2J[red]Gone</h1>",
        "",
    ]


def test_on_a_terminal_a_body_has_room_and_no_line_is_wider() -> None:
    stream = Terminal()
    lines = draw([replace(make_result(NOT_FOUND), excerpt="word " * 100)], stream, color="never", quiet=True)
    assert "".join(lines).count("word") == 40
    assert max(map(cell_len, lines)) <= 80


def test_rows_stand_in_the_order_of_the_input() -> None:
    assert list_rows(draw(passes(2, 0, 3, 1))) == [f"{index}.example/pass" for index in range(4)]


def test_up_to_500_results_every_url_is_listed() -> None:
    lines = draw([*passes(*range(ROWS - 1)), *problems(ROWS - 1)])
    assert len(list_rows(lines)) == ROWS == 500


@pytest.mark.parametrize("last", [*passes(505), *problems(505)])
def test_past_500_results_the_problems_alone_are_listed(last: Result) -> None:
    lines = draw([*problems(7), *passes(*range(8, 505)), *problems(3), *passes(2), last])
    assert list_rows(lines) == ["3.example/problem", "7.example/problem", "505.example/problem"][: 2 + (not last.ok)]


def test_past_500_results_without_a_problem_the_summary_stands_alone() -> None:
    lines = draw(passes(*range(501)))
    assert (list_rows(lines), lines[0].split(), lines[-1]) == (
        [],
        ["VERDICT", "STATUS"],
        "  501 URLs   ✓ 501 passed   in 2 s, 250 URLs/s",
    )


def test_500_problems_are_listed_at_most_and_the_others_counted() -> None:
    lines = draw([*problems(*range(502)), *passes(502)])
    assert len(list_rows(lines)) == 500
    assert "  … and 2 problems not listed; -o jsonl or --show problems lists all." in lines


def test_500_problems_and_no_more_leave_nothing_to_say() -> None:
    lines = draw([*problems(*range(500)), *passes(500)])
    assert len(list_rows(lines)) == 500
    assert not any("not listed" in line for line in lines)


def test_past_500_results_what_is_unchecked_is_counted_and_not_listed() -> None:
    lines = draw([*unchecked(*range(400)), *problems(400), *unchecked(*range(401, 1001))])
    assert list_rows(lines) == ["400.example/problem"]
    assert "  … and 1,000 unchecked URLs not listed; -o jsonl or --show problems lists all." in lines


def test_up_to_500_results_what_is_unchecked_is_listed() -> None:
    assert len(list_rows(draw(unchecked(*range(500))))) == 500


def test_problems_and_unchecked_urls_that_are_not_listed_are_told_apart() -> None:
    lines = draw([*problems(*range(501)), *unchecked(501)])
    assert any("… and 1 problem and 1 unchecked URL not listed" in line for line in lines)


@pytest.mark.parametrize(("show", "urls"), [("all", 1004), ("problems", 502)])
def test_show_decides_what_is_listed_however_many_there_are(show: str, urls: int) -> None:
    lines = draw([*passes(*range(502)), *problems(*range(502, 1004))], show=show)
    assert len(list_rows(lines)) == urls


def test_a_problem_that_is_allowed_is_not_listed_among_the_problems() -> None:
    assert draw([RESULTS[-1]], show="problems") == ["  1 URL   ✓ 1 passed   in 2 s, 0.5 URLs/s", "  1 status"]


def test_without_a_result_the_summary_stands_alone() -> None:
    assert draw([]) == ["  0 URLs   ✓ 0 passed   in 2 s, 0.0 URLs/s"]


def test_quiet_leaves_out_the_summary() -> None:
    assert draw(RESULTS, quiet=True) == draw(RESULTS)[:-2]


def test_duplicates_and_notes_stand_in_the_summary() -> None:
    stream, summary = io.StringIO(), Summary()
    summary.add([make_result()])
    summary.duplicates = 2
    summary.notes = ["the input was not read to its end"]
    TableReporter(stream, OutputSettings()).close(summary)
    assert stream.getvalue().splitlines() == [
        "  1 URL   ✓ 1 passed   2 duplicates   in 2 s, 0.5 URLs/s",
        "  ! the input was not read to its end",
    ]


@pytest.mark.parametrize("verbose", [False, True])
def test_no_url_is_cut_or_folded_where_there_is_no_terminal(verbose: bool) -> None:  # noqa: FBT001
    outcome = replace(NOT_FOUND, reason=f"{'long ' * 50}reason")
    lines = draw([make_result(outcome, make_target(LONG))], verbose=verbose)
    assert any(LONG in line and line.endswith("long reason") for line in lines)


def test_one_long_url_does_not_pad_the_others_in_a_pipe() -> None:
    long, *others = draw([make_result(NOT_FOUND, make_target(LONG)), *RESULTS])[3:-3]
    assert LONG in long
    assert max(len(line) for line in others) < 100


def test_a_line_of_a_pipe_has_no_blanks_at_its_end() -> None:
    stream = io.StringIO()
    without_reason = make_result(replace(NOT_FOUND, reason=" "))
    draw([make_result(NOT_FOUND, make_target(LONG)), *RESULTS, without_reason], stream, verbose=True)
    assert [line for line in stream.getvalue().splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_cells_are_aligned_with_their_column_heads(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = draw([make_result(NOT_FOUND, make_target(LONG)), *RESULTS], Terminal(), color="never", quiet=True)
    places = [(line.find("https:"), line.find("81 ms"), line.find("Not Found")) for line in lines if "Not Found" in line]
    assert places == [(lines[1].index("URL"), lines[1].index(" TIME"), lines[1].index("DETAIL"))] * 2


@pytest.mark.parametrize("columns", [40, 60])
def test_on_a_narrow_terminal_time_and_detail_stand_below_the_url(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = draw([make_result(NOT_FOUND, make_target(LONG))], Terminal(), color="never", quiet=True)
    assert lines[3].startswith(" ✗ 404   https://")
    assert lines[3].endswith("/end")
    assert lines[4] == "         81 ms  Not Found"


@pytest.mark.parametrize("terminal", [False, True])
def test_where_the_encoding_is_ascii_so_is_the_table(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setenv("COLUMNS", "80")
    stream = (AsciiTerminal if terminal else AsciiFile)()
    results = [*RESULTS, make_result(NOT_FOUND, make_target(f"https://例え.jp/{'é' * 90}/end"))] * 3
    lines = draw(results, stream, color="never")
    assert "\n".join(lines).isascii()
    assert any(line.startswith(" + 200") for line in lines)
    assert any("  ->" in line for line in lines)
    assert not any("+-" in line for line in lines)  # no box around it
    assert not terminal or max(map(len, lines)) <= 80


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("entry", [LONG, f"https://例え.jp/{'パス' * 50}/end"])
def test_a_long_url_is_shortened_in_its_middle_on_a_terminal(
    entry: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = draw([make_result(NOT_FOUND, make_target(entry)), *RESULTS], Terminal(), color="never")
    row = next(line for line in lines if "…" in line)
    start, end = (part.split() for part in row.split("…"))
    assert entry.startswith(start[-1])
    assert end[0].endswith("/end")


@pytest.mark.parametrize("columns", [40, 50])
def test_a_url_is_not_cut_without_a_sign_on_a_narrow_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    [row] = [line for line in draw(RESULTS[3:4], Terminal(), color="never") if "https" in line]
    end = row.partition("https")[2].split()[0].rpartition("…")[2]
    assert "https://example.org/down".endswith(end)


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_the_table_is_no_wider_than_the_terminal(columns: int, verbose: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setenv("COLUMNS", str(columns))
    unchecked = make_result(replace(FAILURE, message="why not " * 20), make_target(LONG))
    lines = draw([*RESULTS, unchecked], Terminal(), verbose=verbose, quiet=True, color="never")
    assert max(cell_len(line) for line in lines) <= columns


def test_a_long_detail_is_folded_on_a_terminal() -> None:
    lines = draw([make_result(replace(FAILURE, message="why not " * 20))], Terminal(), color="never")
    assert sum(line.count("why") for line in lines) == 20


@pytest.mark.parametrize("columns", [40, 80])
def test_where_a_redirect_led_takes_one_line_on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    outcome = replace(RESPONSE, url=LONG, hops=(Hop(301, "https://example.org/"),))
    [line] = [line for line in draw([make_result(outcome)], Terminal(), color="never") if "→" in line]
    assert re.search(r"→ https:.*….*/end$", line)
    whole = "".join(draw([make_result(outcome)], Terminal(), color="never", verbose=True)[3:]).replace(" ", "")
    assert "x" * 300 in whole


def test_a_whole_url_is_shown_on_a_terminal_with_verbose() -> None:
    first, *others = draw([make_result(target=make_target(LONG))], Terminal(), verbose=True, color="never", quiet=True)[3:-1]
    assert "".join([first.split()[2], *(line.split()[0] for line in others)]) == LONG


def test_a_terminal_has_colours_and_a_pipe_has_none() -> None:
    assert "\x1b[" in "".join(draw(RESULTS, Terminal()))
    assert "\x1b" not in "".join(draw(RESULTS))


def test_control_characters_from_a_server_are_escaped() -> None:
    lines = draw([make_result(replace(NOT_FOUND, reason="\x1b[2J\r[bold]gone[/bold]"))], Terminal(), color="never")
    assert any(line.endswith(r"\x1b[2J\x0d[bold]gone[/bold]") for line in lines)
