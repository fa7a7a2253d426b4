"""The programs that are compared: how each is told to do the same work, and how to read from its report that it did."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

PLAIN = str(Path(__file__).with_name("plain.py"))  # its import would bring aiohttp, and memory with it (see measure.py)
# curl up to 8.15 takes more for a mistake and falls back to 50
_MOST_OF_CURL = 300
_NOT_OK = re.compile(rb'"ok": ?false')
_PLAIN_COUNT = re.compile(r"(\d+) of (\d+) failed")


@dataclass(frozen=True, slots=True)
class Count:
    """What a program says of its own run."""

    checked: int
    failed: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A program with its command line, run in the folder of the lists; `count` reads the report that it left there.

    Its standard output becomes the file `output`; where `feed` names a file, that comes to it through a pipe. `start`:
    the same for a list of one URL, whose seconds are taken off.
    """

    name: str
    command: tuple[str, ...]
    output: str = "output"
    count: Callable[[Path], Count] | None = None
    feed: str | None = None
    start: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """What all programs of a workload are asked: a list, requests in flight, seconds for each, and as a rule no retries.

    `per_host` requests go to one host at once; without it that limit is lifted: as many as are in flight at all.
    """

    list: str
    in_flight: int = 256
    timeout: int = 10
    insecure: bool = False
    per_host: int | None = None
    retries: int = 0


def write_list(folder: Path, name: str, urls: Iterable[str]) -> str:
    """Write a list as the programs want it: a line each, and a configuration for curl beside it."""
    lines, configuration = folder / f"{name}.txt", folder / f"{name}.curl"
    with lines.open("w", encoding="ascii") as to_lines, configuration.open("w", encoding="ascii") as to_curl:
        for url in urls:
            to_lines.write(f"{url}\n")
            to_curl.write(f'url = "{url}"\noutput = "/dev/null"\n')
    return name


def peers(task: Task, *options: str) -> tuple[Contender, ...]:
    """All of them at one task, urlcheck first, with options of its own."""
    return (urlcheck(task, *options), lychee(task), curl(task), plain_script(task))


def urlcheck(task: Task, *options: str, name: str = "urlcheck") -> Contender:
    return Contender(
        name,
        (
            *(sys.executable, "-m", "urlcheck", "--file", f"{task.list}.txt", "--output", "jsonl"),
            *("--concurrency", str(task.in_flight), "--per-host", str(task.per_host or task.in_flight)),
            *("--timeout", f"{task.timeout}s", "--retries", str(task.retries)),
            *(["--insecure"] if task.insecure else []),
            *options,
        ),
        count=count_json_lines,
    )


def under(limit: str, contender: Contender, name: str) -> Contender:
    """A program that has as many descriptors as the shell's `ulimit` says."""
    return replace(contender, name=name, command=("sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *contender.command))


def trusting(authority: str, contender: Contender) -> Contender:
    """A program that finds the authorities that it trusts in this file."""
    return replace(contender, command=("env", f"SSL_CERT_FILE={authority}", *contender.command))


def until(text: str, count: int, contender: Contender, name: str | None = None) -> Contender:
    """A program that is ended once so many lines of its report hold the text."""
    command = f'"$@" | grep -m {count} -F -e "{text}" | tail -n 1'  # grep reads to the end if it writes to /dev/null
    return replace(contender, name=name or contender.name, command=("sh", "-c", command, "sh", *contender.command), count=None)


def lychee(task: Task) -> Contender:
    return Contender(
        "lychee",
        (
            *(find_lychee() or "lychee", "--no-progress", "--format", "json"),
            *("--max-concurrency", str(task.in_flight), "--host-concurrency", str(task.per_host or task.in_flight)),
            *("--host-request-interval", "0s", "--timeout", str(task.timeout), "--max-retries", "0"),
            *(["--insecure"] if task.insecure else []),
            f"{task.list}.txt",
        ),
        count=_count_lychee,
    )


def curl(task: Task) -> Contender:
    in_flight = min(task.in_flight, _MOST_OF_CURL)
    return Contender(
        "curl" if in_flight == task.in_flight else f"curl, {in_flight} in flight",
        (
            *("curl", "--disable", "--silent", "--location", "--write-out", "%{http_code}\\n"),
            *("--parallel", "--parallel-immediate", "--parallel-max", str(in_flight)),
            *("--max-time", str(task.timeout)),
            *(["--insecure"] if task.insecure else []),
            *("--config", f"{task.list}.curl"),
        ),
        count=_count_curl,
    )


def plain_script(task: Task) -> Contender:
    return Contender("plain script", (sys.executable, PLAIN, f"{task.list}.txt"), count=_count_plain)


def find_lychee() -> str | None:
    """Where its package was installed: beside this Python, or else on the search path."""
    beside = Path(sys.executable).with_name("lychee")
    return str(beside) if beside.exists() else shutil.which("lychee")


def count_json_lines(output: Path) -> Count:
    with output.open("rb") as lines:
        checked = failed = 0
        for line in lines:
            checked += 1
            failed += bool(_NOT_OK.search(line))
    return Count(checked, failed)


def _count_lychee(output: Path) -> Count:
    report = json.loads(output.read_bytes())
    return Count(report["total"], report["total"] - report["successful"])


def _count_curl(output: Path) -> Count:
    statuses = output.read_text(encoding="ascii").split()
    return Count(len(statuses), sum(not status.startswith("2") for status in statuses))


def _count_plain(output: Path) -> Count:
    found = _PLAIN_COUNT.search(output.read_text(encoding="ascii"))
    return Count(int(found[2]), int(found[1])) if found else Count(0, 0)
