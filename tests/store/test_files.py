"""A file that cannot be used is said in one line, and left as it is; one that fails in the middle does not end the run."""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from tests.store.conftest import Query, UntilStored, alter
from tests.support.marks import on_linux, on_posix
from tests.support.program import Launch, Urlcheck, finish
from tests.support.servers import Serve, hold, reply
from urlcheck import Settings, StateError, Verdict, check, check_urls
from urlcheck.runtime.file_lock import Lock
from urlcheck.runtime.file_systems import is_on_network
from urlcheck.settings.scopes import CheckSettings
from urlcheck.store import identity, schema
from urlcheck.store.connection import transaction
from urlcheck.store.database import Database
from urlcheck.store.runs import Runs

URL = "http://127.0.0.1:9/"


def write_text(path: Path) -> None:
    path.write_text("my notes\n" * 20, encoding="utf-8")


def write_other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
        connection.commit()


def write_newer(path: Path) -> None:
    Database(str(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")


def write_cut(path: Path) -> None:
    Database(str(path)).close()
    path.write_bytes(path.read_bytes()[:5000])


def write_damaged(path: Path) -> None:
    Database(str(path)).close()
    content = bytearray(path.read_bytes())
    content[4096 : 3 * 4096] = b"\xff" * 8192
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (write_text, "it is another kind of file; name one that does not exist, or one that urlcheck has written"),
        (write_other_database, "it is the database of another program; name a file of its own"),
        (write_newer, "a newer urlcheck has written it (version 3; this one reads up to 2); update it"),
        (write_cut, "it is damaged: its end is missing; restore it, or remove it to begin anew"),
        (write_damaged, "it is damaged; restore it, or remove it to begin anew"),
    ],
)
async def test_a_file_that_cannot_be_used_is_said_in_a_line_and_left_as_it_is(
    write: Callable[[Path], None], reason: str, urlcheck: Urlcheck, state: Path
) -> None:
    write(state)
    before = state.read_bytes()
    finished = await urlcheck("--state", "links.db", URL)
    assert (finished.status, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert finished.stderr.endswith(f" links.db: {reason}\n")
    assert state.read_bytes() == before


@pytest.mark.parametrize(("name", "reason"), [("none/links.db", "no such file or directory"), (".", "is a directory")])
async def test_a_place_without_a_file_is_named(name: str, reason: str, urlcheck: Urlcheck) -> None:
    finished = await urlcheck("--state", name, URL)
    assert (finished.status, finished.stderr) == (2, f"urlcheck: cannot open {name}: {reason}\n")


@on_posix
async def test_a_pipe_is_no_state_file(urlcheck: Urlcheck, state: Path) -> None:
    os.mkfifo(state)
    finished = await urlcheck("--state", "links.db", URL)
    assert (finished.status, finished.stderr) == (2, "urlcheck: cannot use links.db: it is not a regular file\n")


@pytest.mark.user
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
async def test_a_file_of_somebody_else_is_said(urlcheck: Urlcheck, state: Path) -> None:
    Database(str(state)).close()
    state.chmod(0o400)
    finished = await urlcheck("--state", "links.db", URL)
    assert (finished.status, finished.stderr) == (2, "urlcheck: cannot open links.db: permission denied\n")


@on_posix
async def test_the_file_is_readable_by_its_owner_alone(urlcheck: Urlcheck, state: Path) -> None:
    await urlcheck("--state", "links.db", "-r", "0", URL)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


async def test_one_file_is_left(urlcheck: Urlcheck, state: Path) -> None:
    await urlcheck("--state", "links.db", "-r", "0", URL)
    assert [file.name for file in state.parent.glob("links.db*")] == ["links.db"]


@on_posix
@pytest.mark.parametrize("name", ["links.db", "link.db"])
async def test_a_second_run_is_told_who_has_the_file_open(
    name: str, serve: Serve, launch: Launch, urlcheck: Urlcheck, state: Path, query: Query
) -> None:
    state.with_name("link.db").symlink_to("links.db")
    server = await serve(hold)
    first = await launch("--state", "links.db", server.url)
    await server.until_asked()
    before = state.read_bytes()
    second = await urlcheck("--state", name, server.url)
    [(process,)] = query("SELECT process FROM run")
    assert second.status == 2
    assert second.stderr.startswith(f"urlcheck: cannot use {name}: process {process}, since 20")
    assert second.stderr.endswith(", has it open; wait for it, or name another file\n")
    assert state.read_bytes() == before
    first.kill()
    await finish(first)


@on_posix
def test_a_file_with_a_second_hard_link_is_refused(state: Path, tmp_path: Path) -> None:
    Database(str(state)).close()
    (tmp_path / "link.db").hardlink_to(state)
    with pytest.raises(StateError, match=r"links\.db: it has several names \(hard links\); leave it one"):
        Database(str(state))


@pytest.mark.parametrize(
    ("host", "holder"),
    [(None, "another process has"), (socket.gethostname(), "process 7, since 20"), ("far", "process 7 on far, since 20")],
    ids=["nobody", "here", "far"],
)
def test_whoever_has_the_file_open_is_named_as_far_as_it_is_known(
    host: str | None, holder: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(str(state))
    with transaction(database.writer):
        Runs(database).begin(None, b"", 60)
    database.close()
    alter(state, "UPDATE run SET host = ?1, process = iif(?1 IS NULL, NULL, 7)", host)
    monkeypatch.setattr(Lock, "take", lambda _: None)  # as if another process had it
    with pytest.raises(StateError, match=rf"cannot use .*links\.db: {holder}.*; wait for it, or name another file"):
        Database(str(state))


async def test_a_second_run_of_the_same_process_is_refused(state: Path) -> None:
    database = Database(str(state))
    with pytest.raises(StateError, match="another run of this process has it open"):
        await check([URL], Settings(state=state, retries=0))
    database.close()
    assert await check([URL], Settings(state=state, retries=0))


async def test_a_program_that_has_the_file_locked_is_said(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urlcheck.store.connection._BUSY_SECONDS", 0.05)
    Database(str(state)).close()
    with closing(sqlite3.connect(state)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match=r"cannot use .*links\.db: another program has locked it"):
            await check([URL], Settings(state=state, retries=0))


async def test_a_program_that_locks_the_file_in_the_middle_costs_no_result(
    serve: Serve, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urlcheck.store.connection._BUSY_SECONDS", 0.05)
    server = await serve(reply())
    other = sqlite3.connect(state)

    async def give() -> AsyncIterator[str]:
        other.execute("BEGIN IMMEDIATE")
        yield server.url

    results = check_urls(give(), Settings(state=state))
    assert (await anext(results)).verdict is Verdict.OK
    with pytest.raises(StateError, match=r"cannot write .*links\.db: another program has locked it"):
        await anext(results)
    other.close()


@on_posix
async def test_it_can_be_read_during_a_run(serve: Serve, launch: Launch, query: Query, until_stored: UntilStored) -> None:
    server = await serve({"/a": reply(), "/b": reply()})
    slow = await serve(hold)
    process = await launch("--state", "links.db", f"{server.url}/a", slow.url, f"{server.url}/b")
    await until_stored(2)
    assert query("SELECT ended FROM run") == [(None,)]
    process.kill()
    await finish(process)


# --- in the middle of a run ---

FULL = """\
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
sys.argv = ["urlcheck", *sys.argv[1:]]
runpy.run_module("urlcheck", run_name="__main__")
"""


@on_linux
async def test_a_disk_that_is_full_in_the_middle_costs_no_result(serve: Serve, tmp_path: Path, state: Path) -> None:
    server = await serve(reply())
    urls = [f"{server.url}/{number}{'x' * 500}" for number in range(300)]
    (tmp_path / "urls.txt").write_text("\n".join(urls), encoding="utf-8")
    command = [sys.executable, "-c", FULL, "-f", "urls.txt", "--state", "links.db", "-o", "csv", "--per-host", "50", "-j", "1"]
    finished = await finish(await create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=tmp_path))
    assert finished.status == 2
    assert finished.stderr.count("\n") == 1
    assert finished.stderr.startswith("urlcheck: cannot write links.db: ")
    assert finished.stderr.endswith("; the run goes on without it\n")
    assert len(finished.stdout.splitlines()) == 301
    Database(str(state)).close()  # it can be opened


async def test_a_program_gets_the_error_after_the_results(serve: Serve, state: Path) -> None:
    server = await serve(reply())

    async def give() -> AsyncIterator[str]:
        alter(state, "ALTER TABLE result RENAME TO gone")  # the table is gone while the run lasts
        yield server.url

    results = check_urls(give(), Settings(state=state))
    assert (await anext(results)).verdict is Verdict.OK
    with pytest.raises(StateError, match=r"cannot write .*links\.db"):
        await anext(results)


# --- secrets ---


async def test_no_secret_is_stored(serve: Serve, urlcheck: Urlcheck, state: Path) -> None:
    server = await serve(reply("302 Found", "Location: http://127.0.0.1:9/?session=hunter7&echo=hunter2-header"))
    url = server.url.replace("://", "://name:hunter1@") + "/?token=hunter3"
    await urlcheck(
        *("--state", "links.db", "-r", "0", "-H", "Authorization: Bearer hunter2-header", "-H", "Cookie: sid=hunter4"),
        *("--data", "password=hunter5", "-u", "name:hunter6", url),
    )
    assert b"hunter" not in state.read_bytes()


# --- schema and file systems ---


def test_a_file_is_told_by_its_application_and_version(state: Path, query: Query) -> None:
    Database(str(state)).close()
    assert query("PRAGMA application_id") == [(schema.APPLICATION_ID,)]
    assert query("PRAGMA user_version") == [(schema.VERSION,)]


def test_a_file_of_an_older_version_is_brought_to_this_one_and_keeps_its_key(
    state: Path, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        older.setattr(schema, "VERSION", 1)
        Database(str(state)).close()
    before = query("SELECT value FROM meta")
    Database(str(state)).close()
    assert query("PRAGMA user_version") == [(schema.VERSION,)]
    assert query("SELECT value FROM meta") == before
    assert query("SELECT state FROM target") == []


def test_an_empty_file_is_a_new_one(state: Path, query: Query) -> None:
    state.touch()
    Database(str(state)).close()
    assert query("SELECT count(*) FROM run") == [(0,)]


def test_every_setting_of_a_check_has_its_place_in_what_is_reused() -> None:
    """A new setting must be judged by stored facts, be part of the request, or be an expectation."""
    judged = {
        *("accept", "allow", "max_redirects", "max_time", "min_cert_days", "timeout", "insecure", "block_private"),
        *("retries", "keep_body"),
    }
    assert {field.name for field in fields(CheckSettings)} == {*identity._ASKED, *identity._EXPECTED, *judged}


MOUNTS = r"""
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:35 / /home rw shared:20 - nfs4 server:/home rw
41 40 254:2 / /home/local\040disk rw shared:21 - xfs /dev/vdb rw
42 22 0:36 / /mnt/win rw - cifs //server/share rw
43 22 0:37 / /mnt/ssh rw - fuse.sshfs me@server: rw
a line of another kind
"""


@on_posix
@pytest.mark.parametrize(
    ("path", "is_remote"),
    [
        ("/srv/links.db", False),
        ("/home/me/links.db", True),
        ("/homes/links.db", False),
        ("/home/local disk/links.db", False),
        ("/mnt/win/links.db", True),
        ("/mnt/ssh/links.db", True),
    ],
)
def test_a_network_file_system_is_told_from_others(path: str, *, is_remote: bool, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    assert is_on_network(path, str(mounts)) is is_remote


def test_without_a_list_of_mounts_a_file_counts_as_local(tmp_path: Path) -> None:
    assert is_on_network("/home/links.db", str(tmp_path / "none")) is False


async def test_on_a_network_file_system_the_rollback_journal_is_used(
    serve: Serve, state: Path, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urlcheck.store.database.is_on_network", lambda _: True)
    server = await serve(reply())
    [result] = await check([server.url], Settings(state=state))
    assert (result.cached, query("PRAGMA journal_mode")) == (False, [("delete",)])


@pytest.mark.parametrize("is_on_network", [True, False])
def test_a_file_without_a_log_is_not_opened_again_to_copy_one(
    state: Path, monkeypatch: pytest.MonkeyPatch, *, is_on_network: bool
) -> None:
    monkeypatch.setattr("urlcheck.store.database.is_on_network", lambda _: is_on_network)
    database = Database(str(state))
    opened: list[str] = []

    def connect(path: str) -> sqlite3.Connection:
        opened.append(path)
        return sqlite3.connect(path)

    monkeypatch.setattr("urlcheck.store.database.connect", connect)
    database.checkpoint()
    database.close()
    assert opened == ([] if is_on_network else [str(state)])


async def test_a_run_without_a_state_file_loads_no_sqlite(serve: Serve) -> None:
    server = await serve(reply())
    code = "import sys; from urlcheck.cli.program import run; run(sys.argv[1:]); print('sqlite3' in sys.modules)"
    process = await create_subprocess_exec(sys.executable, "-c", code, server.url, "-o", "jsonl", stdout=PIPE, stderr=PIPE)
    assert (await finish(process)).stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = 'text'",
        "UPDATE run SET started = 'text', ended = NULL",
        "UPDATE result SET n = 'text'; UPDATE run SET ended = NULL",
        "UPDATE result SET n = 9223372036854775807; UPDATE run SET ended = NULL",
    ],
)
async def test_values_that_no_urlcheck_writes_are_refused(state: Path, urlcheck: Urlcheck, change: str) -> None:
    run = (URL, "--retries", "0", "--state", str(state))
    await urlcheck(*run)
    with closing(sqlite3.connect(state)) as connection:
        connection.executescript(change)
    again = await urlcheck(*run)
    assert again.status == 2
    assert "internal error" not in again.stderr
    assert "damaged" in again.stderr
