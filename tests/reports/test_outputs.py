from __future__ import annotations

import errno
import json
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import NOT_FOUND, make_result
from tests.support.marks import on_posix
from urlcheck.model.errors import OutputError
from urlcheck.reports import outputs as outputs_module
from urlcheck.reports.outputs import Outputs, list_outputs
from urlcheck.reports.registry import FORMATS, load_reporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings

pytestmark = pytest.mark.user


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def open_outputs(*outputs: tuple[str, str | None]) -> Outputs:
    return Outputs(OutputSettings(outputs=outputs))


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_appears_when_it_is_whole(folder: Path) -> None:
    report = folder / "report.txt"
    with open_outputs(("table", "report.txt")) as outputs:
        outputs.add([make_result()])
        assert not report.exists()
        outputs.close(Summary())
        assert "✓ 200" in report.read_text("utf-8")
    assert list_files(folder) == ["report.txt"]


def test_a_report_of_before_stays_until_the_new_one_is_whole(folder: Path) -> None:
    report = folder / "report.txt"
    report.write_text("before")
    with open_outputs(("table", "report.txt")) as outputs:
        outputs.add([make_result()])
        assert report.read_text() == "before"
        outputs.close(Summary())
    assert "before" not in report.read_text("utf-8")


def test_a_report_that_is_broken_off_does_not_appear(folder: Path) -> None:
    with suppress(KeyboardInterrupt), open_outputs(("table", "report.txt")) as outputs:
        outputs.add([make_result()])
        raise KeyboardInterrupt
    assert list_files(folder) == []


def test_a_streamed_report_is_flushed_after_each_batch(folder: Path) -> None:
    with open_outputs(("jsonl", "urls.jsonl")) as outputs:
        for count in (1, 2):
            outputs.add([make_result()])
            assert (folder / "urls.jsonl").read_text().count("\n") == count


def test_a_stream_that_is_broken_off_keeps_its_lines(folder: Path) -> None:
    with suppress(KeyboardInterrupt), open_outputs(("jsonl", "urls.jsonl")) as outputs:
        outputs.add([make_result()])
        raise KeyboardInterrupt
    assert json.loads((folder / "urls.jsonl").read_text())["verdict"] == "ok"


def test_every_output_has_every_result(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_outputs(("jsonl", None), ("jsonl", "urls.jsonl"), ("table", "report.txt")) as outputs:
        outputs.add([make_result()])
        outputs.add([make_result(NOT_FOUND)])
        outputs.close(Summary())
    assert capsys.readouterr().out == (folder / "urls.jsonl").read_text()
    assert (folder / "urls.jsonl").read_text().count("\n") == 2
    assert "✗ 404" in (folder / "report.txt").read_text("utf-8")


def test_standard_output_is_left_open(capsys: pytest.CaptureFixture[str]) -> None:
    with open_outputs(("table", None)) as outputs:
        outputs.close(Summary())
    print("still open")  # noqa: T201
    assert capsys.readouterr().out.endswith("still open\n")


@pytest.mark.parametrize("name", ["table", "jsonl"])
def test_an_output_that_cannot_be_opened_is_an_error_at_once(name: str) -> None:
    with pytest.raises(OutputError, match=r"^cannot write no/such/report: No such file or directory$"):
        open_outputs((name, "no/such/report"))


def test_a_folder_is_no_output(folder: Path) -> None:
    (folder / "reports").mkdir()
    with pytest.raises(OutputError, match=r"^cannot write reports: Is a directory$"):
        open_outputs(("table", "reports"))


def test_nothing_is_left_of_a_report_where_another_output_cannot_be_opened(folder: Path) -> None:
    with pytest.raises(OutputError):
        open_outputs(("table", "report.txt"), ("jsonl", "no/such/report"))
    assert list_files(folder) == []


def test_a_report_that_cannot_be_put_in_its_place_is_an_error(folder: Path) -> None:
    with open_outputs(("table", "report.txt")) as outputs:
        (folder / "report.txt").mkdir()
        with pytest.raises(OutputError, match=r"^cannot write .*report.txt"):
            outputs.close(Summary())
    assert list_files(folder) == ["report.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("name", ["table", "jsonl"])
def test_a_full_disk_is_an_error(name: str) -> None:
    with pytest.raises(OutputError, match=r"No space left on device$"), open_outputs((name, "/dev/full")) as outputs:  # noqa: PT012
        outputs.add([make_result()])
        outputs.close(Summary())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("name", FORMATS)
def test_the_other_reports_are_completed_where_one_cannot_be_written(folder: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"^cannot write /dev/full: No space left on device$"):  # noqa: PT012, SIM117
        with open_outputs((name, "/dev/full"), ("table", "report.txt"), ("jsonl", "urls.jsonl")) as outputs:
            for _ in range(2):
                outputs.add([make_result()])
            outputs.close(Summary())
    assert (folder / "report.txt").read_text("utf-8").count("✓ 200") == 2
    assert (folder / "urls.jsonl").read_text().count("\n") == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_run_without_an_output_that_can_be_written_ends_at_once() -> None:
    settings = OutputSettings(outputs=[("jsonl", "/dev/full")], quiet=True)
    with Outputs(settings) as outputs, pytest.raises(OutputError):
        outputs.add([make_result()])


@pytest.mark.skipif(os.name == "nt", reason="modes as POSIX has them")
def test_a_report_keeps_the_mode_of_the_one_that_it_replaces(folder: Path) -> None:
    report = folder / "report.txt"
    report.touch(0o600)
    with open_outputs(("table", "report.txt")) as outputs:
        outputs.close(Summary())
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_nothing_is_left_where_the_mode_cannot_be_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "report.txt").touch()
    monkeypatch.setattr("shutil.copymode", raise_permission_error)
    with pytest.raises(OutputError), open_outputs(("table", "report.txt")):
        pass
    assert [file.name for file in folder.iterdir()] == ["report.txt"]


def raise_permission_error(*_: str) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@on_posix
def test_a_new_report_has_the_mode_of_any_new_file(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        with open_outputs(("table", "report.txt")) as outputs:
            outputs.close(Summary())
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "report.txt").stat().st_mode) == 0o640


def test_the_temporary_name_of_a_report_is_random(folder: Path) -> None:
    with open_outputs(("table", "report.txt"), ("junit", "report.xml")):
        first, second = [file.removesuffix(".part").rpartition(".")[2] for file in list_files(folder)]
    assert first != second
    assert len(first) == len(second) == 16


@on_posix
def test_a_symbolic_link_with_the_temporary_name_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "urandom", lambda size: b"\xfe" * size)
    (folder / "precious").write_text("kept")
    (folder / f"report.txt.{'fe' * 8}.part").symlink_to("precious")
    with pytest.raises(OutputError, match=r"^cannot write report.txt: File exists$"):
        open_outputs(("table", "report.txt"))
    assert (folder / "precious").read_text() == "kept"
    assert list_files(folder) == ["precious", f"report.txt.{'fe' * 8}.part"]


class Stumbling:
    """A format of another distribution, which raises what nobody thought of."""

    streams = False
    stumbles_at = ""

    def __init__(self, *_: object) -> None:
        self._stumble("init")

    def add(self, _: object) -> None:
        self._stumble("add")

    def close(self, _: object) -> None:
        self._stumble("close")

    def _stumble(self, step: str) -> None:
        if step == self.stumbles_at:
            raise LookupError("https://me:s3cret@host/\x1b[2J")


@pytest.fixture(params=["init", "add", "close"])
def stumbling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the format `other` raises."""
    step: str = request.param
    monkeypatch.setattr(Stumbling, "stumbles_at", step)
    monkeypatch.setattr(outputs_module, "load_reporter", lambda name: Stumbling if name == "other" else load_reporter(name))
    return step


def test_an_error_of_a_plug_in_format_is_one_line_and_the_other_reports_are_whole(folder: Path, stumbling: str) -> None:
    said = re.escape(r"the format 'other' failed: LookupError('https://me:****@host/\x1b[2J')")
    with pytest.raises(OutputError, match=f"^{said}$"):  # noqa: PT012, SIM117
        with open_outputs(("table", "report.txt"), ("other", "other.txt"), ("jsonl", "urls.jsonl")) as outputs:
            outputs.add([make_result()])
            outputs.close(Summary())
    assert list_files(folder) == ([] if stumbling == "init" else ["report.txt", "urls.jsonl"])


def test_nothing_is_left_where_opening_the_outputs_is_broken_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outputs_module, "load_reporter", lambda _: Stumbling)
    monkeypatch.setattr(Stumbling, "_stumble", interrupt)
    with pytest.raises(KeyboardInterrupt):
        open_outputs(("other", "report.txt"))
    assert list_files(folder) == []


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="a file that is no regular one")
def test_a_device_is_written_to_and_not_replaced() -> None:
    with open_outputs(("table", "/dev/null")) as outputs:
        outputs.add([make_result()])
        outputs.close(Summary())
    assert not Path("/dev/null").is_file()


def test_a_report_in_a_file_does_not_silence_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with open_outputs(("jsonl", "report.jsonl")) as outputs:
        outputs.add([make_result()])
        outputs.close(Summary())
    assert "✓ 200" in capsys.readouterr().out


@pytest.mark.parametrize("settings", [{"quiet": True}, {"outputs": [("jsonl", "report.jsonl"), ("github", None)]}])
def test_quiet_or_another_report_takes_the_place_of_the_table(settings: dict[str, Any]) -> None:
    output = OutputSettings(**({"outputs": [("jsonl", "report.jsonl")]} | settings))
    assert list_outputs(output) == list(output.outputs)


@on_posix
def test_a_file_that_is_standard_output_takes_the_place_of_the_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "out").open("w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert len(list_outputs(OutputSettings(outputs=[("jsonl", "out")]))) == 1
        assert len(list_outputs(OutputSettings(outputs=[("jsonl", "other")]))) == 2


def test_where_standard_output_is_closed_there_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert list_outputs(OutputSettings(outputs=[("jsonl", "out")])) == [("jsonl", "out")]


@on_posix
def test_a_link_to_a_pipe_is_written_through(folder: Path) -> None:
    reading, writing = os.pipe()
    (folder / "link").symlink_to(f"/dev/fd/{writing}")
    with open_outputs(("jsonl", "link")) as outputs:
        outputs.add([make_result()])
        outputs.close(Summary())
    os.close(writing)
    with open(reading, encoding="utf-8") as written:
        assert '"verdict":"ok"' in written.read()
