from __future__ import annotations

import signal

import pytest

from tests.support.marks import on_posix
from urlcheck.runtime.termination import ENDING
from urlcheck.runtime.threads import start_thread


@on_posix
def test_a_thread_is_sent_no_signal_that_ends_the_program_and_the_main_one_is() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    masks: list[set[int | signal.Signals]] = []
    start_thread(lambda: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "test").join()
    [mask] = masks
    assert mask >= {*ENDING}
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_a_system_without_signal_masks_starts_threads_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask", raising=False)
    called: list[bool] = []
    start_thread(lambda: called.append(True), "test").join()
    assert called == [True]
