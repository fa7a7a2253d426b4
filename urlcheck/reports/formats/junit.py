"""`-o junit`: JUnit XML, for the test reports of GitLab, Jenkins and others.

There is no standard; the elements and attributes are those that
[GitLab](https://docs.gitlab.com/ci/testing/unit_test_reports/) and Jenkins's junit plug-in read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar, TextIO
from xml.sax import saxutils  # writes, and parses nothing

from urlcheck.model.record import Record, format_time, list_file, make_record, title
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict
from urlcheck.reports.formats.spool import Spool
from urlcheck.reports.kinds import Kind
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings
from urlcheck.text.safe import escape


class JunitReporter:
    """A test case a URL, in order of completion: its class is the list that it stands in, which GitLab shows as the suite.

    An unchecked result is an error. The counts stand first, so the cases wait in a spool: memory does not grow with them.
    ASCII throughout.
    """

    streams: ClassVar[bool] = False

    def __init__(self, stream: TextIO, _: OutputSettings) -> None:
        self._stream = stream
        self._cases = Spool(errors="xmlcharrefreplace")
        self._total = self._failed = self._errors = self._skipped = 0

    def add(self, result: Result) -> None:
        record = make_record(result)
        file = list_file(result.target)
        self._total += 1
        is_error = _is_error(record)
        self._errors += is_error
        self._failed += not (record["ok"] or is_error)
        self._skipped += record["verdict"] == Verdict.SKIPPED
        attributes = _format_attributes(
            classname=record["source"],
            name=title(record),
            time=_format_seconds((record["elapsed_ms"] or 0) / 1000),
            file=file and escape(file),
            line=file and str(record["line"]),
        )
        outcome = _describe_outcome(record)
        self._cases.write(f"<testcase{attributes}>{outcome}</testcase>\n" if outcome else f"<testcase{attributes}/>\n")

    def close(self, summary: Summary) -> None:
        counts = {
            "tests": str(self._total),
            "failures": str(self._failed),
            "errors": str(self._errors),
            "skipped": str(self._skipped),
            "time": _format_seconds(summary.elapsed),
            "timestamp": format_time(datetime.now(UTC) - timedelta(seconds=summary.elapsed)),
        }
        attributes = _format_attributes(name="urlcheck", **counts)
        self._stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{attributes}>\n<testsuite{attributes}>\n')
        self._stream.write(f"<properties>{''.join(_list_properties(summary))}</properties>\n")
        self._cases.copy_to(self._stream)
        if summary.notes:
            self._stream.write(_make_element("system-err", "\n".join(summary.notes)) + "\n")
        self._stream.write("</testsuite>\n</testsuites>\n")


def _describe_outcome(record: Record) -> str:
    """The element in a test case that says what happened; none where all is well."""
    if record["verdict"] == Verdict.SKIPPED:
        return _make_element("skipped", record["detail"], message=record["detail"])
    if record["verdict"] == Verdict.OK:
        return ""
    evidence = "\n".join(_list_evidence(record))
    if record["ok"]:  # allowed: it passes, but not without a word
        return _make_element("system-out", evidence)
    name = "error" if _is_error(record) else "failure"
    return _make_element(name, evidence, message=record["detail"], type=record["verdict"])


def _is_error(record: Record) -> bool:
    """Whether the URL was not checked, and that fails the run."""
    return record["verdict"] == Verdict.UNCHECKED and not record["ok"]


def _list_properties(summary: Summary) -> Iterable[str]:
    """The number of results of each kind, as properties: JUnit has no attribute for allowed results."""
    for kind in Kind:
        yield f"<property{_format_attributes(name=kind, value=str(summary.kinds[kind]))}/>"


def _list_evidence(record: Record) -> Iterable[str]:
    """The lines that say how the verdict came about; the detail too, as GitLab reads no attribute here."""
    yield f"{record['verdict']}: {record['detail']}"
    for hop in record["redirects"]:
        yield f"{hop['status']} {hop['url']}"
    if record["redirects"]:
        yield f"ended at {record['final_url']}"
    if record["address"]:
        yield f"address {record['address']}"
    if record["cert_expires"]:
        yield f"certificate until {record['cert_expires']}"


def _make_element(name: str, text: str, **attributes: str) -> str:
    return f"<{name}{_format_attributes(**attributes)}>{saxutils.escape(text)}</{name}>"


def _format_attributes(**attributes: str | None) -> str:
    return "".join(f" {name}={saxutils.quoteattr(text)}" for name, text in attributes.items() if text is not None)


def _format_seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
