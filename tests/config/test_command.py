from __future__ import annotations

import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest
import trustme

from tests.manual.pages import PAGES, blocks
from tests.support.program import Launch, Urlcheck, finish
from tests.support.servers import Serve, reply, tls_with

pytestmark = pytest.mark.user

EXAMPLE, SHOWN = blocks(PAGES["configuration"], "toml")

CODE = "import sys; from urlcheck.cli.program import run; run(); print(*sys.modules, sep='\\n', file=sys.stderr)"


@pytest.fixture
def example(tmp_path: Path, site: str) -> dict[str, str]:
    """The example of the manual, and the environment that it needs."""
    (tmp_path / "urlcheck.toml").write_text(EXAMPLE, encoding="utf-8")
    return {"SITE": site, "TOKEN": "demo"}


async def test_the_example_of_the_manual_checks_the_demo_site(urlcheck: Urlcheck, example: dict[str, str]) -> None:
    finished = await urlcheck("-o", "jsonl", env=example)
    assert finished.stderr == ""
    assert {record["name"]: (record["ok"], record["verdict"], record["status"]) for record in finished.records} == {
        "home page, without its body": (True, "ok", 200),
        "users": (True, "ok", 200),
        "health": (True, "ok", 200),
        "account": (True, "ok", 200),
        "account, without the token": (True, "ok", 401),
        "moved": (True, "ok", 302),
        "moved three times": (True, "ok", 200),
        "gone or missing": (True, "ok", 404),
        "slow, as expected": (True, "ok", 200),
        "flaky, which is known": (True, "status", 503),
    }
    assert finished.status == 0


async def test_print_config_prints_the_example_as_the_manual_shows(urlcheck: Urlcheck, example: dict[str, str]) -> None:
    shown = (await urlcheck("--retries", "1", "--print-config", env=example)).stdout.splitlines()
    assert [line for line in SHOWN.splitlines() if not line.startswith("# …") and line not in shown] == []


async def test_a_target_stands_in_its_file_at_its_line(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urlcheck.toml").write_text("[[target]]\nname = 'first'\nurl = 'ftp://a'\n\n[[target]]\nurl = 'ftp://b'\n")
    finished = await urlcheck("-o", "jsonl", "-o", "github=out.txt", "--config", "urlcheck.toml")
    first, second = finished.records
    assert [(record["source"], record["line"]) for record in (first, second)] == [("urlcheck.toml", 3), ("urlcheck.toml", 6)]
    assert (first["name"], "name" in second) == ("first", False)
    assert "::error file=urlcheck.toml,line=3," in (tmp_path / "out.txt").read_text()


async def test_an_open_standard_input_is_not_touched_where_the_file_has_targets(
    launch: Launch, example: dict[str, str]
) -> None:
    assert (await finish(await launch(stdin=PIPE, env=example))).status == 0


async def test_standard_input_is_read_where_the_file_names_nothing_to_check(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urlcheck.toml").write_text("retries = 0\n")
    assert (await urlcheck("-o", "jsonl", stdin=b"ftp://piped\n")).verdicts == {"ftp://piped": "invalid"}


async def test_what_is_piped_in_is_read_where_that_is_said(urlcheck: Urlcheck, example: dict[str, str]) -> None:
    assert (await urlcheck("-", "-o", "jsonl", stdin=b"ftp://piped\n", env=example)).verdicts == {"ftp://piped": "invalid"}


async def test_lists_of_the_file_come_after_its_targets(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urlcheck.toml").write_text("file = 'a.txt'\noutput = 'csv'\n[[target]]\nurl = 'ftp://target'\nname = 'T'\n")
    (tmp_path / "a.txt").write_text("ftp://list\n")
    header, *rows = (await urlcheck()).stdout.splitlines()
    assert [row.split(",")[0] for row in rows] == ["ftp://target", "ftp://list"]
    assert {len(row.split(",")) for row in rows} == {len(header.split(","))}


async def test_a_target_with_settings_of_its_own_is_no_duplicate(urlcheck: Urlcheck, tmp_path: Path, site: str) -> None:
    lines = [f"[[target]]\nurl = '{site}/status/404'\n{own}" for own in ("accept = 404", "", "accept = 404", "", "")]
    (tmp_path / "urlcheck.toml").write_text("retries = 0\n" + "\n".join(lines))
    finished = await urlcheck("-o", "jsonl=out.jsonl")
    assert "  3 URLs   ✓ 2 passed   ✗ 1 failed   2 duplicates " in finished.stdout


async def test_targets_are_left_out_as_any_url_is(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urlcheck.toml").write_text("[[target]]\nurl = '127.0.0.1:9/a'\ntimeout = 1\n")
    assert (await urlcheck("-o", "jsonl", "--exclude", "/a")).verdicts == {"127.0.0.1:9/a": "skipped"}


async def test_a_target_that_is_not_verified_is_said(urlcheck: Urlcheck, tmp_path: Path, serve: Serve, ca: trustme.CA) -> None:
    server = await serve(reply(), tls_with(ca.issue_cert("localhost")))
    (tmp_path / "urlcheck.toml").write_text(f"retries = 0\n[[target]]\nurl = '{server.url}'\ninsecure = true\n")
    finished = await urlcheck("-j", "2")
    assert finished.status == 0
    assert "! TLS certificates were not verified" in finished.stdout


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("output", ["jsonl", "table", "junit"])
async def test_what_a_variable_holds_is_in_no_report(
    urlcheck: Urlcheck, tmp_path: Path, site: str, processes: str, output: str
) -> None:
    lines = "".join(
        f"[[target]]\nurl = '{site}/users'\n{line}\n"
        for line in (
            "expect-header = 'Content-Type: ${TOKEN}'",
            "expect-text = 'x ${TOKEN}'",
            "expect-regex = 'x ${TOKEN}'",
            "expect-json = \"'${TOKEN}' == 'x'\"",
        )
    )
    (tmp_path / "urlcheck.toml").write_text(lines)
    token = "hunter2" + "0123456789abcdef" * 10
    finished = await urlcheck("-o", output, "-j", processes, env={"TOKEN": token})
    assert finished.status == 1
    assert "hunter2" not in finished.stdout
    assert finished.stdout.count("${TOKEN}") >= 4


async def test_nor_in_a_body_that_sends_it_back(urlcheck: Urlcheck, tmp_path: Path, serve: Serve) -> None:
    server = await serve(reply(body=b"you sent hunter2, I think"))
    (tmp_path / "urlcheck.toml").write_text(
        f"expect-text = 'x'\nshow-body = true\n[[target]]\nurl = '{server.url}'\nheader = 'X-Token: ${{TOKEN}}'"
    )
    finished = await urlcheck(env={"TOKEN": "hunter2"})
    assert finished.status == 1
    assert "hunter2" not in finished.stdout
    assert "you sent ${TOKEN}, I think" in finished.stdout


@pytest.mark.parametrize(
    ("arguments", "text", "modules"),
    [
        (["--help"], "retries = 0", set[str]()),
        (["ftp://x"], None, set[str]()),
        (["ftp://x", "--no-config"], "retries = 0", set[str]()),
        (["ftp://x"], "retries = 0", {"tomllib", "urlcheck.config.layers"}),
    ],
)
async def test_only_those_who_have_a_file_pay_for_it(
    tmp_path: Path, arguments: list[str], text: str | None, modules: set[str]
) -> None:
    if text:
        (tmp_path / "urlcheck.toml").write_text(text)
    process = await create_subprocess_exec(sys.executable, "-c", CODE, *arguments, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
    imported = {*(await finish(process)).stderr.split()}
    assert imported & {"tomllib", "urlcheck.config.layers"} == modules


async def test_help_imports_nothing_that_is_slow_to_import() -> None:
    process = await create_subprocess_exec(sys.executable, "-c", CODE, "--help", stdout=PIPE, stderr=PIPE)
    imported = {*(await finish(process)).stderr.split()}
    slow = {"aiohttp", "asyncio", "json", "logging", "rich", "shutil", "sqlite3", "ssl", "urllib.parse"}
    assert imported & slow == set()
