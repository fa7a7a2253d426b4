from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.endings import Ended, end
from urlcheck.runtime.atomic_files import commit, discard, open_temporary
from urlcheck.runtime.termination import end_at_once

pytestmark = pytest.mark.user


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(os, "_exit", end)
    return str(tmp_path / "report.txt")


def test_what_is_unfinished_does_not_outlive_the_program(file: str) -> None:
    _, stream = open_temporary(file)
    with stream, pytest.raises(Ended, match="130"):
        end_at_once(130)
    assert os.listdir(os.path.dirname(file)) == []


@pytest.mark.parametrize("dispose", [commit, lambda temporary, _: discard(temporary)])
def test_what_is_finished_is_no_business_of_the_end(file: str, dispose: Callable[[str, str], None]) -> None:
    temporary, stream = open_temporary(file)
    stream.close()
    dispose(temporary, file)
    Path(temporary).write_text("another's")
    with pytest.raises(Ended):
        end_at_once(0)
    assert os.path.exists(temporary)
