from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, make_result, make_target
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.reports.waiting import WaitingLog, list_first, saying


@dataclass
class Run:
    """A run that waits for these."""

    awaited: Sequence[Result]
    unfinished: int


def fail(index: int) -> Result:
    return make_result(FAILURE, make_target(f"http://host/{index}", index=index), attempts=3)


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch) -> Summary:
    """That of a run of two seconds in which a URL passed."""
    monkeypatch.setattr(Summary, "elapsed", 2.0)
    summary = Summary()
    summary.add([make_result()])
    return summary


def test_a_line_says_what_is_awaited_in_the_order_of_the_list(summary: Summary) -> None:
    not_found = make_result(NOT_FOUND, make_target("http://host/1", index=1))
    log = WaitingLog(Run([fail(2), not_found], 2), summary, 32, print)
    assert log.describe() == (
        "waiting for 2 URLs, 1 passed, 30 s left: "
        "http://host/1 404 Not Found; http://host/2 connect: connection refused (3 attempts)"
    )


def test_a_line_names_three_urls_and_counts_the_others(summary: Summary) -> None:
    log = WaitingLog(Run([*map(fail, range(50))], 60), summary, 32, print)
    assert log.describe().endswith("http://host/2 connect: connection refused (3 attempts); 57 more")


def test_what_is_awaited_is_listed_in_the_order_of_the_list() -> None:
    assert [result.target.index for result in list_first([fail(2), fail(0), fail(1)], 2)] == [0, 1]


async def test_a_line_is_said_on_each_interval_until_the_context_ends(summary: Summary) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    with saying(WaitingLog(Run([], 1), summary, 2, said.put_nowait, interval=0.001)) as log:
        for _ in range(2):
            assert await said.get() == "urlcheck: waiting for 1 URL, 1 passed, the time is up"
    assert log._timer is None
