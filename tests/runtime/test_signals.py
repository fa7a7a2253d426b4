"""Signals within a run, as this process gets them; what they do to a whole program is seen in tests/cli."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.support.marks import on_posix
from urlcheck.runtime.signals import on_hangup, on_suspension

pytestmark = on_posix


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    """After the test, signals do what they did before."""
    numbers = (signal.SIGHUP, signal.SIGTSTP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, action in zip(numbers, before, strict=True):
        signal.signal(number, action)


@pytest.fixture
def heard() -> list[str]:
    """What was called, in that order."""
    return []


@pytest.fixture
def ended_by_hangup(heard: list[str]) -> None:
    """As `on_interruption` has it."""
    signal.signal(signal.SIGHUP, lambda *_: heard.append("end"))


@pytest.mark.usefixtures("ended_by_hangup")
@pytest.mark.parametrize("has_terminal", [True, False])
async def test_a_hangup_reloads_on_a_terminal_that_is_there_and_without_one(
    monkeypatch: pytest.MonkeyPatch, heard: list[str], *, has_terminal: bool
) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: has_terminal)
    with on_hangup(lambda: heard.append("reload")):
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0)
    assert heard == ["reload"]


@pytest.mark.usefixtures("ended_by_hangup")
async def test_a_hangup_of_a_terminal_that_was_closed_ends_the_run(monkeypatch: pytest.MonkeyPatch, heard: list[str]) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    with on_hangup(lambda: heard.append("reload")):
        monkeypatch.setattr(os, "isatty", lambda _: False)
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0)
    assert heard == ["end"]


async def test_a_hangup_that_nohup_has_ignored_stays_ignored(heard: list[str]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with on_hangup(lambda: heard.append("reload")):
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0)
    assert heard == []


@pytest.fixture
def press_ctrl_z(monkeypatch: pytest.MonkeyPatch, heard: list[str]) -> Callable[[], None]:
    """Sends the signal, to a process that says where it would stop."""
    send = signal.raise_signal

    def stop(number: int) -> None:
        assert signal.getsignal(number) is signal.SIG_DFL
        heard.append("stop")

    def press() -> None:
        assert signal.getsignal(signal.SIGTSTP) is not signal.SIG_DFL  # else the tests would stop
        send(signal.SIGTSTP)

    monkeypatch.setattr(signal, "raise_signal", stop)
    return press


def test_ctrl_z_stops_the_process_between_the_two_calls(press_ctrl_z: Callable[[], None], heard: list[str]) -> None:
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    with on_suspension(lambda: heard.append("suspend"), lambda: heard.append("resume")):
        for _ in range(2):
            press_ctrl_z()
    assert heard == ["suspend", "stop", "resume"] * 2
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL


def test_ctrl_z_that_the_shell_has_ignored_stays_ignored(press_ctrl_z: Callable[[], None], heard: list[str]) -> None:
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    with on_suspension(lambda: heard.append("suspend"), lambda: heard.append("resume")):
        press_ctrl_z()
    assert heard == []
