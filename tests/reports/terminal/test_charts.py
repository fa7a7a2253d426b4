from __future__ import annotations

import io
from dataclasses import replace

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, RESPONSE, AsciiFile, Terminal, make_result
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import Summary
from urlcheck.reports.terminal.charts import draw_bar, draw_summary
from urlcheck.reports.terminal.console import make_console
from urlcheck.reports.wording import ENOUGH
from urlcheck.text.secrets import Secrets, hiding


@pytest.fixture(autouse=True)
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Summary, "elapsed", 2.0)


def answer(milliseconds: float, status: int = 200, host: str = "example.org", attempts: int = 1) -> Result:
    outcome = replace(RESPONSE, url=f"https://{host}/", status=status, elapsed=milliseconds / 1000)
    return make_result(outcome, attempts=attempts)


def sum_up(*results: Result) -> Summary:
    summary = Summary()
    for result in results:
        summary.add([result])
    return summary


def draw(summary: Summary, stream: io.StringIO | None = None) -> list[str]:
    return [line.plain for line in draw_summary(summary, make_console(stream or io.StringIO()))]


MIXED = [
    *(answer(10 * 1.1**number) for number in range(40)),
    *(answer(700, 404, "slow.example") for _ in range(10)),
    answer(900, 500, "slower.example"),
    answer(30, attempts=2),
    *(make_result(FAILURE) for _ in range(3)),
]


def test_a_long_run_is_drawn_with_charts() -> None:
    summary = sum_up(*MIXED)
    summary.duplicates = 2
    summary.notes = ["the input was not read to its end"]
    assert draw(summary) == [
        "  VERDICT                                 STATUS",
        "  ✓ ok       41  ━━━━━━━━━━━━━━━━━━━━━    200     41  ━━━━━━━━━━━━━━━━━━━━━",
        "  ✗ status   11  ━━━━━╸                   404     10  ━━━━━",
        "  ✗ connect   3  ━╸                       500      1  ╸",
        "",
        "  LATENCY                                 SLOWEST HOSTS",
        "  p50   98 ms                      ██     900 ms  slower.example",
        "  p95  693 ms   ▂▂  ▂▄▄ ▂▂ ▂▂  ▂   ██     700 ms  slow.example",
        "  p99  897 ms   ██▇▇███▇██▇██▇▇█▇▇▂██▂    411 ms  example.org",
        "                10 ms           900 ms",
        "",
        "  55 URLs   ✓ 41 passed   ✗ 14 failed   in 2 s, 28 URLs/s   1 passed at a later attempt   2 duplicates",
        "  ! the input was not read to its end",
    ]


@pytest.mark.parametrize("number", [ENOUGH - 1, ENOUGH])
def test_charts_are_drawn_from_20_results_on(number: int) -> None:
    lines = draw(sum_up(*(answer(10) for _ in range(number))))
    assert ("  VERDICT" in lines[0]) == (number >= 20)


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    summary = sum_up(*MIXED, *(answer(5000, host=f"{'a' * 60}.{number}.example") for number in range(3)))
    summary.duplicates = 1_234_567
    summary.notes = ["the input was not read to its end, which is a note of some length " * 2]
    assert max(map(len, draw(summary, Terminal()))) <= columns
    assert max(map(len, draw(sum_up(*MIXED[-5:]), Terminal()))) <= columns


@pytest.mark.parametrize(("columns", "abreast"), [(60, False), (80, True), (200, True)])
def test_charts_stand_side_by_side_where_there_is_room(
    columns: int, monkeypatch: pytest.MonkeyPatch, *, abreast: bool
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert ("STATUS" in draw(sum_up(*MIXED), Terminal())[0]) == abreast


def test_the_charts_of_a_pipe_are_as_wide_as_an_ordinary_terminal() -> None:
    *charts, _ = draw(sum_up(*MIXED))
    assert 70 < max(map(len, charts)) <= 80


def test_a_host_is_whole_in_a_pipe_and_shortened_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    host = f"{'sub.' * 30}example"
    summary = sum_up(*MIXED, answer(5000, host=host))
    assert any(line.endswith(f"5.0 s  {host}") for line in draw(summary))
    assert any(line.endswith("sub.example") and "5.0 s  sub." in line and "…" in line for line in draw(summary, Terminal()))


def test_a_host_is_not_obeyed() -> None:
    lines = draw(sum_up(*MIXED, answer(5000, host="\x1b[2Jevil.example\u202e")))
    assert any(line.endswith(r"5.0 s  \x1b[2Jevil.example\u202e") for line in lines)


def test_a_host_that_holds_a_secret_is_not_shown() -> None:
    with hiding(Secrets({"Hunter2": "****"})):
        lines = draw(sum_up(*MIXED, answer(5000, host="hunter2.example")))
    assert any(line.endswith("5.0 s  ****.example") for line in lines)


def test_where_the_encoding_is_ascii_so_are_the_charts() -> None:
    lines = draw(sum_up(*MIXED, answer(5000, host="例え.example")), AsciiFile())
    assert "\n".join(lines).isascii()
    assert any(line.endswith(r"5.0 s  \u4f8b\u3048.example") for line in lines)


def test_what_is_counted_of_verdicts_and_of_statuses_is_drawn_on_one_scale() -> None:
    failures = [make_result(FAILURE) for _ in range(30)]
    [line] = [line for line in draw(sum_up(answer(10), *failures)) if line.startswith("  ✓ ok")]
    assert line.split() == ["✓", "ok", "1", "╸", "200", "1", "╸"]


def test_a_verdict_that_is_allowed_is_marked_as_such() -> None:
    allowed = [make_result(NOT_FOUND, allow={Verdict.STATUS}) for _ in range(20)]
    assert any(line.startswith("  ! status") for line in draw(sum_up(*allowed)))


def test_the_most_frequent_statuses_are_drawn_and_the_others_counted() -> None:
    results = [answer(10, status) for status in range(400, 412) for _ in range(1 + (status < 408))]
    statuses = [line[39:].split()[:2] for line in draw(sum_up(*results))[1:10]]
    assert statuses == [*([str(status), "2"] for status in range(400, 408)), ["others", "4"]]


def test_without_an_answer_there_is_nothing_to_draw_of_answers() -> None:
    lines = draw(sum_up(*(make_result(FAILURE) for _ in range(20))))
    assert [line.split()[:1] for line in lines] == [["VERDICT"], ["✗"], [], ["20"]]


def test_the_slowest_hosts_are_not_drawn_for_one_host() -> None:
    assert not any("SLOWEST" in line for line in draw(sum_up(*(answer(10) for _ in range(20)))))


def test_one_duration_among_many_is_seen_in_the_histogram() -> None:
    lines = draw(sum_up(answer(5000), *(answer(10) for _ in range(5_000))))
    [row] = [line for line in lines if line.startswith("  p99")]
    assert row.endswith("▁")


@pytest.mark.parametrize("milliseconds", range(500, 520))
def test_no_quantile_is_more_than_the_longest_duration(milliseconds: int) -> None:
    lines = draw(sum_up(*(answer(milliseconds) for _ in range(20))))
    [quantile] = [line.split()[1] for line in lines if line.startswith("  p99")]
    assert milliseconds * 0.99 - 1 < int(quantile) <= milliseconds


def test_answers_that_took_the_same_time_have_a_histogram() -> None:
    lines = draw(sum_up(*(answer(100) for _ in range(20))))
    assert [line.split()[:3] for line in lines if line.startswith("  p")] == [[p, "100", "ms"] for p in ("p50", "p95", "p99")]


@pytest.mark.parametrize(("part", "bar"), [(0, ""), (1, "╸"), (500, "━━"), (1000, "━━━━"), (630, "━━╸"), (2000, "━━━━")])
def test_a_bar_is_as_long_as_its_part_and_never_too_short_to_be_seen(part: int, bar: str) -> None:
    assert draw_bar(part, 1000, 4) == bar
