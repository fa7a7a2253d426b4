"""The table for the page of the manual on figures: medians, ratios, the programs and the machine."""

from __future__ import annotations

import os
import platform
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import Usage
from tests.benchmarks.programs import PLAIN, Contender, Count, find_lychee
from tests.benchmarks.servers import find_nginx
from tests.benchmarks.workloads import Measure, Workload

_HEAD = (
    "| workload | program | seconds | urlcheck / it | CPU seconds | memory, MiB | failed |",
    "|---|---|--:|--:|--:|--:|--:|",
)
_MIB = 1024 * 1024


@dataclass(slots=True)
class Series:
    """The runs of one contender; `fault` says why there are not more of them."""

    contender: Contender
    usages: list[Usage] = field(default_factory=list)
    count: Count | None = None
    fault: str | None = None


def table(outcomes: Iterable[tuple[Workload, Sequence[Series]]]) -> Iterator[str]:
    """The lines of the table, a row a program, and under it what the ideal client would need."""
    yield from _HEAD
    for workload, rows in outcomes:
        title = workload.title
        subject = next((series for series in rows if series.contender is workload.contenders[0]), None)
        for series in rows:
            yield _row(title, series, subject, workload.measure)
            title = ""
        if workload.ideal:
            ratio = _median_time(subject) / workload.ideal if subject and subject.usages else None
            yield f"| | *the ideal client* | *{_number(workload.ideal)}* | {_ratio(ratio)} | | | |"


def _row(title: str, series: Series, subject: Series | None, measure: Measure) -> str:
    if not series.usages:
        return f"| {title} | {series.contender.name} | {series.fault or 'not run'} | | | | |"
    ratio = _compare(subject, series, measure) if subject and series is not subject else None
    cells = (
        title,
        series.contender.name,
        _number(_median_time(series)),
        _ratio(ratio) + (f" of {measure.value}" if ratio and measure is not Measure.TIME else ""),
        _number(median(usage.cpu for usage in series.usages)),
        _memory(series),
        f"{series.count.failed:,} of {series.count.checked:,}" if series.count else "",
    )
    return f"| {' | '.join(cells)} |"


def _memory(series: Series) -> str:
    """What the kernel reports for a child is at least what the harness itself has used (see measure.py)."""
    memory = median(usage.memory for usage in series.usages)
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return f"{'≤ ' if memory <= floor else ''}{memory / _MIB:.0f}"


def _median_time(series: Series) -> float:
    return median(usage.seconds for usage in series.usages)


def _compare(subject: Series, other: Series, measure: Measure) -> float | None:
    """The median of the ratios round by round, in which what slows the machine for a while slows both."""
    pairs = list(zip(subject.usages, other.usages, strict=False))
    if not pairs:
        return None
    if measure is Measure.MEMORY:
        return median(ours.memory / theirs.memory for ours, theirs in pairs)
    if measure is Measure.CPU:
        return median(ours.cpu / theirs.cpu for ours, theirs in pairs)
    return median(ours.seconds / theirs.seconds for ours, theirs in pairs)


def _ratio(ratio: float | None) -> str:
    return f"**{ratio:.2f}**" if ratio is not None else ""


def _number(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def commands(outcomes: Iterable[tuple[Workload, Sequence[Series]]]) -> Iterator[str]:
    """What was run, as one would type it in the folder of the lists."""
    names = {sys.executable: "python", find_lychee(): "lychee", PLAIN: "tests/benchmarks/plain.py"}
    for workload, rows in outcomes:
        yield f"# {workload.title}"
        for contender in (series.contender for series in rows):
            typed = shlex.join(names.get(word, word) for word in contender.command)
            yield f"cat {contender.feed} | {typed}" if contender.feed else typed


def machine() -> str:
    """Where this ran, in one line."""
    packages = " ".join(_versions("aiohttp", "uvloop", "aiodns"))
    programs = ", ".join(
        _first_version([path, option])
        for path, option in ((find_lychee(), "--version"), ("curl", "--version"), (find_nginx(), "-v"))
        if path
    )
    return (
        f"{len(os.sched_getaffinity(0))} cores ({_processor()}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {packages}; {programs}; "
        f"{resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,} file descriptors"
    )


def _versions(*packages: str) -> Iterator[str]:
    for package in packages:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            continue


def _first_version(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(?:\.\d+)+", answer.stdout + answer.stderr)
    return f"{Path(command[0]).name} {found[0] if found else ''}".rstrip()


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()
