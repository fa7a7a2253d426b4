from __future__ import annotations

from tests.watch.simulation import Find, Simulation
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
