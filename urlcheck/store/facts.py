"""Results as they are stored, and back: facts without a body, headers or a secret, as JSON that SQL can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import msgspec

from urlcheck.http.headers import Headers
from urlcheck.http.url import Url
from urlcheck.model.attempts import format_attempts
from urlcheck.model.outcome import Failure, FailureKind, Hop, Outcome, Response
from urlcheck.model.record import choose_hiding, make_record, shown_url
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.policy.walls import find_wall
from urlcheck.settings.scopes import CheckSettings
from urlcheck.store.connection import DAMAGED
from urlcheck.store.identity import Asked
from urlcheck.text.safe import clean

# the end of a detail that quotes the answer: headers and bodies are not stored
_EVIDENCE = re.compile(r"(?:(?P<kept> is (?:false|null|\"\"|\[\]|\{\})) \(| \((?:it is|it begins) ).*", re.DOTALL)
# details that need no look for secrets
_USUAL = frozenset({"200 OK"})
# the URL of a target that is not requested again; the one that was may have held a secret
_NOT_REQUESTED = Url("http", "stored.invalid", 80, "/")
_FAILURES = {kind.value: kind for kind in FailureKind}


class Facts(msgspec.Struct, omit_defaults=True, gc=False):
    """The facts of a check. `elapsed` in microseconds; `cert_expires` in seconds since 1970, UTC.

    `asked` and `met` stand for the request and for the expectations that the answer met; `is_wall`: it may be that of a bot
    wall; `insecure`, `block_private`: as in the settings. `source`, `line` and `name` are where the URL stood; `check` is the
    number of its settings in the run.
    """

    detail: str = ""
    status: int | None = None
    final_url: str | None = None
    redirects: list[tuple[int, str]] = []
    elapsed: int | None = None
    address: str | None = None
    cert_expires: int | None = None
    attempts: int = 1
    source: str = ""
    line: int | None = None
    name: str | None = None
    asked: int = 0
    met: int = 0
    is_wall: bool = False
    insecure: bool = False
    block_private: bool = False
    check: int = 0


_encode = msgspec.json.Encoder().encode
_facts = msgspec.json.Decoder(Facts)
Value = int | str
Row = tuple[int, int, str, str, int, int, str]
NumberedRow = tuple[int, int, int, str, str, int, int, str]
_rows = msgspec.json.Decoder(list[NumberedRow])
_known = msgspec.json.Decoder(list[tuple[int, int, str]])

_Decoded = TypeVar("_Decoded")


def read_rows(text: bytes) -> list[NumberedRow]:
    """Rows of the table `result`, as JSON. Like the functions below it raises `ValueError` for a text from elsewhere."""
    return _decode(_rows, text)


def read_known(text: bytes) -> list[tuple[int, int, str]]:
    """Identity, time and facts of targets, as JSON."""
    return _decode(_known, text)


def _decode(decoder: msgspec.json.Decoder[_Decoded], text: bytes | str) -> _Decoded:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError:
        raise ValueError(DAMAGED) from None


def pack(result: Result, asked: Asked) -> Row:
    """A row of the table `result`, without its number: position, identity, URL, verdict, time, whether it is cached, facts."""
    target = result.target
    url = target.url
    if target.request is None or "@" in url or "=" in url or "#" in url or not url.isprintable():
        url = shown_url(target)
    verdict = "ok" if result.verdict is Verdict.OK else result.verdict.value
    checked_at = int(result.checked_at.timestamp() * 1000)
    facts = _encode(_pack_facts(result, url, asked)).decode()
    return target.index, target.identity, url, verdict, checked_at, 1 if result.cached else 0, facts


def _pack_facts(result: Result, url: str, asked: Asked) -> Facts:
    target, outcome = result.target, result.outcome
    redirects: list[tuple[int, str]] = []
    if outcome is None or outcome.hops or result.verdict is not Verdict.OK:
        record = make_record(result)
        final, detail = record["final_url"], record["detail"]
        redirects = [(hop["status"], hop["url"]) for hop in record["redirects"]]
    else:  # the same without the cost of a record: most results
        final = url if outcome.url == target.url else clean(choose_hiding(target, url)(outcome.url))
        detail = result.detail if result.detail in _USUAL else clean(choose_hiding(target, url)(result.detail))
    source, name = _clean_source(target.source), target.name and clean(target.name)
    if outcome is None:
        return Facts(detail, attempts=0, source=source, line=target.line, name=name, check=target.check)
    if result.verdict is Verdict.CONTENT:
        ending = format_attempts(result.attempts)
        detail = _EVIDENCE.sub(r"\g<kept>", detail.removesuffix(ending) if ending else detail) + ending
    expires = outcome.cert_expires
    return Facts(
        detail,
        outcome.status,
        None if final == url else final,
        redirects,
        int(outcome.elapsed * 1_000_000),
        outcome.address,
        int(expires.timestamp()) if expires else None,
        result.attempts,
        source,
        target.line,
        name,
        asked.request,
        asked.expectations if result.verdict is Verdict.OK else 0,
        asked.accepts_walls and isinstance(outcome, Response) and find_wall(outcome) is not None,
        asked.insecure,
        asked.block_private,
        target.check,
    )


@lru_cache(maxsize=16)
def _clean_source(source: str) -> str:
    return clean(source)


def unpack(text: str) -> Facts:
    """The facts of a row."""
    return _decode(_facts, text)


def make_outcome(url: str, verdict: Verdict, facts: Facts) -> Outcome | None:
    """The outcome that the facts describe, without headers and body; None where no request was finished."""
    if facts.elapsed is None:
        return None
    final = facts.final_url or url
    hops = tuple([Hop(status, hop) for status, hop in facts.redirects])
    elapsed = facts.elapsed / 1_000_000
    expires = None if facts.cert_expires is None else datetime.fromtimestamp(facts.cert_expires, UTC)
    kind = _FAILURES.get(verdict.value)
    if kind is None and facts.status is not None:
        return Response(
            url=final, hops=hops, elapsed=elapsed, address=facts.address, cert_expires=expires,
            status=facts.status, reason="", headers=_NO_HEADERS,
        )  # fmt: skip
    return Failure(
        url=final, hops=hops, elapsed=elapsed, address=facts.address, cert_expires=expires,
        kind=kind or FailureKind.PROTOCOL, message="", status=facts.status,
    )  # fmt: skip


_NO_HEADERS = Headers()


def restore(row: Row, checks: Sequence[CheckSettings]) -> Result:
    """The result of a row; `checks` are the settings of its run."""
    n, identity, url, word, checked_at, is_cached, text = row
    facts, verdict = unpack(text), Verdict(word)
    request = None if verdict is Verdict.INVALID else _NOT_REQUESTED
    target = Target(url, facts.source, facts.line, n, request, facts.name, facts.check, identity=identity)
    outcome, passes = make_outcome(url, verdict, facts), checks[facts.check].lets_pass(verdict)
    time = datetime.fromtimestamp(checked_at / 1000, UTC)
    return Result(target, outcome, verdict, facts.detail, passes, facts.attempts, time, cached=bool(is_cached))


def reuse(target: Target, result: Result, facts: Facts, checked_at: int) -> Result:
    """A result that was judged anew, with the words and the time of its check."""
    time = datetime.fromtimestamp(checked_at / 1000, UTC)
    return replace(result, target=target, detail=facts.detail, checked_at=time, cached=True)
