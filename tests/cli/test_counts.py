from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.support.marks import on_posix
from tests.support.program import Finished, Launch, Urlcheck, finish
from tests.support.servers import RawServer, Serve, hold


async def test_where_all_was_skipped_nothing_was_checked(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("".join(f"http://127.0.0.1:9/{number}\n" for number in range(1000)))
    finished = await urlcheck("-f", "urls.txt", "--include", "htps://")
    assert (finished.status, finished.stderr) == (2, "urlcheck: nothing was checked: all 1,000 URLs were skipped\n")
    assert "passed" not in finished.stdout.replace("0 passed", "")


async def test_a_run_that_may_be_empty_may_skip_everything(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("http://127.0.0.1:9/", "--include", "htps://", "--allow-empty", "-o", "html")
    assert finished.status == 0
    assert "No URL was checked, 1 skipped" in finished.stdout


async def test_an_entry_that_is_no_url_beside_skipped_ones_fails_the_run(urlcheck: Urlcheck) -> None:
    assert (await urlcheck("ftp://host", "http://127.0.0.1:9/", "--include", "htps://")).status == 1


async def test_a_report_in_a_file_leaves_the_table_on_standard_output(urlcheck: Urlcheck, tmp_path: Path, site: str) -> None:
    finished = await urlcheck(f"{site}/health", "-o", "jsonl=out.jsonl")
    assert "✓ 200" in finished.stdout
    assert json.loads((tmp_path / "out.jsonl").read_text())["verdict"] == "ok"


async def test_a_hyphen_for_a_file_is_standard_output(urlcheck: Urlcheck, tmp_path: Path, site: str) -> None:
    finished = await urlcheck(f"{site}/health", "-o", "jsonl=-")
    assert [record["verdict"] for record in finished.records] == ["ok"]
    assert list(tmp_path.iterdir()) == []


async def test_quiet_prints_nothing_where_everything_passed(urlcheck: Urlcheck, site: str) -> None:
    finished = await urlcheck(f"{site}/health", "-q")
    assert (finished.status, finished.stdout, finished.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-4", "-6"], "-4: cannot be used together with -6"),
        (["-6", "-4"], "-6: cannot be used together with -4"),
        (["-q", "-v"], "--quiet: cannot be used together with --verbose"),
        (["--accept", "600"], "'600': servers answer with statuses from 100 to 599, or 999"),
        (["--accept", "0xx"], "'0xx': servers answer with statuses from 100 to 599, or 999"),
        (["--accept", "200-999"], "'200-999': servers answer with statuses from 100 to 599, or 999"),
    ],
)
async def test_options_that_make_no_sense_are_refused(urlcheck: Urlcheck, options: list[str], said: str) -> None:
    finished = await urlcheck("ftp://host", *options)
    assert (finished.status, finished.stdout) == (2, "")
    assert said in finished.stderr


@pytest.fixture
async def silent(serve: Serve) -> RawServer:
    """Never answers."""
    return await serve(hold)


@on_posix
async def test_after_ctrl_c_what_was_read_and_not_checked_is_no_failure(launch: Launch, silent: RawServer) -> None:
    process = await launch(f"{silent.url}/a", f"{silent.url}/b")
    await silent.until_asked()
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert finished.status == 130
    assert "  0 checked   0 passed   ! 2 read and not checked   in " in finished.stdout
    assert "failed" not in finished.stdout


async def test_a_list_that_cannot_be_read_is_one_line_and_no_report(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("http://a.example\n", encoding="utf-16")
    finished = await urlcheck("-f", "urls.txt")
    assert finished == Finished(2, "", "urlcheck: urls.txt is UTF-16 text, not UTF-8; iconv -f UTF-16 -t UTF-8 converts it\n")


async def test_a_list_that_is_no_list_for_the_most_part_is_noted(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Links\n- [a](http://a.example)\n- [b](http://b.example)\nand no more\n")
    finished = await urlcheck("-f", "page.md", "-o", "jsonl")
    assert "urlcheck: 3 of 3 entries are no URLs; a list has one URL per line and nothing else\n" in finished.stderr


async def test_a_list_with_few_faults_is_not_noted(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text(
        "ftp://a\nftp://b\nftp://c\nhttp://127.0.0.1:9/1\nhttp://127.0.0.1:9/2\nhttp://127.0.0.1:9/3\n"
    )
    assert "are no URLs" not in (await urlcheck("-f", "urls.txt", "-o", "jsonl", "-r", "0")).stderr


async def test_an_argument_that_names_a_file_is_told_how_to_check_its_lines(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").touch()
    finished = await urlcheck("urls.txt")
    assert (finished.status, finished.stdout) == (2, "")
    assert finished.stderr == "urlcheck: urls.txt is a file: --file urls.txt checks its lines\n"


async def test_an_argument_that_names_a_folder_is_told_so(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    assert "urlcheck: docs is a folder: " in (await urlcheck("docs")).stderr


async def test_a_url_with_a_scheme_or_a_base_is_no_file(urlcheck: Urlcheck, tmp_path: Path, site: str) -> None:
    (tmp_path / "health").touch()
    assert (await urlcheck("./health", "--base-url", site)).status == 0
