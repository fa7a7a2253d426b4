"""`python -m tests.benchmarks [WORKLOAD]...`: runs the programs in turn and prints the table for the manual."""

from __future__ import annotations

import argparse
import resource
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.measure import TooLongError, measure
from tests.benchmarks.prerequisites import missing
from tests.benchmarks.programs import Count
from tests.benchmarks.report import Series, commands, machine, table
from tests.benchmarks.servers import serve
from tests.benchmarks.workloads import LONG, WORKLOADS, Ground, Workload, choose

TREE = Path(__file__).parents[2]
_LAST_WORDS = 200
# the soft limit of most systems, and a number that no server here needs more than
_DESCRIPTORS, _MOST_DESCRIPTORS = 1024, 1 << 20


def main() -> int:
    """The exit status: 2 where something is missing, 130 after an interruption. Standard output gets the table alone."""
    arguments = _parse()
    if faults := list(missing()):
        _say("\n".join(faults))
        return 2
    if arguments.check:
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _limit_descriptors(sys.maxsize)
    outcomes: list[tuple[Workload, list[Series]]] = []
    status = 0
    try:
        with tempfile.TemporaryDirectory(prefix="urlcheck-bench-") as name, serve(Path(name)) as servers:
            _limit_descriptors(_DESCRIPTORS)
            ground = Ground(servers, Path(name), tuple(shlex.split(arguments.options)), arguments.quick)
            for chosen in choose(arguments.workloads, everything=arguments.all):
                workload = WORKLOADS[chosen](ground)
                rows = [Series(each) for each in workload.contenders if _is_wanted(each.name, arguments.programs)]
                outcomes.append((workload, rows))
                _run(workload, rows, ground.folder, arguments.runs)
    except KeyboardInterrupt:
        _say("interrupted; what follows is not complete")
        status = 130
    _print(outcomes, arguments.runs)
    return status


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="urlcheck beside its peers, on loopback.")
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"{', '.join(WORKLOADS)}; without any, all but the last"
    )
    parser.add_argument("--all", action="store_true", help=f"also {', '.join(LONG)}, which takes minutes")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of every program on every workload (3)")
    parser.add_argument("--quick", action="store_true", help="shorter lists")
    parser.add_argument("--programs", nargs="+", default=[], metavar="NAME", help="urlcheck, lychee, curl, plain; all of them")
    parser.add_argument("--options", default="", metavar="TEXT", help="further options for urlcheck, as in --options='-j 2'")
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    arguments = parser.parse_args()
    if unknown := set(arguments.workloads) - WORKLOADS.keys():
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    return arguments


def _is_wanted(name: str, programs: Sequence[str]) -> bool:
    return not programs or name.startswith(tuple(programs))


def _limit_descriptors(wanted: int) -> None:
    """Set the soft limit of what is started from now on: all that may be had for servers, the usual number for programs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = hard if hard != resource.RLIM_INFINITY and hard < wanted else min(wanted, _MOST_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _run(workload: Workload, rows: list[Series], folder: Path, runs: int) -> None:
    """All programs once, then all again: what slows the machine for a while slows them all."""
    rounds = 1 if workload.once else runs * workload.repeat
    for number in range(1, rounds + 1):
        for series in rows:
            if not series.fault:
                _run_once(workload, series, folder)
                _say(f"{workload.title}, {number} of {rounds}: {series.contender.name} {_describe(series)}")


def _run_once(workload: Workload, series: Series, folder: Path) -> None:
    contender = series.contender
    try:
        usage = measure(list(contender.command), folder, TREE, feed=contender.feed, output=contender.output)
        if contender.start:
            start = measure(list(contender.start), folder, TREE, feed=None, output="started")
            usage = replace(usage, seconds=usage.seconds - start.seconds, cpu=usage.cpu - start.cpu)
    except TooLongError:
        series.fault = "took too long"
        return
    if contender.count:
        try:
            series.count = contender.count(folder / contender.output)
        except (ValueError, LookupError):  # it broke off in the middle of its report
            series.count = Count(0, 0)
        if workload.urls is not None and (series.count.checked, series.count.failed) != (workload.urls, workload.fails):
            _say(f"  expected {workload.fails:,} of {workload.urls:,} to fail; {_last_words(folder)}")
    series.usages.append(usage)


def _describe(series: Series) -> str:
    if series.fault:
        return series.fault
    count = f", {series.count.failed:,} of {series.count.checked:,} failed" if series.count else ""
    return f"{series.usages[-1].seconds:.3f} s{count}"


def _last_words(folder: Path) -> str:
    said = (folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()
    return said[-_LAST_WORDS:] or "nothing on standard error"


def _print(outcomes: list[tuple[Workload, list[Series]]], runs: int) -> None:
    finished = [(workload, rows) for workload, rows in outcomes if rows]
    if not finished:
        return
    lines = [*table(finished), "", f"Medians; {runs} runs of every program, in turn. {machine()}.", "", "```sh"]
    lines += [*commands(finished), "```"]
    sys.stdout.write("\n".join(lines) + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
