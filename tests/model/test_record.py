from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.builders import CHECKED_AT, FAILURE, NOT_FOUND, RESPONSE, make_result, make_target
from urlcheck.model.outcome import Hop
from urlcheck.model.record import list_file, make_record, title
from urlcheck.model.verdict import Verdict


def test_a_response_has_every_key_in_order() -> None:
    outcome = replace(RESPONSE, url="https://example.org/new", hops=(Hop(301, "https://example.org/old"),))
    record = make_record(make_result(outcome, make_target("example.org/old", "urls.txt", 3)))
    assert list(record.items()) == [
        ("url", "example.org/old"),
        ("ok", True),
        ("verdict", "ok"),
        ("status", 200),
        ("detail", "200 OK"),
        ("final_url", "https://example.org/new"),
        ("redirects", [{"status": 301, "url": "https://example.org/old"}]),
        ("elapsed_ms", 81.4),
        ("attempts", 1),
        ("address", "192.0.2.7"),
        ("cert_expires", "2027-01-31T23:59:59Z"),
        ("source", "urls.txt"),
        ("line", 3),
        ("checked_at", "2026-11-22T09:30:00.123Z"),
    ]


def test_an_entry_that_was_not_requested_has_every_key() -> None:
    record = make_record(make_result(target=make_target("ftp://example.org/")))
    assert list(record.items()) == [
        ("url", "ftp://example.org/"),
        ("ok", False),
        ("verdict", "invalid"),
        ("status", None),
        ("detail", "unsupported scheme 'ftp'"),
        ("final_url", None),
        ("redirects", []),
        ("elapsed_ms", None),
        ("attempts", 0),
        ("address", None),
        ("cert_expires", None),
        ("source", "arguments"),
        ("line", None),
        ("checked_at", "2026-11-22T09:30:00.123Z"),
    ]


def test_a_failure_says_where_it_ended_and_how_long_it_took() -> None:
    record = make_record(make_result(FAILURE, attempts=3))
    assert (record["verdict"], record["status"]) == ("connect", None)
    assert record["detail"] == "connection refused (3 attempts)"
    assert (record["final_url"], record["elapsed_ms"], record["attempts"]) == ("https://example.org/", 1500.0, 3)


def test_a_broken_redirect_has_the_last_status() -> None:
    assert make_record(make_result(replace(FAILURE, status=302)))["status"] == 302


def test_ok_and_verdict_are_separate_fields() -> None:
    record = make_record(make_result(NOT_FOUND, allow={Verdict.STATUS}))
    assert (record["ok"], record["verdict"]) == (True, "status")


def test_the_entry_is_shown_as_it_was_written() -> None:
    assert make_record(make_result(target=make_target("Example.org/é?q=%27#f")))["url"] == "Example.org/é?q=%27#f"


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("https://user:secret@example.org/?token=secret", "https://user:****@example.org/?token=****"),
        ("ftp://user:secret@example.org/", "ftp://user:****@example.org/"),
        ("https://user:sec ret@example.org/", "https://user:****@example.org/"),
        ("https://example.org/\x1b[31m", r"https://example.org/\x1b[31m"),
        ("https://example.org/\N{RIGHT-TO-LEFT OVERRIDE}", r"https://example.org/\u202e"),
        ("https://example.org/\udce9", r"https://example.org/\udce9"),
        ("https://example.org/[red]:smile:", "https://example.org/[red]:smile:"),
    ],
)
def test_the_entry_is_safe_to_show(entry: str, shown: str) -> None:
    assert make_record(make_result(target=make_target(entry)))["url"] == shown


def test_text_from_a_server_is_safe_to_show() -> None:
    hop = Hop(302, "https://example.org/?sig=secret#\x1b")
    record = make_record(make_result(replace(NOT_FOUND, url="https://example.org/#\udce9", hops=(hop,), reason="\x1b[2J")))
    assert record["detail"] == r"404 \x1b[2J"
    assert record["final_url"] == r"https://example.org/#\udce9"
    assert record["redirects"] == [{"status": 302, "url": r"https://example.org/?sig=****#\x1b"}]


def test_the_name_of_a_list_is_safe_to_show() -> None:
    assert make_record(make_result(target=make_target(source="\x1b.txt")))["source"] == r"\x1b.txt"


def test_a_detail_is_bounded() -> None:
    assert make_record(make_result(replace(NOT_FOUND, reason="x" * 10_000)))["detail"] == f"404 {'x' * 295}…"


def test_times_are_in_utc() -> None:
    expires = datetime(2027, 1, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=2)))
    result = make_result(replace(RESPONSE, cert_expires=expires))
    record = make_record(replace(result, checked_at=CHECKED_AT.astimezone(timezone(timedelta(hours=-5)))))
    assert record["cert_expires"] == "2027-01-31T21:59:59Z"
    assert record["checked_at"] == "2026-11-22T09:30:00.123Z"


@pytest.mark.parametrize(
    ("source", "line", "file"),
    [
        ("lists/urls.txt", 3, "lists/urls.txt"),
        ("./urls.txt", 3, "urls.txt"),
        ("../urls.txt", 3, "../urls.txt"),
        ("stdin", 3, None),
        ("arguments", None, None),
        ("arguments", 3, "arguments"),
    ],
)
def test_an_entry_of_a_list_stands_in_a_file(source: str, line: int | None, file: str | None) -> None:
    assert list_file(make_target(source=source, line=line)) == file


def test_the_name_of_a_target_is_the_last_key_and_only_where_there_is_one() -> None:
    target = replace(make_target(), name="api \x1b[2J")
    record = make_record(make_result(target=target))
    assert [*record] == [*make_record(make_result()), "name"]
    assert title(record) == r"api \x1b[2J: https://example.org/"
    assert title(make_record(make_result())) == "https://example.org/"


def test_a_detail_that_is_cut_still_says_how_many_attempts_were_made() -> None:
    record = make_record(make_result(replace(FAILURE, message="why " * 100), attempts=3))
    assert len(record["detail"]) == 300
    assert record["detail"].endswith("… (3 attempts)")


@pytest.mark.parametrize("expression", ["contains(@, 'a') == `3`", "x[?token=='hunter2']", "~a@b?sid=12345678"])
def test_an_expression_in_a_detail_is_not_spoiled(expression: str) -> None:
    result = replace(make_result(), verdict=Verdict.CONTENT, detail=f"{expression} is not true")
    assert make_record(result)["detail"] == f"{expression} is not true"


def test_a_url_in_such_a_detail_is_masked() -> None:
    result = replace(make_result(), verdict=Verdict.CONTENT, detail="Location: 'https://me:hunter2@a.example/?token=hunter2'")
    assert "hunter2" not in make_record(result)["detail"]
