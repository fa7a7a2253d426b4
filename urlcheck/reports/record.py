"""A result as the reports show it: flat, every text safe, every key always present."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TypedDict

from urlcheck.model.nouns import Result, Target
from urlcheck.text.safe import clean, escape, hide, mask_broken

_DETAIL_LIMIT = 300


class Redirect(TypedDict):
    """One hop: the URL that was asked, and the 3xx it answered."""

    status: int
    url: str


class Record(TypedDict):
    """The keys of a JSON line, in their order; `elapsed_ms` in milliseconds, times in ISO 8601, UTC."""

    url: str
    ok: bool
    verdict: str
    status: int | None
    detail: str
    final_url: str | None
    redirects: list[Redirect]
    elapsed_ms: float | None
    attempts: int
    address: str | None
    cert_expires: str | None
    source: str
    line: int | None
    checked_at: str


class NamedRecord(Record):
    """The record of a target that has a name."""

    name: str


def make_record(result: Result) -> Record:
    """The record of a result; of a target that has a name, a `NamedRecord`."""
    record = _describe(result)
    return NamedRecord(**record, name=clean(result.target.name)) if result.target.name else record


def title(record: Record) -> str:
    """What a target is called where people read of it: its URL, after its name where it has one."""
    name = record.get("name")
    return f"{name}: {record['url']}" if name else record["url"]


def _describe(result: Result) -> Record:
    target, outcome = result.target, result.outcome
    url = shown_url(target)
    return Record(
        url=url,
        ok=result.ok,
        verdict=result.verdict.value,
        status=outcome.status if outcome else None,
        detail=clean(hide(result.detail), _DETAIL_LIMIT),
        final_url=(url if outcome.url == target.url else clean(outcome.url)) if outcome else None,
        redirects=[Redirect(status=hop.status, url=clean(hop.url)) for hop in outcome.hops] if outcome else [],
        elapsed_ms=round(outcome.elapsed * 1000, 1) if outcome else None,
        attempts=result.attempts,
        address=outcome.address if outcome else None,
        cert_expires=format_time(outcome.cert_expires) if outcome and outcome.cert_expires else None,
        source=escape(target.source),
        line=target.line,
        checked_at=format_time(result.checked_at, "milliseconds"),
    )


def shown_url(target: Target) -> str:
    """The entry as the user wrote it, safe to show."""
    return clean(target.url) if target.is_url else escape(mask_broken(target.url))


def list_file(target: Target) -> str | None:
    """The file that the entry stands in, as it was named, with forward slashes; None for arguments and standard input.

    It is not safe to show: `escape` it, or encode it.
    """
    if target.line is None or target.source == "stdin":
        return None
    return target.source.replace(os.sep, "/").removeprefix("./")


def format_time(time: datetime, timespec: str = "seconds") -> str:
    """ISO 8601, UTC: `2026-11-22T09:30:00Z`."""
    return time.astimezone(UTC).isoformat(timespec=timespec)[: -len("+00:00")] + "Z"
