from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.store.conftest import Query, UntilStored
from tests.support.marks import on_posix
from tests.support.program import Finished, Launch, Urlcheck, finish
from tests.support.servers import RawServer, Serve, reply

pytestmark = on_posix


class Gate:
    """Answers the pages whose number is below `opened`, and holds the others until they are opened."""

    def __init__(self, opened: int) -> None:
        self.opened = opened
        self._openings = asyncio.Condition()

    async def answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        number = int(target.lstrip("/"))
        async with self._openings:
            await self._openings.wait_for(lambda: number < self.opened)
        writer.write(reply("404 Not Found" if number % 5 == 3 else "200 OK"))

    async def open_all(self) -> None:
        async with self._openings:
            self.opened = 1_000_000
            self._openings.notify_all()


@pytest.fixture
def gate() -> Gate:
    return Gate(opened=10)


@pytest.fixture
async def server(serve: Serve, gate: Gate) -> RawServer:
    return await serve(gate.answer)


@pytest.fixture
def urls(server: RawServer, tmp_path: Path) -> list[str]:
    """Twenty pages, between blank lines and comments, one of them twice, and a line that is no URL."""
    urls = [f"{server.url}/{number}" for number in range(20)]
    lines = ["# pages", *urls[:4], "", urls[2], *urls[4:], "ftp://no", urls[19]]
    (tmp_path / "urls.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return urls


ARGUMENTS = ("-f", "urls.txt", "--state", "links.db", "-o", "jsonl", "-r", "0")


async def interrupt(launch: Launch, number: signal.Signals, until_stored: UntilStored, *arguments: str) -> Finished:
    process = await launch(*ARGUMENTS, *arguments)
    await until_stored(11)
    process.send_signal(number)
    return await finish(process)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("processes", ["1", "2"])
async def test_an_interrupted_run_goes_on_and_reports_each_url_once(
    number: signal.Signals,
    processes: str,
    urls: list[str],
    gate: Gate,
    server: RawServer,
    launch: Launch,
    urlcheck: Urlcheck,
    until_stored: UntilStored,
) -> None:
    await interrupt(launch, number, until_stored, "-j", processes)
    await gate.open_all()
    finished = await urlcheck(*ARGUMENTS, "-j", processes)
    assert (finished.status, len(finished.records)) == (1, 21)
    assert {record["url"] for record in finished.records} == {*urls, "ftp://no"}
    asked = Counter(server.targets)
    assert [asked[f"/{number}"] for number in range(10)] == [1] * 10


async def test_it_says_that_it_goes_on_and_how_much_is_done(
    urls: list[str], gate: Gate, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    assert urls
    await interrupt(launch, signal.SIGKILL, until_stored)
    await gate.open_all()
    said = (await urlcheck(*ARGUMENTS)).stderr
    assert said.startswith("urlcheck: going on with the run of 20")
    assert said.endswith(", 11 of it done (--restart begins anew)\n")


async def test_the_records_of_both_halves_are_those_of_one_run(
    urls: list[str], gate: Gate, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    assert urls
    await interrupt(launch, signal.SIGKILL, until_stored)
    await gate.open_all()
    halves = (await urlcheck(*ARGUMENTS)).records
    whole = (await urlcheck(*ARGUMENTS[:2], *ARGUMENTS[4:])).records
    timed = ("elapsed_ms", "checked_at")
    assert [{key: value for key, value in record.items() if key not in (*timed, "change", "cached")} for record in halves] == [
        {key: value for key, value in record.items() if key not in timed} for record in whole
    ]


async def test_it_counts_duplicates_as_one_run_does(
    urls: list[str], gate: Gate, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    assert urls
    await interrupt(launch, signal.SIGKILL, until_stored)
    await gate.open_all()
    assert "2 duplicates" in (await urlcheck(*ARGUMENTS[:4], "-r", "0")).stdout


async def test_a_finished_run_starts_anew(
    urls: list[str], gate: Gate, server: RawServer, urlcheck: Urlcheck, query: Query
) -> None:
    await gate.open_all()
    for _ in range(2):
        finished = await urlcheck(*ARGUMENTS)
        assert (finished.stderr, len(finished.records)) == ("", 21)
    assert len(server.targets) == 2 * len(urls)
    assert query("SELECT count(*) FROM run WHERE ended IS NOT NULL") == [(2,)]


async def test_restart_begins_anew(
    urls: list[str], gate: Gate, server: RawServer, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    await interrupt(launch, signal.SIGKILL, until_stored)
    await gate.open_all()
    server.heads.clear()
    finished = await urlcheck(*ARGUMENTS, "--restart")
    assert (finished.stderr, len(server.targets)) == ("", len(urls))


@pytest.mark.parametrize(("arguments", "other"), [(["--accept", "2xx,404"], "settings"), (["-f", "more.txt"], "input")])
async def test_another_input_or_other_settings_begin_a_new_run_and_a_line_says_so(
    arguments: list[str],
    other: str,
    urls: list[str],
    gate: Gate,
    server: RawServer,
    launch: Launch,
    urlcheck: Urlcheck,
    until_stored: UntilStored,
    tmp_path: Path,
) -> None:
    (tmp_path / "more.txt").write_text("# none\n")
    await interrupt(launch, signal.SIGKILL, until_stored)
    await gate.open_all()
    server.heads.clear()
    finished = await urlcheck(*ARGUMENTS, *arguments)
    assert finished.stderr.endswith(f" was interrupted and had another {other}; a new one begins\n")
    assert len(server.targets) == len(urls)


async def test_a_run_that_its_deadline_cut_short_goes_on(
    urls: list[str], gate: Gate, server: RawServer, urlcheck: Urlcheck
) -> None:
    first = await urlcheck(*ARGUMENTS, "--deadline", "2s")
    assert Counter(record["verdict"] for record in first.records)["unchecked"] == 10
    await gate.open_all()
    server.heads.clear()
    finished = await urlcheck(*ARGUMENTS, "--deadline", "1m")
    assert len(finished.records) == len(urls) + 1
    assert sorted(server.targets) == sorted(f"/{number}" for number in range(10, 20))


async def test_a_run_that_was_cut_short_says_that_it_can_go_on(urls: list[str], urlcheck: Urlcheck) -> None:
    assert urls
    shown = (await urlcheck(*ARGUMENTS[:4], "--deadline", "1s")).stdout
    assert "the same command goes on where this run was cut short" in shown


async def test_standard_input_is_remembered_but_does_not_go_on(server: RawServer, urlcheck: Urlcheck) -> None:
    finished = await urlcheck("--state", "links.db", "-o", "jsonl", "-f", "-", stdin=f"{server.url}/1\n".encode())
    assert finished.stderr.startswith("urlcheck: standard input and pipes cannot be read again")
    assert finished.status == 0


async def test_arguments_that_were_checked_are_passed_over(
    gate: Gate, server: RawServer, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    arguments = ["--state", "links.db", "-o", "jsonl", *(f"{server.url}/{number}" for number in (0, 0, 12, 1))]
    process = await launch(*arguments)
    await until_stored(2)
    process.kill()
    await finish(process)
    await gate.open_all()
    server.heads.clear()
    finished = await urlcheck(*arguments)
    assert (sorted(finished.verdicts), server.targets) == (sorted({*arguments[4:]}), ["/12"])


async def test_targets_of_a_configuration_keep_their_names_and_settings(
    gate: Gate, server: RawServer, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored, tmp_path: Path
) -> None:
    tables = [
        f'[[target]]\nurl = "{server.url}/3"\nname = "first"\nallow = ["status"]',
        f'[[target]]\nurl = "{server.url}/3"\nname = "second"',
        f'[[target]]\nurl = "{server.url}/12"\nname = "third"\naccept = [200, 404]',
    ]
    (tmp_path / "urlcheck.toml").write_text("\n".join(tables), encoding="utf-8")
    arguments = ("--state", "links.db", "-o", "jsonl", "-r", "0")
    process = await launch(*arguments)
    await until_stored(2)
    process.kill()
    await finish(process)
    await gate.open_all()
    server.heads.clear()
    records = (await urlcheck(*arguments)).records
    assert [(record["name"], record["verdict"], record["ok"]) for record in records] == [
        ("first", "status", True),
        ("second", "status", False),
        ("third", "ok", True),
    ]
    assert server.targets == ["/12"]


async def test_a_file_as_a_power_cut_leaves_it_goes_on(
    urls: list[str],
    gate: Gate,
    server: RawServer,
    launch: Launch,
    urlcheck: Urlcheck,
    until_stored: UntilStored,
    tmp_path: Path,
) -> None:
    process = await launch(*ARGUMENTS)
    await until_stored(11)
    copies = {file: file.read_bytes() for file in tmp_path.glob("links.db*") if not file.name.endswith(("-shm", "-lock"))}
    process.kill()
    await finish(process)
    for file in tmp_path.glob("links.db*"):
        file.unlink()
    for file, content in copies.items():
        file.write_bytes(content)
    await gate.open_all()
    server.heads.clear()
    finished = await urlcheck(*ARGUMENTS)
    assert (len(finished.records), len({record["url"] for record in finished.records})) == (21, len(urls) + 1)
    assert len(server.targets) == 10


async def test_a_run_that_ends_while_it_is_killed_again_and_again_reports_each_url_once(
    serve: Serve, launch: Launch, urlcheck: Urlcheck, tmp_path: Path
) -> None:
    asked: Counter[str] = Counter()
    server = await serve(reply())
    lines = [f"{server.url}/{number}" for number in range(600)]
    (tmp_path / "urls.txt").write_text("\n".join(lines), encoding="utf-8")
    for number in range(100, 500, 100):
        process = await launch(*ARGUMENTS, "--per-host", "20", "-j", "2")
        await server.until_asked(number)
        process.kill()
        await finish(process)
    asked.update(server.targets)
    finished = await urlcheck(*ARGUMENTS, "--per-host", "20", "-j", "2")
    assert finished.status == 0
    assert Counter(record["url"] for record in finished.records) == Counter(lines)


async def test_a_redirect_and_its_evidence_are_the_same_in_the_second_half(
    serve: Serve, gate: Gate, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    pages = await serve({"/a": reply("301 Moved Permanently", "Location: /b?token=hunter22"), "/b?token=hunter22": reply()})
    held = await serve(gate.answer)
    arguments = ("--state", "links.db", "-o", "jsonl", f"{pages.url}/a", f"{held.url}/11")
    process = await launch(*arguments)
    await until_stored(1)
    process.kill()
    await finish(process)
    await gate.open_all()
    by_url = {record["url"]: record for record in (await urlcheck(*arguments)).records}
    record = by_url[f"{pages.url}/a"]
    assert (record["final_url"], record["redirects"]) == (
        f"{pages.url}/b?token=****",
        [{"status": 301, "url": f"{pages.url}/a"}],
    )


@pytest.mark.parametrize("options", [("-r", "9"), ("--wait", "1h")], ids=["retries", "a wait"])
async def test_a_url_that_waits_for_its_next_attempt_is_asked_again_by_the_run_that_goes_on(
    options: tuple[str, str], launch: Launch, urlcheck: Urlcheck, serve: Serve
) -> None:
    answers = {"/": reply("503 Busy")}
    server = await serve(answers)
    arguments = (f"{server.url}/", "--state", "links.db", "-o", "jsonl", *options)
    process = await launch(*arguments)
    await server.until_asked(2)
    process.send_signal(signal.SIGINT)
    assert (await finish(process)).verdicts == {f"{server.url}/": "status"}
    answers["/"] = reply()
    assert (await urlcheck(*arguments)).verdicts == {f"{server.url}/": "ok"}


@pytest.mark.parametrize("mistake", ["--ca-file nowhere.pem", "-o csv=nowhere/links.csv"])
async def test_a_run_that_cannot_start_takes_nothing_from_the_one_that_was_interrupted(
    mistake: str, urls: list[str], gate: Gate, launch: Launch, urlcheck: Urlcheck, until_stored: UntilStored
) -> None:
    assert urls
    await interrupt(launch, signal.SIGKILL, until_stored)
    assert (await urlcheck(*ARGUMENTS[:4], *mistake.split())).status == 2
    await gate.open_all()
    assert ", 11 of it done" in (await urlcheck(*ARGUMENTS)).stderr
