from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from urlcheck.runtime import event_loop
from urlcheck.runtime.event_loop import run, tuning_gc


async def warn() -> int:
    """What a library does for which nobody has set up logging."""
    logging.getLogger("library").warning("a word of a library")
    return 0


@pytest.mark.parametrize(
    ("dev_mode", "said"),
    [
        pytest.param(False, "", id="are left out"),
        pytest.param(True, "a word of a library\n", id="are shown in Python's development mode"),
    ],
)
def test_the_words_of_a_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str, *, dev_mode: bool
) -> None:
    monkeypatch.setattr(event_loop, "sys", SimpleNamespace(flags=SimpleNamespace(dev_mode=dev_mode)))
    monkeypatch.setattr(logging, "lastResort", logging.StreamHandler())
    monkeypatch.setattr(logging.root, "handlers", [])  # without pytest's own
    assert run(warn()) == 0
    assert capsys.readouterr().err == said


@pytest.fixture
def threshold() -> Iterator[tuple[int, int, int]]:
    """Python's own; runs in other tests may have left theirs."""
    before, own = gc.get_threshold(), (700, 10, 10)
    gc.set_threshold(*own)
    yield own
    gc.set_threshold(*before)


def test_the_last_of_the_runs_that_overlap_puts_the_garbage_collector_back(threshold: tuple[int, int, int]) -> None:
    with tuning_gc():
        rarely = gc.get_threshold()
        with tuning_gc():
            pass
        assert gc.get_threshold() == rarely != threshold
    assert gc.get_threshold() == threshold
