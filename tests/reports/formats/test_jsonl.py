from __future__ import annotations

import io
import json
from dataclasses import replace

from tests.support.builders import RESPONSE, make_result, make_target
from urlcheck.model.outcome import Hop
from urlcheck.model.result import Result
from urlcheck.reports.formats.jsonl import JsonlReporter
from urlcheck.reports.summary import Summary
from urlcheck.settings.output import OutputSettings


class Flushes(io.StringIO):
    """Keeps what had been written at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def flush(self) -> None:
        self.seen.append(self.getvalue())


def write(*results: Result) -> str:
    stream = io.StringIO()
    reporter = JsonlReporter(stream, OutputSettings())
    for result in results:
        reporter.add(result)
    reporter.close(Summary())
    return stream.getvalue()


def test_a_result_is_one_object_with_the_keys_in_order() -> None:
    outcome = replace(RESPONSE, url="https://example.org/new", hops=(Hop(301, "https://example.org/old"),))
    assert write(make_result(outcome, make_target("example.org/old", "urls.txt", 3))) == (
        '{"url":"example.org/old","ok":true,"verdict":"ok","status":200,"detail":"200 OK",'
        '"final_url":"https://example.org/new","redirects":[{"status":301,"url":"https://example.org/old"}],'
        '"elapsed_ms":81.4,"attempts":1,"address":"192.0.2.7","cert_expires":"2027-01-31T23:59:59Z",'
        '"source":"urls.txt","line":3,"checked_at":"2026-11-22T09:30:00.123Z"}\n'
    )


def test_what_is_missing_is_null() -> None:
    assert write(make_result(target=make_target("ftp://example.org/"))) == (
        '{"url":"ftp://example.org/","ok":false,"verdict":"invalid","status":null,'
        '"detail":"unsupported scheme \'ftp\'","final_url":null,"redirects":[],"elapsed_ms":null,"attempts":0,'
        '"address":null,"cert_expires":null,"source":"arguments","line":null,'
        '"checked_at":"2026-11-22T09:30:00.123Z"}\n'
    )


def test_results_are_written_in_order_of_completion_and_nothing_else_is() -> None:
    lines = write(*(make_result(target=make_target(f"{index}.example", index=index)) for index in (2, 0, 1))).splitlines()
    assert [json.loads(line)["url"] for line in lines] == ["2.example", "0.example", "1.example"]


def test_no_result_is_no_output() -> None:
    assert write() == ""


def test_the_stream_is_ascii_on_one_line_whatever_a_url_holds() -> None:
    entry = "https://例え.jp/\N{LINE SEPARATOR}\udce9\n\x1b👍"
    line = write(make_result(target=make_target(entry)))
    assert line.isascii()
    assert line.count("\n") == 1
    assert json.loads(line)["url"] == r"https://例え.jp/\u2028\udce9\x0a\x1b👍"
