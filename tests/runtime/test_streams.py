from __future__ import annotations

import io

import pytest

from tests.support.builders import NOT_FOUND, make_result, make_target
from urlcheck.reports.formats.github import GithubReporter
from urlcheck.reports.formats.markdown import MarkdownReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.settings import OutputSettings


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
