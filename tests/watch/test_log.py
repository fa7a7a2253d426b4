from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import HOSTILE_TEXTS
from tests.watch.simulation import Find, Simulation, make_finding
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.watch.log import ChangeLog

URLS = ("https://a.example/?token=secret-token", "https://b.example/")


def log(find: Find, *, quiet: bool = False) -> list[str]:
    """The lines of ten minutes, without their times."""
    said: list[str] = []
    run = Simulation(URLS, find)
    run.watch.observers.append(ChangeLog(said.append, quiet=quiet))
    run.run(600)
    return [line.partition(" ")[2] for line in said]


def fail(url: str, seconds: float) -> Verdict:
    return Verdict.STATUS if url == URLS[0] and 100 <= seconds < 400 else Verdict.OK


def test_targets_that_are_up_at_the_start_are_no_change() -> None:
    assert log(lambda _, __: Verdict.OK) == []


def test_a_line_says_the_states_the_time_between_the_target_and_the_reason() -> None:
    suspect, down, up = log(fail)
    assert suspect.startswith("suspect (was up for 1 min ")
    assert suspect.endswith("): https://a.example/?token=**** status")
    assert down.startswith("down (was suspect")
    assert up.startswith("up (was down for ")


def test_a_network_that_is_suspected_is_named() -> None:
    said: list[str] = []
    urls = (*URLS, "https://b.example/2")
    run = Simulation(urls, lambda _, seconds: Verdict.OK if seconds < 40 else Verdict.CONNECT)
    run.watch.observers.append(ChangeLog(said.append))
    run.run(200)
    assert said[-1].endswith(" no target answers any more; this machine's network is suspected")


def test_a_quiet_log_has_problems_alone() -> None:
    [line] = log(fail, quiet=True)
    assert line.startswith("down (was suspect")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_line_is_safe_to_print(text: str) -> None:
    said: list[str] = []
    run = Simulation([f"https://a.example/{text}"], lambda _, __: Verdict.STATUS)
    run.watch.observers.append(ChangeLog(said.append))
    [item] = run.watch.take_due()
    assert isinstance(item, Target | Result)
    if isinstance(item, Target):
        run.watch.add([replace(make_finding(Verdict.STATUS, replace(item, name=text)), detail=f"404 {text}")])
        [line] = said
        assert line.isprintable()
        assert "##[" not in line
