"""What is new, still failing or fixed, in reports and in the exit status."""

from __future__ import annotations

import json
import os
from contextlib import aclosing
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.reports.formats.test_sarif import SCHEMA
from tests.store.conftest import Query, alter
from tests.support.marks import on_posix
from tests.support.program import Finished, Launch, Urlcheck, finish
from tests.support.servers import RawServer, Serve, reply
from urlcheck import Change, Settings, StateError, check, check_urls
from urlcheck.store.connection import now
from urlcheck.store.database import Database
from urlcheck.store.history import list_history

DAY = 86_400_000
UP, DOWN = reply(), reply("404 Not Found")


@pytest.fixture
def pages() -> dict[str, bytes]:
    """The answers of the server, which a test changes between runs: first one page is broken."""
    return {"/good": UP, "/bad": DOWN, "/other": UP}


@pytest.fixture
async def server(serve: Serve, pages: dict[str, bytes]) -> RawServer:
    return await serve(pages)


@pytest.fixture
async def run(server: RawServer, urlcheck: Urlcheck, tmp_path: Path) -> Any:
    """Runs the command over all pages and a line that is no URL."""
    (tmp_path / "urls.txt").write_text(
        f"{server.url}/good\n{server.url}/bad\n{server.url}/other\nftp://no\n", encoding="utf-8"
    )

    async def call(*arguments: str) -> Finished:
        return await urlcheck("-f", "urls.txt", "--state", "links.db", "-r", "0", *arguments)

    return call


def break_other(pages: dict[str, bytes]) -> None:
    """One page breaks, another is fixed."""
    pages.update({"/bad": UP, "/other": DOWN})


async def list_changes(run: Any, *arguments: str) -> list[str | None]:
    return [record["change"] for record in (await run("-o", "jsonl", *arguments)).records]


# --- marks ---


async def test_what_fails_in_the_first_run_is_new(run: Any) -> None:
    assert await list_changes(run) == [None, "new", None, "new"]


async def test_what_failed_last_time_is_still_failing(run: Any) -> None:
    await run()
    assert await list_changes(run) == [None, "still", None, "still"]


async def test_what_broke_is_new_and_what_was_mended_is_fixed(run: Any, pages: dict[str, bytes]) -> None:
    await run()
    break_other(pages)
    assert await list_changes(run) == [None, "fixed", "new", "still"]
    assert await list_changes(run) == [None, None, "still", "still"]


async def test_an_allowed_failure_is_not_new_once_it_is_no_longer_allowed(run: Any) -> None:
    await run("--allow", "status")
    assert await list_changes(run) == [None, "still", None, "still"]


async def test_what_was_skipped_keeps_what_is_known_of_it(run: Any) -> None:
    await run()
    await run("--exclude", "bad")
    assert await list_changes(run) == [None, "still", None, "still"]


async def test_in_python_a_result_says_what_changed(server: RawServer, pages: dict[str, bytes], state: Path) -> None:
    urls = [f"{server.url}/bad", f"{server.url}/other"]
    settings = Settings(state=state, retries=0, fail_on="new")
    assert [result.change for result in await check(urls, settings)] == [Change.NEW, None]
    break_other(pages)
    assert [(result.change, result.ok) for result in await check(urls, settings)] == [
        (Change.FIXED, True),
        (Change.NEW, False),
    ]
    assert [(result.change, result.ok) for result in await check(urls, settings)] == [(None, True), (Change.STILL, True)]


async def test_without_a_state_file_there_is_no_change(server: RawServer) -> None:
    [result] = await check([f"{server.url}/bad"], Settings(retries=0))
    assert (result.change, result.cached, "change" in result.to_dict()) == (None, False, False)


# --- reports ---


async def test_the_table_marks_changes_and_the_summary_counts_them(run: Any, pages: dict[str, bytes]) -> None:
    await run()
    break_other(pages)
    shown = (await run()).stdout
    assert " ✓ 200 fixed " in shown
    assert " ✗ 404 status new " in shown
    assert " ✗ invalid still " in shown
    assert "1 new, 1 still failing, 1 fixed" in shown


async def test_changes_alone_can_be_shown(run: Any, pages: dict[str, bytes]) -> None:
    await run()
    break_other(pages)
    rows = [
        line.split()[:4] for line in (await run("--show", "changes")).stdout.splitlines() if "http" in line or "ftp" in line
    ]
    assert [row[2] if row[1] == "200" else row[3] for row in rows] == ["fixed", "new"]


async def test_pages_carry_the_changes(run: Any, pages: dict[str, bytes], tmp_path: Path) -> None:
    await run()
    break_other(pages)
    await run("-q", "-o", "markdown=a.md", "-o", "html=a.html")
    markdown, html = (tmp_path / "a.md").read_text(), (tmp_path / "a.html").read_text()
    for page in (markdown, html):
        assert [word for word in ("200 fixed", "404 status new", "invalid still") if word not in page] == []
    assert "1 new, 1 still failing, 1 fixed" in markdown
    assert "<dt>still failing</dt>" in html


async def test_annotations_name_the_change_and_warn_of_what_does_not_fail_the_run(run: Any, pages: dict[str, bytes]) -> None:
    await run()
    break_other(pages)
    lines = (await run("-o", "github", "--fail-on", "new")).stdout.splitlines()
    assert [line.partition("::")[2].partition(" ")[0] for line in sorted(lines)] == ["error", "notice", "warning"]
    assert any(line.startswith("::error file=urls.txt,line=3,title=urlcheck%3A status (new)::") for line in lines)
    assert any(line.startswith("::warning file=urls.txt,line=4,title=urlcheck%3A invalid (still)::") for line in lines)


async def test_sarif_says_how_a_result_compares_with_the_baseline(run: Any, pages: dict[str, bytes]) -> None:
    await run()
    break_other(pages)
    log = json.loads((await run("-o", "sarif", "--fail-on", "new")).stdout)
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    [sarif] = log["runs"]
    states = {result["locations"][0]["physicalLocation"]["region"]["startLine"]: result for result in sarif["results"]}
    assert {line: (result["baselineState"], result["level"]) for line, result in states.items()} == {
        2: ("absent", "none"),
        3: ("new", "error"),
        4: ("unchanged", "note"),
    }


async def test_a_table_for_spreadsheets_has_the_columns(run: Any) -> None:
    head, *rows = (await run("-o", "csv")).stdout.splitlines()
    assert head.endswith(",checked_at,change,cached")
    assert sorted(row.rpartition("Z,")[2] for row in rows) == [",false", ",false", "new,false", "new,false"]


# --- what fails the run ---


async def test_only_what_is_new_fails_the_run_if_so_told(run: Any, pages: dict[str, bytes]) -> None:
    assert (await run("--fail-on", "new")).status == 1
    assert (await run("--fail-on", "new")).status == 0
    pages["/good"] = DOWN
    finished = await run("--fail-on", "new")
    assert (finished.status, "1 failed" in finished.stdout, "2 allowed" in finished.stdout) == (1, True, True)
    assert (await run("--fail-on", "any")).status == 1


async def test_a_failure_counts_once_it_has_lasted(run: Any, state: Path) -> None:
    assert (await run("--grace", "3d")).status == 0
    assert (await run("--grace", "3d")).status == 0
    alter(state, "UPDATE target SET since = ? WHERE verdict = 'status'", now() - 4 * DAY)
    finished = await run("--grace", "3d", "-o", "jsonl")
    assert (finished.status, [record["ok"] for record in finished.records]) == (1, [True, False, True, True])


async def test_grace_begins_anew_after_a_pass(run: Any, pages: dict[str, bytes], state: Path) -> None:
    await run()
    alter(state, "UPDATE target SET since = ?", now() - 4 * DAY)
    break_other(pages)
    await run()
    pages["/bad"] = DOWN
    assert [record["ok"] for record in (await run("--grace", "3d", "-o", "jsonl")).records] == [True, True, True, False]


async def test_a_clock_that_was_set_back_does_no_harm(run: Any, state: Path, query: Query) -> None:
    await run()
    alter(state, "UPDATE target SET since = since + ?", 900 * DAY)
    alter(state, "UPDATE result SET checked_at = checked_at + ?", 900 * DAY)
    finished = await run("--grace", "3d", "--max-age", "2d", "-o", "jsonl")
    assert [record["cached"] for record in finished.records] == [False] * 4
    assert query("SELECT count(*) FROM target WHERE since > ?", now()) == [(0,)]


async def test_a_clock_that_was_set_forward_forgets_nothing_at_once(run: Any, state: Path) -> None:
    await run()
    alter(state, "UPDATE result SET checked_at = checked_at - ?", 900 * DAY)
    alter(state, "UPDATE run SET started = started - ?, ended = ended - ?", 900 * DAY, 900 * DAY)
    assert await list_changes(run) == [None, "still", None, "still"]


# --- only what failed last time ---


async def test_only_what_failed_last_time_is_checked(run: Any, server: RawServer) -> None:
    await run()
    server.heads.clear()
    finished = await run("--last-failed", "-o", "jsonl")
    assert [record["verdict"] for record in finished.records] == ["skipped", "status", "skipped", "invalid"]
    assert (finished.status, server.targets) == (1, ["/bad"])


async def test_with_nothing_failed_last_time_the_status_is_0_and_a_line_says_so(urlcheck: Urlcheck, server: RawServer) -> None:
    arguments = ("--state", "links.db", f"{server.url}/good")
    await urlcheck(*arguments)
    finished = await urlcheck(*arguments, "--last-failed", "-o", "jsonl")
    assert (finished.status, [record["verdict"] for record in finished.records]) == (0, ["skipped"])
    assert finished.stderr == "urlcheck: nothing was checked: no URL of the input failed last time\n"


async def test_the_first_run_knows_of_no_last_time_and_checks_everything(run: Any) -> None:
    finished = await run("--last-failed", "-o", "jsonl")
    assert sorted(finished.verdicts.values()) == ["invalid", "ok", "ok", "status"]
    assert "urlcheck: no earlier run is in the file, so every URL is checked\n" in finished.stderr


async def test_what_failed_last_time_is_never_new_so_both_options_are_refused(run: Any) -> None:
    finished = await run("--last-failed", "--fail-on", "new")
    message = "--fail-on: what failed last time is never new, so 'new' fails no run with --last-failed"
    assert (finished.status, finished.stderr) == (2, f"urlcheck: {message}\n")


async def test_with_grace_what_is_new_fails_the_run_once_when_it_has_lasted(run: Any, state: Path) -> None:
    arguments = ("--grace", "1h", "--fail-on", "new", "--exclude", "ftp")
    assert (await run(*arguments)).status == 0
    alter(state, "UPDATE target SET since = since - 3600000")
    alter(state, "UPDATE result SET checked_at = checked_at - 3600000")
    assert [(await run(*arguments)).status for _ in range(2)] == [1, 0]


async def test_two_targets_of_one_url_have_a_history_each(
    urlcheck: Urlcheck, server: RawServer, pages: dict[str, bytes], tmp_path: Path
) -> None:
    pages["/good"] = reply(body=b"hello")
    target = f"[[target]]\nurl = '{server.url}/good'\nexpect-text = "
    (tmp_path / "two.toml").write_text(f"{target}'nowhere'\n{target}'hello'\n", encoding="utf-8")
    arguments = ("--config", "two.toml", "--state", "links.db", "-o", "jsonl", "--fail-on", "new")
    first = await urlcheck(*arguments)
    second = await urlcheck(*arguments)
    assert [(finished.status, [record["change"] for record in finished.records]) for finished in (first, second)] == [
        (1, ["new", None]),
        (0, ["still", None]),
    ]


async def test_an_empty_input_is_an_error_all_the_same(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("--state", "links.db", "--last-failed", "-f", "-", stdin=b"")
    assert (finished.status, finished.stderr.splitlines()[-1]) == (2, "urlcheck: no URL in the input")


# --- what is kept ---


async def test_what_is_old_is_forgotten(run: Any, state: Path, query: Query) -> None:
    await run()
    alter(state, "INSERT INTO result SELECT 99, 0, 1, 'http://old.example/', 'ok', 0, 0, facts FROM result LIMIT 1")
    alter(state, "INSERT INTO target (id, result, verdict, since, streak, last_ok) VALUES (1, 99, 'ok', 0, 1, 0)")
    alter(state, "INSERT INTO event VALUES (1, 0, NULL, 'dns', '', NULL)")
    await run("--keep", "30d")
    assert query("SELECT count(*) FROM target WHERE id = 1") == [(0,)]
    assert query("SELECT count(*) FROM event WHERE at = 0") == [(0,)]
    assert query("SELECT count(*) FROM result") == [(4,)]


async def test_an_event_is_a_change_and_not_a_check(run: Any, pages: dict[str, bytes], query: Query) -> None:
    for _ in range(3):
        await run()
    break_other(pages)
    await run()
    assert query('SELECT "from", "to" FROM event ORDER BY "to", "from"') == [
        (None, "invalid"),
        ("status", "ok"),
        (None, "status"),
        ("ok", "status"),
    ]
    assert query("SELECT streak, last_ok IS NULL FROM link WHERE url LIKE '%bad'") == [(1, 0)]
    assert query("SELECT count(*) FROM result") == [(4,)]  # those before are superseded


# --- options ---


@pytest.mark.parametrize(
    "arguments",
    ["--max-age 1d", "--last-failed", "--fail-on new", "--grace 1d", "--keep 1d", "--restart", "--history"],
)
async def test_an_option_about_earlier_runs_needs_the_file(arguments: str, urlcheck: Urlcheck) -> None:
    finished = await urlcheck("http://127.0.0.1:9/", *arguments.split())
    option = arguments.partition(" ")[0]
    expected = f"urlcheck: {option}: needs a file that remembers earlier runs; add --state\n"
    assert (finished.status, finished.stdout, finished.stderr) == (2, "", expected)


async def test_to_show_changes_needs_the_file(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("http://127.0.0.1:9/", "--show", "changes")
    message = "--show: 'changes' needs a file that remembers earlier runs; add --state"
    assert (finished.status, finished.stderr) == (2, f"urlcheck: {message}\n")


async def test_a_configuration_that_was_found_names_no_state_file(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urlcheck.toml").write_text('state = "links.db"\n', encoding="utf-8")
    finished = await urlcheck("http://127.0.0.1:9/")
    assert finished.status == 2
    assert finished.stderr.startswith(
        "urlcheck: urlcheck.toml:1: state: a configuration that was found, not named, writes no file"
    )


async def test_a_report_does_not_take_the_place_of_the_file(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("--state", "links.db", "-o", "jsonl=./links.db", "http://127.0.0.1:9/")
    assert (finished.status, "links.db is named twice" in finished.stderr) == (2, True)


# --- history ---


async def test_the_history_of_a_url_says_what_it_was_and_since_when(
    run: Any, urlcheck: Urlcheck, server: RawServer, pages: dict[str, bytes]
) -> None:
    await run()
    break_other(pages)
    await run()
    url = f"{server.url}/bad"
    shown = (await urlcheck("--state", "links.db", "--history", url)).stdout.splitlines()
    assert shown[0] == url
    assert shown[1].startswith("  passes since 20")
    assert shown[1].endswith(", 1 check in a row; ok: 200 OK")
    assert [line[20:] for line in shown[3:]] == ["status → ok  200 OK", "new → status  404 Not Found"]


async def test_without_a_url_the_history_lists_what_changed_lately(
    run: Any, urlcheck: Urlcheck, server: RawServer, pages: dict[str, bytes]
) -> None:
    await run()
    break_other(pages)
    await run()
    finished = await urlcheck("--state", "links.db", "--history")
    assert finished.status == 0
    assert sorted(line[18:] for line in finished.stdout.splitlines()) == [
        "new → invalid  ftp://no  unsupported scheme 'ftp'",
        f"new → status  {server.url}/bad  404 Not Found",
        f"ok → status  {server.url}/other  404 Not Found",
        f"status → ok  {server.url}/bad  200 OK",
    ]


async def test_a_url_that_is_not_known_has_no_history(run: Any, urlcheck: Urlcheck) -> None:
    await run()
    finished = await urlcheck("--state", "links.db", "--history", "nowhere.example/")
    assert (finished.status, finished.stderr) == (2, "urlcheck: nowhere.example/ is not in the state file\n")


def test_in_a_new_file_nothing_has_changed(state: Path) -> None:
    Database(str(state)).close()
    assert [*list_history(str(state), [])] == ["nothing has changed so far"]


async def test_an_entry_that_is_no_url_has_a_history(state: Path) -> None:
    await check([" ftp://no "], Settings(state=state))
    shown = [*list_history(str(state), ["ftp://no "])]
    assert shown[0] == "ftp://no"
    assert shown[1].endswith("; invalid: unsupported scheme 'ftp'")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("ALTER TABLE target RENAME TO gone", "no such table: target"),
        ("UPDATE result SET facts = '{'", "it is damaged; restore it, or remove it to begin anew"),
        ("UPDATE target SET since = 'text'", "it is damaged; restore it, or remove it to begin anew"),
    ],
)
async def test_a_history_that_cannot_be_read_is_said(state: Path, sql: str, reason: str) -> None:
    await check(["ftp://no"], Settings(state=state))
    alter(state, sql)
    with pytest.raises(StateError) as refusal:
        list(list_history(str(state), ["ftp://no"]))
    assert str(refusal.value) == f"cannot read {state}: {reason}"


async def test_there_is_no_history_without_a_file(urlcheck: Urlcheck, state: Path) -> None:
    finished = await urlcheck("--state", "links.db", "--history")
    assert (finished.status, finished.stderr) == (2, "urlcheck: cannot read links.db: no such file or directory\n")
    assert not state.exists()


@on_posix
async def test_a_history_is_read_where_nothing_may_be_written_and_leaves_nothing_there(
    run: Any, urlcheck: Urlcheck, state: Path, tmp_path: Path
) -> None:
    await run()
    before = sorted(tmp_path.iterdir())
    state.chmod(0o444)
    assert (await urlcheck("--state", "links.db", "--history")).status == 0
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.user
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_history_is_read_in_a_folder_where_nothing_can_be_made(run: Any, urlcheck: Urlcheck, tmp_path: Path) -> None:
    await run()
    tmp_path.chmod(0o555)
    finished = await urlcheck("--state", "links.db", "--history")
    tmp_path.chmod(0o755)
    assert (finished.status, finished.stderr) == (0, "")


async def test_a_password_in_what_is_no_url_is_not_shown_by_the_history(run: Any, urlcheck: Urlcheck) -> None:
    await run()
    finished = await urlcheck("--state", "links.db", "--history", "http://joe:hunt er2@127.0.0.1/")
    assert finished.status == 2
    assert "er2" not in finished.stderr


async def test_the_history_of_a_run_that_is_not_finished_says_so(server: RawServer, state: Path) -> None:
    async with aclosing(check_urls([f"{server.url}/bad"], Settings(state=state, retries=0))) as results:
        await anext(results)
    [url, line] = list_history(str(state), [f"{server.url}/bad"])
    assert url == f"{server.url}/bad"
    assert line.endswith("  status: 404 Not Found (in a run that is not finished)")


@on_posix
async def test_a_history_whose_reader_is_gone_ends_as_every_output_does(run: Any, launch: Launch) -> None:
    await run()
    reading, writing = os.pipe()
    os.close(reading)
    process = await launch("--state", "links.db", "--history", stdout=writing)
    os.close(writing)
    assert await finish(process) == Finished(141, "", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--history -f urls.txt", "--history: shows the URLs among the arguments; leave out --file"),
        ("-o jsonl=links.db-wal", "--output: links.db-wal is named twice"),
    ],
)
async def test_what_would_be_ignored_or_overwritten_is_refused(
    run: Any, arguments: str, message: str, urlcheck: Urlcheck
) -> None:
    await run()
    finished = await urlcheck("--state", "links.db", *arguments.split(), "http://127.0.0.1:9/")
    assert (finished.status, finished.stderr.startswith(f"urlcheck: {message}")) == (2, True)
