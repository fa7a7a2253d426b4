from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from urlcheck.runtime.cores import can_start_again, count_cores


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen of them."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)


def count(folder: Path, membership: str, files: dict[str, str]) -> int:
    """The cores of a process of these control groups."""
    for name, content in files.items():
        file = folder / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "ascii")
    (folder / "membership").write_text(membership, "ascii")
    return count_cores(folder / "cgroup", folder / "membership")


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        pytest.param("0::/\n", {}, 16, id="no quota"),
        pytest.param("0::/\n", {"cpu.max": "max 100000\n"}, 16, id="no limit"),
        pytest.param("0::/\n", {"cpu.max": "200000 100000\n"}, 2, id="version 2"),
        pytest.param("0::/\n", {"cpu.max": "150000 100000\n"}, 2, id="a part of a core counts"),
        pytest.param("0::/\n", {"cpu.max": "5000 100000\n"}, 1, id="less than a core"),
        pytest.param("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3, id="of a group above"),
        pytest.param("0::/host/docker/1\n", {"cpu.max": "400000 100000\n"}, 4, id="in a container with the path of the host"),
        pytest.param(
            "4:cpu,cpuacct:/a\n2:memory:/b\n",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"},
            3,
            id="version 1",
        ),
        pytest.param(
            "4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "1000\n"}, 16, id="version 1, no limit"
        ),
        pytest.param("0::/\n", {"cpu.max": "what?"}, 16, id="unreadable"),
    ],
)
def test_the_quota_of_a_container_counts(tmp_path: Path, membership: str, files: dict[str, str], expected: int) -> None:
    assert count(tmp_path, membership, files) == expected


@pytest.mark.usefixtures("cores")
def test_a_system_without_control_groups_has_all_its_cores(tmp_path: Path) -> None:
    assert count_cores(tmp_path, tmp_path / "none") == 16


@pytest.mark.parametrize(
    ("name", "value"), [("frozen", True), ("executable", ""), ("executable", None), ("platform", "win32")]
)
def test_some_programs_cannot_be_started_again(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    monkeypatch.setattr(sys, name, value, raising=False)
    assert not can_start_again()
