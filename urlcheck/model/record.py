"""A result as reports show it: flat, with secrets masked and every text safe to print; every key is always present."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict, cast

from urlcheck.http.url import Url
from urlcheck.model.attempts import format_attempts
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.text.safe import MASK, clean, escape, mask, mask_broken, mask_urls
from urlcheck.text.secrets import hide
from urlcheck.text.url_secrets import SHORTEST, find_secrets_of_url

if TYPE_CHECKING:
    from urlcheck.model.result import Result

_DETAIL_LIMIT = 300
_SHORTEST_WITH_SECRET = len("200 ") + SHORTEST


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


class FullRecord(Record, total=False):
    """A record with the keys that only some runs have.

    `name`: that of a target; `worker`: the worker of a cluster that asked. All records of a run with a state file have
    `change` (new, still, fixed or null) and `cached`.
    """

    name: str
    worker: str
    change: str | None
    cached: bool


def make_record(result: Result) -> Record:
    """The record of a result; a `FullRecord` if the target has a name, a worker of a cluster asked, or the run has a state."""
    record = _describe(result)
    target = result.target
    if not (target.name or result.worker or target.identity):
        return record
    full = cast("FullRecord", record)
    if target.name:
        full["name"] = clean(target.name)
    if target.identity:
        full["change"] = result.change.value if result.change else None
        full["cached"] = result.cached
    if result.worker:
        full["worker"] = clean(result.worker)
    return full


def find_change(record: Record) -> str | None:
    """`new`, `still` or `fixed`; None where nothing changed, or there was nothing to compare with."""
    change: str | None = record.get("change")  # type: ignore[assignment]
    return change


def title(record: Record) -> str:
    """The title of a target in reports for people: its URL, after its name where it has one."""
    name = record.get("name")
    return f"{name}: {record['url']}" if name else record["url"]


def _describe(result: Result) -> Record:
    target, outcome = result.target, result.outcome
    url = shown_url(target)
    hide = choose_hiding(target, url)
    return Record(
        url=url,
        ok=result.ok,
        verdict=result.verdict.value,
        status=outcome.status if outcome else None,
        detail=_shorten_detail(hide(result.detail), format_attempts(result.attempts), result.verdict),
        final_url=(url if outcome.url == target.url else clean(hide(outcome.url))) if outcome else None,
        redirects=[Redirect(status=hop.status, url=clean(hide(hop.url))) for hop in outcome.hops] if outcome else [],
        elapsed_ms=round(outcome.elapsed * 1000, 1) if outcome else None,
        attempts=result.attempts,
        address=outcome.address if outcome else None,
        cert_expires=format_time(outcome.cert_expires) if outcome and outcome.cert_expires else None,
        source=escape(target.source),
        line=target.line,
        checked_at=format_time(result.checked_at, "milliseconds"),
    )


def _shorten_detail(detail: str, ending: str, verdict: Verdict) -> str:
    """The detail, safe and cut, with the number of attempts at its end all the same."""
    quotes_expression = verdict is Verdict.CONTENT  # in which an `@` or a `?key=` is no part of a URL
    kept = detail.removesuffix(ending) if ending else detail
    return clean(kept, _DETAIL_LIMIT - len(ending), mask_urls if quotes_expression else mask) + ending


def shown_url(target: Target) -> str:
    """The entry as the user wrote it, safe to show."""
    return clean(target.url) if target.request is not None else escape(mask_broken(target.url))


def hide_in_excerpt(result: Result) -> str | None:
    """The beginning of the body, without the secrets that the server sent back in it; it is not cleaned yet."""
    return result.excerpt and choose_hiding(result.target, shown_url(result.target))(result.excerpt)


def choose_hiding(target: Target, url: str) -> Callable[[str], str]:
    """A function that hides the run's secrets and those in the target's own URL, which is rarely shown with a mask."""
    request = target.request
    if not isinstance(request, Url) or (request.userinfo is None and MASK not in url):
        return hide

    def hide_own(text: str) -> str:
        if len(text) < _SHORTEST_WITH_SECRET:  # `200 OK` needs no search, nor that the secrets be found first
            return hide(text)
        return find_secrets_of_url(request.userinfo, request.target).hide(hide(text))

    return hide_own


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
