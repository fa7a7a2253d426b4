"""Runs on a real Dask cluster of three worker processes, which the tests of this file share."""

from __future__ import annotations

import asyncio
import errno
import importlib
import logging
import os
import signal
import ssl
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from types import ModuleType

import pytest
import trustme

from tests.backends.builders import hosts
from tests.support.certificates import demand_a_certificate
from tests.support.clock import PATIENCE
from tests.support.cluster import Cluster, start_cluster
from tests.support.fork_server import ForkServer
from tests.support.hostile import serve_aside
from tests.support.program import Launch, RunHere, Urlcheck, finish
from tests.support.servers import Serve, hold, reply
from tests.test_hostile import SAMPLE, TABLE, Ground, Mode
from urlcheck import Settings, SettingsError, Verdict, check, check_urls
from urlcheck.backends.coordinator import Coordinator
from urlcheck.backends.dask.thresholds import Thresholds
from urlcheck.input.iterable_source import IterableSource
from urlcheck.input.target_builder import TargetBuilder
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.settings.scopes import InputSettings, RunSettings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this machine on Linux alone")


@pytest.fixture(scope="module")
def membership() -> ModuleType:
    """Imported here, with Dask, by the one worker that runs these tests: it takes half a second."""
    return importlib.import_module("urlcheck.backends.dask.cluster")


@pytest.fixture(scope="module")
def connecting() -> ModuleType:
    """Imported here, as above."""
    return importlib.import_module("urlcheck.backends.dask.connect")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with start_cluster(3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ground(
    cluster: Cluster, ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory, fork_server: ForkServer
) -> Iterator[Ground]:
    names = [name for name in SAMPLE if not TABLE[name].options]
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    with serve_aside(ca) as server:
        yield Ground(server, tmp_path_factory.mktemp, ca_file, Mode(f"--dask {cluster.address}", names), fork_server)


async def check_all(cluster: Cluster, urls: list[str], **settings: object) -> list[Result]:
    async with asyncio.timeout(PATIENCE):
        return await check(urls, Settings(dask=cluster.address, retries=0, **settings))  # type: ignore[arg-type]


async def test_every_url_comes_out_once_and_names_its_worker(cluster: Cluster, serve: Serve) -> None:
    server = await serve(reply(), host="0.0.0.0")
    urls = [*hosts(server.url, 500), "ftp://example.org/", "http://127.0.0.1:1/"]
    results = await check_all(cluster, urls)
    assert [result.target.url for result in results] == urls
    assert [result.verdict for result in results] == [Verdict.OK] * 500 + [Verdict.INVALID, Verdict.CONNECT]
    assert 1 < len({result.worker for result in results[:500]}) <= 3  # one may come late on a busy machine
    assert [result.to_dict().get("worker") for result in results[-2:]] == [None, results[-1].worker]


async def test_the_limits_of_hosts_and_of_the_run_hold_over_the_cluster(cluster: Cluster, serve: Serve) -> None:
    in_flight: Counter[str] = Counter()
    most_of_a_host = most = 0

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        nonlocal most_of_a_host, most
        host = target.split("/")[1]
        in_flight[host] += 1
        most_of_a_host, most = max(most_of_a_host, in_flight[host]), max(most, in_flight.total())
        await asyncio.sleep(0)
        writer.write(reply())
        in_flight[host] -= 1

    server = await serve(answer, host="0.0.0.0")
    urls = [f"{url}/{number}" for url in hosts(server.url, 30) for number in range(10)]
    results = await check_all(cluster, urls, per_host=1, concurrency=6)
    assert len(results) == 300
    assert most_of_a_host == 1
    assert most <= 6


async def test_a_worker_that_is_killed_loses_no_url_and_one_that_joins_gets_work(cluster: Cluster, serve: Serve) -> None:
    given: list[str] = []
    results: list[Result] = []
    progress = asyncio.Event()
    workers: set[str | None] = set()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)  # so that the endless list does not keep the machine from starting a worker
        writer.write(reply())

    async def list_endlessly(url: str) -> AsyncIterator[str]:
        """Until a fourth worker has had a URL."""
        while len(workers) < 4:
            while len(given) - len(results) > 100:
                progress.clear()
                await progress.wait()
            given.extend(hosts(url, 1, start=len(given)))
            yield given[-1]

    server = await serve(answer, host="0.0.0.0")
    is_killed = False
    async with asyncio.timeout(PATIENCE):
        async for result in check_urls(list_endlessly(server.url), Settings(dask=cluster.address, concurrency=8)):
            results.append(result)
            progress.set()
            workers.add(result.worker)
            if len(workers) == 3 and not is_killed:
                is_killed = True
                cluster.kill_worker()
    assert sorted(result.target.url for result in results) == sorted(given)
    assert {result.verdict for result in results} == {Verdict.OK}


async def test_the_verdicts_are_those_of_a_run_without_a_cluster(ground: Ground) -> None:
    records = await asyncio.to_thread(lambda: ground.runs.records)
    got = {name: [(record["verdict"], record["status"]) for record in found] for name, found in records.items()}
    assert got == {name: [(TABLE[name].verdict, TABLE[name].status)] * TABLE[name].times for name in got}
    assert len(got) > 30


async def test_files_are_read_here_and_sent(
    cluster: Cluster, serve: Serve, ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    identity = ca.issue_cert("user@example.org")
    ca.cert_pem.write_to_path("ca.pem")
    identity.cert_chain_pems[0].write_to_path("cert.pem")
    identity.private_key_pem.write_to_path("key.pem")
    Path("netrc").write_text("machine localhost login me password secret", "utf-8")
    monkeypatch.setenv("NETRC", "netrc")
    tls = demand_a_certificate(ca, ssl.TLSVersion.TLSv1_3)
    ca.configure_trust(tls)
    server = await serve(reply(), tls)
    files = {"ca_file": "ca.pem", "cert": Path("cert.pem"), "key": "key.pem"}
    [result] = await check_all(cluster, [server.url], netrc=True, **files)
    assert (result.verdict, result.detail) == (Verdict.OK, "200 OK")
    assert "Authorization: Basic bWU6c2VjcmV0" in server.heads[0]


async def test_targets_bring_settings_of_their_own(cluster: Cluster, serve: Serve) -> None:
    server = await serve(reply("404 Not Found"))
    settings = Settings(accept=[404])
    targets = [Target(f"{server.url}/{number}", settings=settings if number % 2 else None) for number in range(10)]
    async with asyncio.timeout(PATIENCE):
        results = await check(targets, Settings(dask=cluster.address))
    assert [result.ok for result in results] == [False, True] * 5


async def test_a_target_that_brings_a_socket_of_this_machine_is_refused(cluster: Cluster) -> None:
    targets = [Target("http://127.0.0.1:9/", settings=Settings(unix_socket="/s"))]
    with pytest.raises(SettingsError, match=r"^unix_socket: cannot be used together with dask$"):
        await check(targets, Settings(dask=cluster.address))


async def test_the_report_names_the_worker(cluster: Cluster, urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply())
    finished = await urlcheck(server.url, "--dask", cluster.address, "-v", "-o", "table", "-o", "jsonl=results.jsonl")
    assert (finished.status, finished.stderr) == (0, "")
    assert "asked by tcp://127.0.0.1:" in finished.stdout


async def test_the_worker_is_the_last_key_of_a_json_line(cluster: Cluster, serve: Serve) -> None:
    server = await serve(reply())
    [result] = await check_all(cluster, [server.url])
    record = result.to_dict()
    assert [*record][-1] == "worker"
    assert record.get("worker") == result.worker


async def test_ctrl_c_reports_what_is_unfinished(cluster: Cluster, launch: Launch, serve: Serve) -> None:
    server = await serve(hold, host="0.0.0.0")
    urls = hosts(server.url, 100)
    process = await launch(*urls, "--dask", cluster.address, "-o", "jsonl", "-t", "60s")
    await server.until_asked(100)
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert sorted(record["url"] for record in finished.records) == sorted(urls)
    assert {record["detail"] for record in finished.records} == {"interrupted"}
    assert finished.status == 130


async def test_the_deadline_holds(cluster: Cluster, serve: Serve) -> None:
    server = await serve(hold, host="0.0.0.0")
    results = await check_all(cluster, hosts(server.url, 100), deadline=1.5)
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.UNCHECKED, "past the deadline")}
    assert len(results) == 100


async def test_workers_of_another_version_are_refused(
    cluster: Cluster, membership: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "VERSION", "9.9")
    message = r"^dask: the worker tcp://\S+ was not used: it has urlcheck \S+, and this is urlcheck 9\.9$"
    with pytest.raises(SettingsError, match=message):
        await check_all(cluster, ["http://127.0.0.1:9/"])


async def test_workers_without_urlcheck_are_refused(
    cluster: Cluster, membership: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "VERSION_PLACE", "no_urlcheck.settings.identity:VERSION")
    with pytest.raises(SettingsError, match=r"^dask: the worker tcp://\S+ was not used: it has no urlcheck, and this is"):
        await check_all(cluster, ["http://127.0.0.1:9/"])


async def test_a_scheduler_that_goes_away_ends_the_run(launch: Launch, membership: ModuleType) -> None:
    urls = [f"http://127.0.0.{number}:9/" for number in range(1, 20)]
    with start_cluster(0) as cluster:
        process = await launch("a..b", *urls, "--dask", cluster.address, "-o", "jsonl")
        assert process.stdout
        invalid = await process.stdout.readline()  # the run has begun
        cluster.process.kill()
        finished = await finish(process)
    assert b"a..b" in invalid
    assert sorted(record["url"] for record in finished.records) == sorted(urls)
    assert {(record["verdict"], record["detail"]) for record in finished.records} == {("unchecked", membership.NO_SCHEDULER)}
    assert finished.stderr.splitlines() == [f"urlcheck: {membership.NO_SCHEDULER}"]
    assert finished.status == 1


@pytest.fixture
async def idle() -> AsyncIterator[str]:
    """The address of a scheduler that has no workers."""
    from distributed import LocalCluster  # noqa: PLC0415 - as above

    async with LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=logging.CRITICAL, asynchronous=True) as cluster:  # type: ignore[no-untyped-call]
        yield cluster.scheduler_address


async def test_without_workers_the_run_ends_after_a_while(idle: str, membership: ModuleType, connecting: ModuleType) -> None:
    settings = Settings(dask=idle)
    checks, run_settings = [settings.check], settings.part(RunSettings)
    builder = TargetBuilder(settings.part(InputSettings), checks)
    source = IterableSource(["http://127.0.0.1:9/a", "http://127.0.0.1:9/b", "a..b"], builder)
    async with connecting.open_cluster(run_settings, checks, Thresholds(worker_seconds=0.1)) as cluster:
        run = Coordinator(source, None, run_settings, checks, cluster)
        results = {result.target.url: result async for result in run.results()}
    assert results["a..b"].verdict == Verdict.INVALID
    unchecked = [results["http://127.0.0.1:9/a"], results["http://127.0.0.1:9/b"]]
    assert [(result.verdict, result.detail) for result in unchecked] == [(Verdict.UNCHECKED, membership.NO_WORKER)] * 2


async def test_without_workers_the_deadline_ends_the_run(idle: str, urlcheck: Urlcheck) -> None:
    finished = await urlcheck("http://127.0.0.1:9/", "--dask", idle, "--deadline", "1s", "-o", "jsonl")
    assert [record["detail"] for record in finished.records] == ["past the deadline"]
    assert finished.status == 1


async def test_a_cluster_of_this_machine_is_started_and_ended(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply())
    finished = await urlcheck(server.url, "--dask", "local:1", "-o", "jsonl")
    assert (finished.status, finished.stderr) == (0, "")
    assert finished.records[0]["worker"].startswith("tcp://127.0.0.1:")


# --- a cluster that is started here ---


@pytest.mark.parametrize("before", [None, "error::UserWarning"])
def test_the_process_that_cleans_up_does_not_warn_and_others_warn_as_before(
    connecting: ModuleType, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    seen: list[str] = []
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    if before:
        monkeypatch.setenv("PYTHONWARNINGS", before)
    monkeypatch.setattr(resource_tracker, "ensure_running", lambda: seen.append(os.environ["PYTHONWARNINGS"]))
    connecting._start_tracker()
    assert seen == [",".join(filter(None, [before, "ignore:resource_tracker"]))]
    assert os.environ.get("PYTHONWARNINGS") == before


def test_where_signals_cannot_be_blocked_workers_are_started_all_the_same(
    connecting: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    monkeypatch.setattr(resource_tracker, "ensure_running", lambda: pytest.fail("it is of POSIX"))
    with connecting._blocking_interrupts():
        started = True
    assert started


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "too many open files; a higher limit helps (ulimit -n)"),
        (RuntimeError("no worker has come\nin 30 s"), "no worker has come"),
    ],
)
def test_workers_that_cannot_be_started_are_a_mistake_in_one_line(
    run_here: RunHere, connecting: ModuleType, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    async def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(connecting, "LocalCluster", fail)
    finished = run_here("http://127.0.0.1:9/", "--dask", "local:2")
    assert (finished.status, finished.stderr) == (2, f"urlcheck: --dask: the workers cannot be started: {reason}\n")


# --- what cannot be used ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--dask", "local:2", "-j", "2"],
            "urlcheck: --processes: cannot be used together with --dask",
        ),
        (["--dask", "local:0"], "urlcheck: --dask: local:N starts N worker processes on this machine, from 1 to 64"),
        (
            ["--dask", "host:8786"],
            "urlcheck: --dask: write the address of a Dask scheduler, such as tcp://HOST:8786, or local:N",
        ),
        (
            ["--dask", "local:2", "--unix-socket", "/s"],
            "urlcheck: --unix-socket: cannot be used together with --dask",
        ),
        (
            ["--dask", "local:2", "--ca-file", "none.pem"],
            "urlcheck: --ca-file: cannot read none.pem: No such file or directory",
        ),
        (["--dask", "nowhere://a:1"], "urlcheck: --dask: no scheduler of Dask can be reached there: "),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(run_here: RunHere, arguments: list[str], message: str) -> None:
    finished = run_here("http://127.0.0.1:9/", *arguments)
    assert finished.status == 2
    assert finished.stderr.startswith(message)
    assert finished.stderr.count("\n") == 1


def test_without_the_extra_one_line_says_what_to_install(run_here: RunHere, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("urlcheck.backends.dask")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dask", None)
    finished = run_here("http://127.0.0.1:9/", "--dask", "local:2")
    assert (finished.status, finished.stderr) == (
        2,
        "urlcheck: --dask: needs dask; install it: pip install 'urlcheck-cli[dask]'\n",
    )


async def test_dask_is_imported_only_for_a_cluster() -> None:
    script = """if True:
        import sys
        from urlcheck import check_sync, Settings
        check_sync(["http://127.0.0.1:9/"], Settings(retries=0, processes=1))
        print([name for name in sys.modules if name.partition(".")[0] in ("dask", "distributed", "tornado")])
    """
    finished = await finish(await create_subprocess_exec(sys.executable, "-c", script, stdout=PIPE, stderr=PIPE))
    assert (finished.stdout, finished.stderr) == ("[]\n", "")
