"""The number of cores that this process may use, and whether it can start others like itself."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def can_start_again() -> bool:
    """Whether the interpreter can be started with another module: a frozen program would start itself again."""
    return bool(sys.executable) and not getattr(sys, "frozen", False) and sys.platform != "win32"


def count_cores(cgroups: Path = _CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> int:
    """The cores that the system gives this process: of its affinity, and of the quota of its container, rounded up."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *(math.ceil(quota) for quota in _list_quotas(cgroups, membership))]))


def _list_quotas(cgroups: Path, membership: Path) -> Iterator[float]:
    """The quotas in cores of the control groups of this process and those above it (kernel.org, cgroup-v2 and sched-bwc)."""
    for folder in _list_groups(cgroups, membership):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text("ascii").split()
            yield int(quota) / int(period)  # `max`, no quota, is no number
        with suppress(OSError, ValueError):
            quota = (folder / "cpu.cfs_quota_us").read_text("ascii")
            if int(quota) > 0:
                yield int(quota) / int((folder / "cpu.cfs_period_us").read_text("ascii"))


def _list_groups(cgroups: Path, membership: Path) -> Iterator[Path]:
    """The folders of the groups: `0::/a/b` of version 2, `4:cpu,cpuacct:/a/b` of version 1."""
    try:
        lines = membership.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroups / controllers if controllers else cgroups
        folder = root / group.lstrip("/")
        # in a container the path is often that of the host, and the container's own group is mounted at the root
        yield from (each for each in (folder, *folder.parents) if each.is_relative_to(root))
