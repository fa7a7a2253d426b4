from __future__ import annotations

import pytest

from tests.watch.simulation import LETTERS, make_finding
from urlcheck.model.verdict import Verdict
from urlcheck.watch.health import DEGRADED, Health, Thresholds
from urlcheck.watch.network import Network
from urlcheck.watch.view import State

WORDS = {State.UP: "up", State.DOWN: "DOWN", State.SUSPECT: "sus", State.DEGRADED: "deg", State.UNKNOWN: "unk"}


def follow(findings: str, confirm: int = 2, recover: int = 1) -> str:
    """The states after each of these findings: passed, x failed, s slow, t timeout."""
    health, network, states = Health(), Network(), []
    for letter in findings:
        health.update(make_finding(LETTERS[letter]), Thresholds(confirm, recover), network)
        states.append(WORDS[health.state])
    return " ".join(states)


@pytest.mark.parametrize(
    ("findings", "states"),
    [
        ("o", "up"),
        ("x", "sus"),
        ("xx", "sus DOWN"),
        ("oxxx", "up sus DOWN DOWN"),
        ("oxo", "up sus up"),
        ("oxoxo", "up sus up sus up"),
        ("xxo", "sus DOWN up"),
        ("otx", "up sus DOWN"),
        ("s", "sus"),
        ("oss", "up sus deg"),
        ("osso", "up sus deg up"),
        ("oxs", "up sus deg"),
        ("osx", "up sus sus"),
        ("ossx", "up sus deg sus"),
        ("ossxx", "up sus deg sus DOWN"),
        ("ossxo", "up sus deg sus up"),
        ("xxs", "sus DOWN deg"),
        ("xxsx", "sus DOWN deg sus"),
    ],
)
def test_two_failures_in_a_row_confirm_a_state(findings: str, states: str) -> None:
    assert follow(findings) == states


@pytest.mark.parametrize(
    ("findings", "states"), [("x", "DOWN"), ("oxo", "up DOWN up"), ("os", "up deg"), ("sx", "deg DOWN"), ("xs", "DOWN deg")]
)
def test_one_failure_is_enough_where_none_has_to_be_confirmed(findings: str, states: str) -> None:
    assert follow(findings, confirm=1) == states


@pytest.mark.parametrize(
    ("findings", "states"),
    [
        ("o", "up"),
        ("oxo", "up sus up"),
        ("xxoo", "sus DOWN DOWN up"),
        ("xxoxoo", "sus DOWN DOWN DOWN DOWN up"),
        ("osso", "up sus deg deg"),
        ("ossxoo", "up sus deg sus deg up"),
    ],
)
def test_a_target_that_was_down_or_degraded_is_up_after_so_many_passes(findings: str, states: str) -> None:
    assert follow(findings, recover=2) == states


@pytest.mark.parametrize("verdict", [*Verdict])
def test_a_verdict_that_fails_makes_a_target_degraded_or_down(verdict: Verdict) -> None:
    health = Health()
    health.update(make_finding(verdict), Thresholds(confirm=1), Network())
    expected = State.UP if verdict is Verdict.OK else State.DEGRADED if verdict in DEGRADED else State.DOWN
    assert health.state is expected
