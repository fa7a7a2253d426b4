from __future__ import annotations

import io
import os

import pytest

from tests.support.builders import NOT_FOUND, make_result, make_target
from urlcheck.reports.formats.github import GithubReporter
from urlcheck.reports.formats.markdown import MarkdownReporter
from urlcheck.reports.summary import Summary
from urlcheck.runtime.streams import measure_width
from urlcheck.settings.output import OutputSettings


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("reporter", [MarkdownReporter, GithubReporter])
def test_a_format_of_ci_jobs_is_utf_8_whatever_the_encoding_of_the_stream(
    encoding: str, reporter: type[MarkdownReporter | GithubReporter]
) -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding, errors="backslashreplace")
    report, summary = reporter(stream, OutputSettings()), Summary()
    result = make_result(NOT_FOUND, make_target("https://example.org/é", "urls.txt", 1))
    report.add(result)
    summary.add([result])
    report.close(summary)
    stream.flush()
    assert "https://example.org/é" in data.getvalue().decode("utf-8")
    assert rb"\u" not in data.getvalue()


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("0", 80), ("wide", 80), ("", 80)])
def test_the_width_is_that_of_the_variable_or_80_where_there_is_no_terminal(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def has_no_terminal(descriptor: int) -> os.terminal_size:
        raise OSError(descriptor)

    monkeypatch.setattr(os, "get_terminal_size", has_no_terminal)
    monkeypatch.setenv("COLUMNS", columns)
    assert measure_width() == width
