"""What holds for every format, those to come included."""

from __future__ import annotations

import io
import re
import tracemalloc
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.builders import HOSTILE_TEXTS, NOT_FOUND, make_hostile_results, make_result, make_target
from urlcheck.model.outcome import Hop
from urlcheck.model.result import Result
from urlcheck.reports.outputs import Outputs
from urlcheck.reports.registry import FORMATS, load_reporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings

MEBIBYTE = 1024 * 1024


class Nowhere(io.StringIO):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


@pytest.fixture(params=FORMATS)
def name(request: pytest.FixtureRequest) -> str:
    format_name: str = request.param
    return format_name


def write(name: str, results: Iterable[Result], *, verbose: bool = False) -> str:
    stream = io.StringIO()
    summary = Summary()
    reporter = load_reporter(name)(stream, OutputSettings(verbose=verbose))
    for result in results:
        summary.add([result])
        reporter.add(result)
    reporter.close(summary)
    return stream.getvalue()


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_that_a_terminal_would_obey_is_written(name: str, verbose: bool) -> None:  # noqa: FBT001 - a parameter
    written = write(name, make_hostile_results(), verbose=verbose)
    categories = {unicodedata.category(char) for char in written if char not in "\n\t"}
    assert not categories & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_a_command_to_the_runner_of_a_ci_job(name: str, verbose: bool) -> None:  # noqa: FBT001 - a parameter
    results = [replace(result, excerpt="\n".join(HOSTILE_TEXTS)) for result in make_hostile_results()]
    written = write(name, results, verbose=verbose)
    assert not [line for line in written.splitlines() if re.search(r"##(vso|teamcity)?\[", line)]
    commands = {line.strip().split(" ")[0] for line in written.splitlines() if line.strip().startswith("::")}
    assert commands == ({"::error", "::notice"} if name == "github" else set())


@pytest.mark.parametrize("verbose", [False, True])
def test_no_secret_is_written(name: str, verbose: bool) -> None:  # noqa: FBT001 - a parameter
    url = "https://user:hunter2@example.org/?token=hunter2&api_key=hunter2"
    outcome = replace(NOT_FOUND, url=url, hops=(Hop(301, url),), reason=f"not at {url}")
    problems = [make_result(outcome, make_target(url)), make_result(target=make_target(f"{url} blank"))]
    written = write(name, problems, verbose=verbose)
    assert "example.org" in written
    assert "hunter2" not in written


def test_a_problem_is_told_with_its_url_and_reason(name: str) -> None:
    written = write(name, [make_result(NOT_FOUND)])
    assert "https://example.org/" in written
    assert "Not Found" in written


def test_a_run_without_a_url_ends_at_the_end_of_a_line(name: str) -> None:
    written = write(name, [])
    assert not written or written.endswith("\n")


def test_a_result_is_written_at_once_if_and_only_if_the_format_streams(name: str) -> None:
    stream = io.StringIO()
    reporter = load_reporter(name)(stream, OutputSettings())
    reporter.add(make_result(NOT_FOUND))
    assert bool(stream.getvalue()) == reporter.streams


def test_memory_does_not_grow_with_the_results(name: str) -> None:
    reporter = load_reporter(name)(Nowhere(), OutputSettings())

    def add(indices: range) -> None:
        for index in indices:
            url = f"https://example.org/{index}/".ljust(4_000, "x")
            reporter.add(make_result(replace(NOT_FOUND, url=url), make_target(url, index=index)))

    add(range(1_000))  # more than any format lists
    tracemalloc.start()
    try:
        add(range(1_000, 1_500))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < MEBIBYTE


def test_every_format_can_be_had_in_one_run(tmp_path: Path) -> None:
    files = {name: str(tmp_path / name) for name in FORMATS}
    summary = Summary()
    with Outputs(OutputSettings(outputs=tuple(files.items()))) as outputs:
        for result in make_hostile_results():
            summary.add([result])
            outputs.add([result])
        outputs.close(summary)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FORMATS)
    assert all(path.read_text("utf-8").endswith("\n") for path in tmp_path.iterdir())
