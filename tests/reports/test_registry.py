from __future__ import annotations

import os
from pathlib import Path

import pytest

import urlcheck as package
from tests.support.program import Urlcheck

# a format as another distribution would bring it
COUNTER = """
class Counter:
    streams = False

    def __init__(self, stream, settings):
        self.stream, self.count = stream, 0

    def add(self, result):
        self.count += 1

    def close(self, summary):
        self.stream.write(f"{self.count} of {summary.total}\\n")
"""


@pytest.fixture
def others(tmp_path: Path) -> dict[str, str]:
    """The environment of a program that finds another distribution, with two formats, one of which is broken."""
    folder = tmp_path / "others"
    (folder / "others-1.dist-info").mkdir(parents=True)
    (folder / "others-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    (folder / "others-1.dist-info" / "entry_points.txt").write_text(
        "[urlcheck.reporters]\ncounter = counter:Counter\nbroken = counter:Missing\ntable = counter:Counter\n"
    )
    (folder / "counter.py").write_text(COUNTER)
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(Path(package.__file__).parents[1])])}


async def test_a_format_of_another_distribution_is_one_like_any(urlcheck: Urlcheck, others: dict[str, str]) -> None:
    finished = await urlcheck("ftp://a", "ftp://b", "-o", "counter", env=others)
    assert (finished.status, finished.stdout, finished.stderr) == (1, "2 of 2\n", "")


async def test_a_format_of_another_distribution_takes_the_place_of_none(urlcheck: Urlcheck, others: dict[str, str]) -> None:
    finished = await urlcheck("ftp://a", "-o", "table", env=others)
    assert "✗ invalid" in finished.stdout


async def test_a_format_that_cannot_be_loaded_is_an_error_in_one_line(urlcheck: Urlcheck, others: dict[str, str]) -> None:
    finished = await urlcheck("ftp://a", "-o", "broken", env=others)
    assert (finished.status, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert finished.stderr.startswith("urlcheck: the format 'broken' cannot be loaded: AttributeError(")


async def test_an_unknown_format_is_refused_with_all_that_there_are(urlcheck: Urlcheck, others: dict[str, str]) -> None:
    finished = await urlcheck("ftp://a", "-o", "tabel", env=others)
    assert finished.status == 2
    assert "'tabel' is not a format; they are: table, jsonl, csv," in finished.stderr
    assert "counter" in finished.stderr
