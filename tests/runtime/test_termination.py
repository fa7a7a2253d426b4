"""How the program ends; what a signal does to a whole program is seen in tests/cli/test_main.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.endings import Ended, end
from tests.support.marks import on_posix
from tests.support.pipes import open_full_pipe
from urlcheck.runtime import termination
from urlcheck.runtime.termination import ENDING, end_if_output_stalls, end_quietly_on_signals, stop_watching

PROGRAM = """if True:
    import atexit, os, sys
    class Left:
        def __del__(self, write=os.write):
            write(2, b"freed")
    left = Left()
    atexit.register(os.write, 2, b"called ")
    from urlcheck.__main__ import main
    main()
    """


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param([], "called ", id="without freeing its memory"),
        pytest.param(["-X", "dev"], "called freed", id="as Python does, in its development mode"),
    ],
)
def test_the_program_calls_the_functions_of_atexit_and_ends(options: list[str], said: str) -> None:
    command = [sys.executable, *options, "-c", PROGRAM, "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout.startswith("urlcheck ")
    assert finished.stderr == said


def test_a_thread_that_is_not_the_main_one_sets_no_signal() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    failed: list[BaseException] = []

    def call() -> None:
        try:
            end_quietly_on_signals()
        except ValueError as error:  # as `signal.signal` has it
            failed.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert failed == []
    assert [signal.getsignal(number) for number in ENDING] == before


# --- outputs that stall ---


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Outputs are looked at when the test raises SIGALRM, and a reader has no time to take anything."""
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(termination, "_LOOK_SECONDS", 1000)
    monkeypatch.setattr(termination, "_STALL_SECONDS", 0)
    before = signal.getsignal(signal.SIGALRM)
    end_if_output_stalls(143)
    yield
    stop_watching()
    signal.signal(signal.SIGALRM, before)


@contextmanager
def full(descriptor: int) -> Iterator[None]:
    """Within, that descriptor is a pipe that nobody reads."""
    before = os.dup(descriptor)
    with open_full_pipe() as (_, write):
        os.dup2(write, descriptor)
        try:
            yield
        finally:
            os.dup2(before, descriptor)
            os.close(before)


@on_posix
@pytest.mark.usefixtures("watched")
def test_outputs_that_are_read_are_looked_at_again_later() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.raise_signal(signal.SIGALRM)
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 0


@on_posix
@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("descriptor", [1, 2])
def test_an_output_that_stalls_ends_the_program(descriptor: int) -> None:
    with full(descriptor), pytest.raises(Ended, match="143"):
        signal.raise_signal(signal.SIGALRM)


@on_posix
@pytest.mark.usefixtures("watched")
def test_what_is_written_is_watched_no_more() -> None:
    stop_watching()
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@on_posix
def test_a_system_without_timers_has_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGALRM)
    with monkeypatch.context() as windows:
        windows.delattr(signal, "setitimer")
        end_if_output_stalls(143)
        stop_watching()
    assert signal.getsignal(signal.SIGALRM) is before
