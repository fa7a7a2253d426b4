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
from urlcheck.model.outcome import Hop, Response
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.table import TableReporter
from urlcheck.settings.output import OutputSettings

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


def problems(*indices: int, **settings: Any) -> list[Result]:
    return [make_result(NOT_FOUND, make_target(f"{index}.example/problem", index=index), **settings) for index in indices]


def unchecked(*indices: int) -> list[Result]:
    targets = [make_target(f"{index}.example/unchecked", index=index) for index in indices]
    return [make_settled(target, Verdict.UNCHECKED, "interrupted") for target in targets]


def list_rows(lines: Iterable[str]) -> list[str]:
    """The URLs that the table lists."""
    return [word for line in lines for word in line.split() if ".example/" in word]


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
        " STATUS        URL                                TIME  DETAIL",
        " ─────────────────────────────────────────────────────────────────────────────────────────────",
        " ✓ 200         https://example.org/              81 ms  OK",
        " ✓ 200         example.org/old                   1.2 s  → https://example.net/new (2 attempts)",
        " ✗ 404 status  https://example.org/[red]:smile:  81 ms  Not Found",
        " ✗ connect     https://example.org/down          1.5 s  connection refused",
        " ✗ invalid     ftp://example.org/                       unsupported scheme 'ftp'",
        " - skipped     example.com                              excluded by 'com'",
        " ! 403 status  https://example.org/              81 ms  Forbidden",
        "",
        "  7 URLs   ✓ 2 passed   ✗ 3 failed   ! 1 allowed   - 1 skipped   in 2 s, 2.5 URLs/s",
        "  1 status, 1 connect, 1 invalid; allowed: 1 status",
    ]


def test_verbose_adds_the_redirect_chain_and_the_evidence_below_the_url() -> None:
    assert draw(RESULTS[1:3], verbose=True)[3:8] == [
        " ✓ 200         example.org/old                   1.2 s  → https://example.net/new (2 attempts)",
        "               301 https://example.org/old",
        "               200 https://example.net/new",
        "               192.0.2.7, certificate until 2027-01-31, from urls.txt:2",
        " ✗ 404 status  https://example.org/[red]:smile:  81 ms  Not Found",
    ]


@pytest.mark.parametrize(
    ("status", "settings", "shown"),
    [
        (200, {"accept": {201}}, "✗ 200 status  https://example.org/  81 ms  OK; accepted: 201"),
        (429, {}, "✗ 429 rate-limited  https://example.org/  81 ms  OK"),
        (200, {"max_time": 0.01}, "✗ 200 slow  https://example.org/  81 ms  took 81.4 ms, more than 10 ms"),
    ],
)
def test_what_did_not_pass_shows_the_word_of_its_verdict(status: int, settings: dict[str, Any], shown: str) -> None:
    [row] = [line for line in draw([make_result(replace(RESPONSE, status=status), **settings)]) if "https" in line]
    assert row.strip() == shown


def test_the_beginning_of_the_body_is_shown_below_a_problem() -> None:
    gone = replace(make_result(NOT_FOUND, make_target(index=1)), excerpt="<h1>\x1b[2J[red]Gone</h1>\n")
    assert draw([gone, make_result()])[3:6] == [
        " ✓ 200         https://example.org/  81 ms  OK",
        " ✗ 404 status  https://example.org/  81 ms  Not Found",
        r"               │ <h1>\x1b[2J[red]Gone</h1>",
    ]


def test_on_a_terminal_a_body_has_room_and_no_line_is_wider() -> None:
    stream = Terminal()
    lines = draw([replace(make_result(NOT_FOUND), excerpt="word " * 100)], stream, color="never")
    assert "".join(lines).count("word") == 40
    assert max(map(cell_len, lines)) <= 80


def test_rows_stand_in_the_order_of_the_input() -> None:
    assert list_rows(draw(passes(2, 0, 3, 1))) == [f"{index}.example/pass" for index in range(4)]


def test_up_to_50_results_every_url_is_listed_in_the_order_of_the_input() -> None:
    lines = draw([*problems(7), *passes(*range(8, 57))])
    assert list_rows(lines) == ["7.example/problem", *(f"{index}.example/pass" for index in range(8, 57))]
    assert not any("not listed" in line for line in lines)


@pytest.mark.parametrize("last", [*passes(60), *problems(60)])
def test_past_50_results_the_problems_alone_are_listed(last: Result) -> None:
    lines = draw([*problems(7), *passes(*range(8, 60)), *problems(3), *passes(2), last])
    assert list_rows(lines) == ["3.example/problem", "7.example/problem", "60.example/problem"][: 2 + (not last.ok)]
    assert lines[-1] == f"  not listed: {53 + last.ok} passed; --show all lists the rest"


def test_where_all_of_a_long_run_is_shown_its_problems_stand_last() -> None:
    lines = draw([*problems(1), *passes(*range(2, 60))], show="all")
    assert list_rows(lines) == [*(f"{index}.example/pass" for index in range(2, 60)), "1.example/problem"]


def test_past_50_results_without_a_problem_the_summary_stands_alone() -> None:
    lines = draw(passes(*range(51)))
    assert (list_rows(lines), lines[0].split(), lines[-2]) == (
        [],
        ["VERDICT", "STATUS"],
        "  51 URLs   ✓ 51 passed   in 2 s, 26 URLs/s",
    )


def test_500_problems_are_listed_at_most_and_the_others_counted() -> None:
    lines = draw([*problems(*range(502)), *passes(502)])
    assert len(list_rows(lines)) == 500
    assert lines[-1] == "  not listed: 2 failed, 1 passed; --show all lists the rest"


def test_500_problems_and_no_more_leave_nothing_to_say() -> None:
    lines = draw(problems(*range(500)))
    assert len(list_rows(lines)) == 500
    assert not any("not listed" in line for line in lines)


def test_past_50_results_what_is_unchecked_is_counted_and_not_listed() -> None:
    lines = draw([*unchecked(*range(40)), *problems(40), *unchecked(*range(41, 1001))])
    assert list_rows(lines) == ["40.example/problem"]
    assert lines[-1] == "  not listed: 1,000 not checked; --show all lists the rest"


def test_up_to_50_results_what_is_unchecked_is_listed() -> None:
    assert len(list_rows(draw(unchecked(*range(50))))) == 50


def test_what_is_not_listed_is_counted_by_its_kind() -> None:
    lines = draw([*problems(*range(501)), *unchecked(501), *passes(502), *problems(503, allow={Verdict.STATUS}), RESULTS[5]])
    assert lines[-1] == "  not listed: 1 failed, 1 not checked, 1 allowed, 1 passed, 1 skipped; --show all lists the rest"


@pytest.mark.parametrize(("show", "urls"), [("all", 1004), ("problems", 502)])
def test_show_decides_what_is_listed_however_many_there_are(show: str, urls: int) -> None:
    lines = draw([*passes(*range(502)), *problems(*range(502, 1004))], show=show)
    assert len(list_rows(lines)) == urls
    assert not any("not listed" in line for line in lines)


def test_a_problem_that_is_allowed_is_not_listed_among_the_problems() -> None:
    assert draw([RESULTS[-1]], show="problems") == [
        "  1 URL   0 passed   ! 1 allowed   in 2 s, 0.5 URLs/s",
        "  allowed: 1 status",
    ]


def test_after_ctrl_c_the_rate_is_over_what_was_requested_and_the_rest_was_not_checked() -> None:
    lines = draw([*passes(*range(30)), *unchecked(*range(30, 1000))])
    assert lines[-2] == "  30 checked   ✓ all passed   ! 970 read and not checked   in 2 s, 15 URLs/s"


def test_where_everything_was_skipped_nothing_passed() -> None:
    assert draw([RESULTS[5]])[-1] == "  1 URL   0 passed   - 1 skipped   in 2 s"


def test_without_a_result_the_summary_stands_alone() -> None:
    assert draw([]) == ["  0 URLs   0 passed   in 2 s"]


def test_quiet_leaves_out_the_summary_and_what_passed() -> None:
    assert [line.split()[1] for line in draw(RESULTS, quiet=True)[3:-1]] == ["404", "connect", "invalid"]


def test_quiet_says_nothing_where_everything_passed() -> None:
    assert draw([RESULTS[0], *passes(*range(1, 60))], quiet=True) == []


def test_quiet_shows_what_it_is_told_to_show() -> None:
    assert len(list_rows(draw(passes(1, 2), quiet=True, show="all"))) == 2


def test_quiet_counts_the_problems_that_are_not_listed() -> None:
    assert draw([*problems(*range(501)), *passes(501)], quiet=True)[-1] == (
        "  not listed: 1 failed; --show all lists the rest"
    )


def test_duplicates_remarks_and_notes_stand_in_the_summary() -> None:
    stream, summary = io.StringIO(), Summary()
    summary.add([make_result()])
    summary.duplicates = 2
    summary.notes = ["the input was not read to its end"]
    summary.remarks = ["settings from urlcheck.toml"]
    TableReporter(stream, OutputSettings()).close(summary)
    assert stream.getvalue().splitlines() == [
        "  1 URL   ✓ 1 passed   2 duplicates   in 2 s, 0.5 URLs/s",
        "  settings from urlcheck.toml",
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
    lines = draw([make_result(target=make_target(LONG)), *RESULTS], Terminal(), color="never")
    places = [(line.find("https:"), line.find("81 ms"), line.find("OK")) for line in lines if "OK" in line]
    assert places == [(lines[1].index("URL"), lines[1].index(" TIME"), lines[1].index("DETAIL"))] * 2


@pytest.mark.parametrize("columns", [30, 80, 120])
@pytest.mark.parametrize(("outcome", "settings"), [(NOT_FOUND, {}), (RESPONSE, {"verbose": True})])
def test_the_url_of_a_problem_or_with_verbose_is_whole_on_a_line_of_its_own(
    outcome: Response, settings: dict[str, Any], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = draw([make_result(outcome, make_target(LONG)), *RESULTS], Terminal(), color="never", **settings)
    [row] = [index for index, line in enumerate(lines) if "xxx" in line]
    assert lines[row].endswith(f"  {LONG}")
    assert lines[row + 1].split()[:2] == ["81", "ms"]


def test_a_long_detail_that_holds_a_url_is_whole_on_a_line_of_its_own() -> None:
    failure = replace(FAILURE, message=f"a redirect loop, back to {LONG}"[:250])
    lines = draw([make_result(failure)], Terminal(), color="never")
    assert any(line.strip() == failure.message for line in lines)


@pytest.mark.parametrize("columns", [30, 40])
def test_on_a_narrow_terminal_time_and_detail_stand_below_the_url(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = draw([make_result(NOT_FOUND, make_target(LONG))], Terminal(), color="never")
    assert lines[3:5] == [f" ✗ 404 status  {LONG}", "               81 ms  Not Found"][: 2 if columns == 40 else 1] + (
        ["               81 ms  Not"] if columns == 30 else []
    )


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
    assert not terminal or max(len(line) for line in lines if "://" not in line) <= 80


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("entry", [LONG, f"https://例え.jp/{'パス' * 50}/end"])
def test_a_long_url_that_passed_is_shortened_in_its_middle_on_a_terminal(
    entry: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = draw([make_result(target=make_target(entry)), *RESULTS], Terminal(), color="never")
    row = next(line for line in lines if "…" in line)
    start, end = (part.split() for part in row.split("…"))
    assert entry.startswith(start[-1])
    assert end[0].endswith("/end")


@pytest.mark.parametrize("columns", [30, 50])
def test_a_url_is_not_cut_without_a_sign_on_a_narrow_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    [row] = [line for line in draw([make_result()], Terminal(), color="never") if "http" in line]
    end = row.partition("http")[2].split()[0].rpartition("…")[2]
    assert "https://example.org/".endswith(end)


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_but_that_of_a_url_is_wider_than_the_terminal(
    columns: int,
    verbose: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    unchecked = make_result(replace(FAILURE, message="why not " * 20), make_target(LONG))
    lines = draw([*RESULTS, unchecked], Terminal(), verbose=verbose, color="never")
    assert max(cell_len(line) for line in lines if "://" not in line) <= columns


def test_a_long_detail_is_folded_on_a_terminal() -> None:
    lines = draw([make_result(replace(FAILURE, message="why not " * 20))], Terminal(), color="never")
    assert sum(line.count("why") for line in lines) == 20


@pytest.mark.parametrize("columns", [40, 80])
def test_where_a_redirect_led_takes_one_line_on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    outcome = replace(RESPONSE, url=LONG, hops=(Hop(301, "https://example.org/"),))
    [line] = [line for line in draw([make_result(outcome)], Terminal(), color="never") if "→" in line]
    assert re.search(r"→ http.*….*/end$", line)
    assert any(line.endswith(f"200 {LONG}") for line in draw([make_result(outcome)], Terminal(), color="never", verbose=True))


def test_urls_are_links_on_a_terminal() -> None:
    shown = "".join(draw([make_result(NOT_FOUND)], Terminal()))
    assert re.search(r"\x1b\]8;id=\d+;https://example\.org/\x1b\\https://example\.org/\x1b\]8;;\x1b\\", shown)


def test_a_url_in_which_something_is_masked_is_no_link() -> None:
    shown = "".join(draw([make_result(NOT_FOUND, make_target("https://name:password@example.org/"))], Terminal()))
    assert "name:****@" in shown
    assert "\x1b]8" not in shown


def test_a_pipe_has_no_links_even_where_it_has_colours() -> None:
    shown = "".join(draw([make_result(NOT_FOUND)], color="always"))
    assert "\x1b[" in shown
    assert "\x1b]8" not in shown


def test_a_terminal_has_colours_and_a_pipe_has_none() -> None:
    assert "\x1b[" in "".join(draw(RESULTS, Terminal()))
    assert "\x1b" not in "".join(draw(RESULTS))


def test_control_characters_from_a_server_are_escaped() -> None:
    lines = draw([make_result(replace(NOT_FOUND, reason="\x1b[2J\r[bold]gone[/bold]"))], Terminal(), color="never")
    assert any(line.endswith(r"\x1b[2J\x0d[bold]gone[/bold]") for line in lines)
