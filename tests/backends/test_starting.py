"""Processes that start before the run imports its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.marks import on_posix
from urlcheck.backends.starting import count_processes, started_early
from urlcheck.backends.worker_process import WorkerProcess
from urlcheck.settings.settings import Settings

pytestmark = on_posix


@pytest.fixture
def list_of(tmp_path: Path) -> Path:
    """A file that is long enough for more processes."""
    path = tmp_path / "long.txt"
    path.write_text("".join(f"http://host{number}.example/\n" for number in range(4_000)))
    return path


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urlcheck.backends.starting.count_cores", lambda: 3)


def count_started(settings: Settings, *files: Path | str) -> int:
    with started_early(settings, [str(name) for name in files]) as children:
        return len(children)


def test_a_long_file_starts_a_process_for_each_further_core(list_of: Path) -> None:
    assert count_started(Settings(), list_of) == 2


def test_a_short_file_starts_no_process(tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("http://host.example/\n" * 2_000)
    assert count_started(Settings(), short) == 0


def test_a_file_of_few_long_lines_starts_no_process(tmp_path: Path) -> None:
    long_lines = tmp_path / "long.txt"
    long_lines.write_text(f"http://host.example/{'x' * 10_000}\n" * 200)
    assert count_started(Settings(), long_lines) == 0


@pytest.mark.parametrize("name", ["-", "missing.txt", ".", "/dev/null"])
def test_an_input_of_unknown_length_starts_no_process(name: str) -> None:
    assert count_started(Settings(), name) == 0


def test_processes_that_are_asked_for_start_for_any_list() -> None:
    assert count_started(Settings(processes=2), "-") == 1


def test_no_more_processes_start_than_requests_may_be_in_flight(list_of: Path) -> None:
    assert count_started(Settings(concurrency=1), list_of) == 0


def test_a_run_that_waits_starts_no_process(list_of: Path) -> None:
    assert count_started(Settings(wait=60), list_of) == 0


def test_a_run_that_a_cluster_checks_starts_no_process(list_of: Path) -> None:
    assert count_started(Settings(dask="tcp://127.0.0.1:8786"), list_of) == 0


def test_processes_that_the_run_leaves_are_ended(list_of: Path) -> None:
    with started_early(Settings(processes=2), [str(list_of)]) as children:
        [child] = children
        assert child._process.poll() is None
    assert child._process.poll() is not None


def test_a_machine_that_bears_no_further_process_does_without(list_of: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: WorkerProcess) -> None:
        raise OSError

    monkeypatch.setattr(WorkerProcess, "__init__", refuse)
    assert count_started(Settings(), list_of) == 0


def test_a_run_that_waits_uses_one_process_unless_more_are_asked_for() -> None:
    assert count_processes(Settings(wait=60)) == 1
    assert count_processes(Settings(wait=60, processes=2)) == 2


def test_a_machine_of_many_cores_uses_eight_of_them_unless_more_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urlcheck.backends.starting.count_cores", lambda: 96)
    assert count_processes(Settings()) == 8
    assert count_processes(Settings(processes=12)) == 12


@pytest.mark.parametrize("processes", ["auto", 4])
def test_a_program_that_cannot_be_started_again_is_one_process(monkeypatch: pytest.MonkeyPatch, processes: int | str) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert count_processes(Settings(processes=processes)) == 1  # type: ignore[arg-type]
