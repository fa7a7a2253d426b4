"""What is measured: each workload a list, the programs that are asked to check it, and what the goals compare."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from tests.benchmarks.fate import Fate, Kind, fate_of
from tests.benchmarks.ideal import ideal_seconds
from tests.benchmarks.programs import (
    Contender,
    Task,
    count_json_lines,
    curl,
    lychee,
    peers,
    plain_script,
    trusting,
    under,
    until,
    urlcheck,
    write_list,
)
from tests.benchmarks.servers import LIMITED_RATE, STEADY_LATENCY, Servers

_INTERNET_TIMEOUT = 5
_FEW_IN_FLIGHT = 20  # that many at least are expected of a program with 64 descriptors
_SHORT_RUNS = 7  # what takes a moment is run so many times as often


class Measure(Enum):
    """What the ratios of a workload are of."""

    TIME = "time"
    CPU = "CPU time"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Workload:
    """The first contender is the subject, and the ratios are its to the others.

    `urls`: how many each must check, `fails`: how many of them must fail; `ideal`: seconds of the ideal client; `repeat`: runs
    for each that was asked for; `once`: one run, however many were.
    """

    title: str
    contenders: tuple[Contender, ...]
    urls: int | None = None
    fails: int = 0
    ideal: float | None = None
    measure: Measure = Measure.TIME
    repeat: int = 1
    once: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """Where workloads are built: servers that listen, a folder for lists, options of urlcheck's own; small ones if `quick`."""

    servers: Servers
    folder: Path
    options: tuple[str, ...]
    quick: bool

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full


def host(number: int) -> str:
    """One of the millions of addresses of loopback."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def one_host(ground: Ground) -> Workload:
    count = ground.size(60_000, 20_000)
    name = write_list(ground.folder, "one-host", (f"http://127.0.0.1:{ground.servers.http}/{i}" for i in range(count)))
    return Workload(f"one host, kept alive, {count:,} URLs", peers(Task(name), *ground.options), count)


def one_process(ground: Ground) -> Workload:
    """The same in one process, so that the cost of a URL is seen apart from the number of cores."""
    count = ground.size(60_000, 20_000)
    name = write_list(ground.folder, "one-process", (f"http://127.0.0.1:{ground.servers.http}/{i}" for i in range(count)))
    task = Task(name)
    return Workload(
        f"one host, one process, {count:,} URLs",
        (urlcheck(task, "-j", "1", *ground.options), plain_script(task)),
        count,
        measure=Measure.CPU,
    )


def many_hosts(ground: Ground) -> Workload:
    count = ground.size(15_000, 5_000)
    name = write_list(ground.folder, "many-hosts", (f"http://{host(i)}:{ground.servers.http}/" for i in range(count)))
    return Workload(f"{count:,} hosts", peers(Task(name), *ground.options), count)


def cluster(ground: Ground) -> Workload:
    """The workers of a cluster beside as many processes, so that the cost of the way to a cluster is seen."""
    count = ground.size(15_000, 5_000)
    name = write_list(ground.folder, "cluster", (f"http://{host(i)}:{ground.servers.http}/" for i in range(count)))
    start = Task(write_list(ground.folder, "cluster-start", [f"http://{host(0)}:{ground.servers.http}/"]))
    places = {"urlcheck --dask local:2": ("--dask", "local:2"), "urlcheck -j 2": ("-j", "2")}
    return Workload(
        f"{count:,} hosts, the start taken off",
        tuple(
            replace(
                urlcheck(Task(name), *place, *ground.options, name=title),
                start=urlcheck(start, *place, *ground.options).command,
            )
            for title, place in places.items()
        ),
        count,
        measure=Measure.CPU,
    )


def many_hosts_tls(ground: Ground) -> Workload:
    count = ground.size(3_000, 1_000)
    name = write_list(ground.folder, "many-hosts-tls", (f"https://{host(i)}:{ground.servers.https}/" for i in range(count)))
    return Workload(f"{count:,} hosts with TLS", peers(Task(name, insecure=True), *ground.options), count)


def handshakes(ground: Ground) -> Workload:
    """Verified, by the default trust store: the file that `SSL_CERT_FILE` names."""
    count = ground.size(3_000, 1_000)
    url = f"https://127.0.0.1:{ground.servers.handshakes}"
    task = Task(write_list(ground.folder, "handshakes", (f"{url}/{i}" for i in range(count))))
    programs = (urlcheck(task, *ground.options), lychee(task), curl(task))
    return Workload(
        f"{count:,} verified TLS handshakes", tuple(trusting("client.pem", program) for program in programs), count
    )


def limited_host(ground: Ground) -> Workload:
    """A host that rejects most requests with 429 must not hold up the others: the time until they are finished."""
    limited, others = ground.size(20_000, 4_000), ground.size(30_000, 6_000)
    free = [f"http://{host(i)}:{ground.servers.http}/" for i in range(others)]
    slow = [f"http://127.0.0.1:{ground.servers.limited}/{i}" for i in range(limited)]
    mixed = random.Random(0).sample(free + slow, others + limited)
    beside, alone = write_list(ground.folder, "limited", mixed), write_list(ground.folder, "unlimited", free)
    return Workload(
        f"{others:,} URLs beside {limited:,} of a host that passes {LIMITED_RATE} a second, and alone",
        (
            until(f":{ground.servers.http}/", others, urlcheck(Task(beside, per_host=10), *ground.options)),
            until(f":{ground.servers.http}/", others, urlcheck(Task(alone, per_host=10), *ground.options), "urlcheck, alone"),
        ),
    )


def limited_host_whole(ground: Ground) -> Workload:
    """No URL of a host that rejects most requests with 429 fails, and it is asked as fast as it passes requests."""
    count = ground.size(20_000, 4_000)
    name = write_list(ground.folder, "limited-whole", (f"http://127.0.0.1:{ground.servers.limited}/{i}" for i in range(count)))
    return Workload(
        f"{count:,} URLs of a host that passes {LIMITED_RATE} a second",
        (urlcheck(Task(name, per_host=10, retries=2), *ground.options),),
        count,
        ideal=(count - LIMITED_RATE) / LIMITED_RATE,
        once=True,
    )


def processes(ground: Ground) -> Workload:
    """Many hosts by more processes, on machines that have the cores."""
    count, cores = ground.size(60_000, 10_000), len(os.sched_getaffinity(0))
    task = Task(write_list(ground.folder, "processes", (f"http://{host(i)}:{ground.servers.http}/" for i in range(count))))
    numbers = [number for number in (1, 2, 4, 8) if number <= cores]
    skipped = "" if cores >= 8 else f" (more are skipped: {cores} cores)"
    return Workload(
        f"{count:,} hosts by processes{skipped}",
        tuple(urlcheck(task, "-j", str(number), name=f"urlcheck, -j {number}") for number in reversed(numbers)),
        count,
    )


def internet_256(ground: Ground) -> Workload:
    return _internet(ground, 256)


def internet_1000(ground: Ground) -> Workload:
    return _internet(ground, 1000)


def _internet(ground: Ground, in_flight: int) -> Workload:
    hosts = [host(i) for i in range(ground.size(10_000, 3_000))]
    name = write_list(ground.folder, f"internet-{in_flight}", (f"http://{each}:{ground.servers.internet}/" for each in hosts))
    fates = [_fate_of(each) for each in hosts]
    return Workload(
        f"simulated internet, {len(hosts):,} hosts, {in_flight} in flight",
        peers(Task(name, in_flight, _INTERNET_TIMEOUT), *ground.options),
        len(hosts),
        fails=sum(not fate.passes for fate in fates),
        ideal=ideal_seconds((fate.duration(_INTERNET_TIMEOUT) for fate in fates), in_flight),
    )


def sorted_by_host(ground: Ground) -> Workload:
    """Slow hosts at the head, each with several times as many URLs as may be asked of it at once."""
    hosts = sorted((h for h in map(host, range(6_000)) if _fate_of(h).kind is Kind.ANSWER), key=lambda h: -_fate_of(h).latency)
    slow, others = hosts[:20], sorted(hosts[20:][:: ground.size(10, 30)])
    listed = [h for h in slow for _ in range(ground.size(30, 20))] + [h for h in others for _ in range(8)]
    urls = [f"http://{h}:{ground.servers.internet}/{i}" for i, h in enumerate(listed)]
    shuffled = random.Random(0).sample(urls, len(urls))
    return Workload(
        f"{len(urls):,} URLs sorted by host, {len(slow)} slow ones first, against their shuffle",
        (
            urlcheck(Task(write_list(ground.folder, "sorted", urls), per_host=10), *ground.options, name="urlcheck, sorted"),
            urlcheck(
                Task(write_list(ground.folder, "shuffled", shuffled), per_host=10), *ground.options, name="urlcheck, shuffled"
            ),
        ),
        len(urls),
    )


def descriptors(ground: Ground) -> Workload:
    """Each host comes again after all the others, so that more connections are worth keeping than there are descriptors."""
    count, turns = ground.size(3_000, 1_500), 4
    hosts = [f"http://{host(i)}:{ground.servers.steady}" for i in range(count)]
    name = write_list(ground.folder, "descriptors", (f"{each}/{turn}" for turn in range(turns) for each in hosts))
    program = urlcheck(Task(name, per_host=10), *ground.options)
    return Workload(
        f"{count:,} hosts, {turns} times in turn, by descriptors",
        (
            under('-Sn "$(ulimit -Hn)"', program, "urlcheck, as many as there are"),
            under("-Sn 1024", program, "urlcheck, 1,024, soft"),
            under("-n 1024", program, "urlcheck, 1,024"),
            under("-n 256", program, "urlcheck, 256"),
        ),
        count * turns,
    )


def descriptors_64(ground: Ground) -> Workload:
    count = ground.size(4_000, 1_000)
    name = write_list(ground.folder, "descriptors-64", (f"http://{host(i)}:{ground.servers.steady}/" for i in range(count)))
    program = urlcheck(Task(name, per_host=10), *ground.options)
    return Workload(
        f"{count:,} hosts with 64 descriptors; the ideal client has {_FEW_IN_FLIGHT} in flight",
        (under("-n 64", program, "urlcheck, 64"),),
        count,
        ideal=ideal_seconds([STEADY_LATENCY] * count, _FEW_IN_FLIGHT),
    )


def state(ground: Ground) -> Workload:
    """A run that stores its results in a new file, beside one that does not."""
    count, hosts = ground.size(100_000, 20_000), ground.size(5_000, 1_000)
    urls = (f"http://{host(i % hosts)}:{ground.servers.http}/{i}" for i in range(count))
    task = Task(write_list(ground.folder, "state", urls), per_host=10)
    stored = urlcheck(task, "--state", "run.db", *ground.options, name="urlcheck --state")
    anew = replace(stored, command=("sh", "-c", 'rm -f run.db; exec "$@"', "sh", *stored.command))
    return Workload(f"{count:,} URLs of {hosts:,} hosts", (urlcheck(task, *ground.options), anew), count, measure=Measure.CPU)


def single(ground: Ground) -> Workload:
    url = f"http://127.0.0.1:{ground.servers.http}/"
    name = write_list(ground.folder, "single", [url])
    program = Contender("urlcheck", (sys.executable, "-m", "urlcheck", url, *ground.options))
    return Workload("a single URL", (program, plain_script(Task(name))), repeat=_SHORT_RUNS)


def show_help(_: Ground) -> Workload:
    program = Contender("urlcheck --help", (sys.executable, "-m", "urlcheck", "--help"))
    return Workload("help", (program, Contender("import click", (sys.executable, "-c", "import click"))), repeat=_SHORT_RUNS)


def million(ground: Ground) -> Workload:
    """Ten URLs a host, so that hosts grow in number with the list."""
    long, short = ground.size(1_000_000, 100_000), ground.size(100_000, 10_000)
    return Workload(
        f"{long:,} URLs through a pipe, against {short:,}",
        (_piped(ground, long), _piped(ground, short)),
        measure=Measure.MEMORY,
        once=True,
    )


def _piped(ground: Ground, count: int) -> Contender:
    urls = (f"http://{host(i // 10)}:{ground.servers.http}/{i}" for i in range(count))
    with (ground.folder / f"{count}.txt").open("w", encoding="utf-8") as lines:
        lines.writelines(f"{url}\n" for url in urls)
    command = (sys.executable, "-m", "urlcheck", "--no-dedupe", "--output", "jsonl", *ground.options)
    return Contender(f"urlcheck, {count:,}", command, count=count_json_lines, feed=f"{count}.txt")


def _fate_of(address: str) -> Fate:
    return fate_of(address.encode())


WORKLOADS: dict[str, Callable[[Ground], Workload]] = {
    "one-host": one_host,
    "one-process": one_process,
    "many-hosts": many_hosts,
    "cluster": cluster,
    "many-hosts-tls": many_hosts_tls,
    "handshakes": handshakes,
    "limited": limited_host,
    "limited-whole": limited_host_whole,
    "processes": processes,
    "internet-256": internet_256,
    "internet-1000": internet_1000,
    "sorted": sorted_by_host,
    "descriptors": descriptors,
    "descriptors-64": descriptors_64,
    "state": state,
    "single": single,
    "help": show_help,
    "million": million,
}
# these take many minutes and run only when they are asked for
LONG = frozenset({"million"})


def choose(names: list[str], *, everything: bool) -> Iterator[str]:
    """The workloads to run, in the order of the registry, the long ones last."""
    for name in WORKLOADS:
        if name in names or everything or not (names or name in LONG):
            yield name
