"""How a process is tied to its parent, in this process; test_process.py has real ones."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from types import SimpleNamespace

import pytest

from tests.support.marks import on_posix
from urlcheck.backends.__main__ import end_with_parent

pytestmark = on_posix

NOBODY = 0  # no process has this number


class System:
    """What a process asks of the system, and the status with which it exits."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []
        self.exits: list[int] = []


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    """A system that notes what is asked of it, and does none of that."""
    system = System()
    library = SimpleNamespace(prctl=lambda *arguments: system.asked.append(arguments))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    monkeypatch.setattr(os, "_exit", system.exits.append)
    return system


def test_a_process_is_killed_when_its_parent_ends(system: System) -> None:
    end_with_parent(os.getppid())
    assert (system.asked, system.exits) == ([(1, signal.SIGKILL, 0, 0, 0)], [])


def test_a_process_whose_parent_has_ended_before_exits_at_once(system: System) -> None:
    end_with_parent(NOBODY)
    assert system.exits == [0]


def test_elsewhere_than_on_linux_a_process_is_not_tied_to_its_parent(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    end_with_parent(NOBODY)
    assert (system.asked, system.exits) == ([], [])


def test_where_the_system_has_no_such_call_a_process_goes_on(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    end_with_parent(NOBODY)
    assert system.exits == []
