"""Made-up facts, and the results that the policy makes of them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from urlcheck.http.headers import Headers
from urlcheck.http.url import InvalidUrlError
from urlcheck.input.entry import parse_entry
from urlcheck.input.source import Source
from urlcheck.input.target_builder import Item, TargetBuilder
from urlcheck.model.outcome import Failure, FailureKind, Hop, Outcome, Response
from urlcheck.model.result import Result, settle
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.policy.policy import Policy
from urlcheck.settings.settings import Settings

DEFAULTS = Settings()
CHECKED_AT = datetime(2026, 11, 22, 9, 30, 0, 123456, UTC)

RESPONSE = Response(
    url="https://example.org/",
    hops=(),
    elapsed=0.0814,
    address="192.0.2.7",
    cert_expires=datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC),
    status=200,
    reason="OK",
    headers=Headers(),
)
NOT_FOUND = replace(RESPONSE, status=404, reason="Not Found")
FAILURE = Failure(
    url="https://example.org/",
    hops=(),
    elapsed=1.5,
    address=None,
    cert_expires=None,
    kind=FailureKind.CONNECT,
    message="connection refused",
    transient=True,
)


# what a URL, a reason or the name of a list may hold to be obeyed by whoever reads the report
HOSTILE_TEXTS = (
    "<b onclick=\"alert('1')\">&amp;</b><!--",
    "]]></failure><testcase/>",
    "\x1b[2J\x00\x07\x9b",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH SPACE}",
    "a|b`c`",
    "\r\n::error::forged",
    "\N{LINE SEPARATOR}\x85::error::forged",
    "%0A::error::forged",
    "::error file=a,line=1::forged",
    "##[error]forged",
    "##vso[task.complete]forged",
    "##teamcity[buildStatus status='SUCCESS']forged",
    "=cmd|'/c calc'!A1",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "\udce9\ufffe\uffff",
    "[text\\](https://example.com/){0}",
    "a list, the second: 1%.txt",
    '"},{"',
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal; as wide as `COLUMNS`, 80 without."""

    def isatty(self) -> bool:
        return True


class AsciiFile(io.StringIO):
    """A stream that holds no more than ASCII."""

    encoding = "ascii"

    def write(self, text: str) -> int:
        return super().write(text.encode("ascii").decode())


class AsciiTerminal(AsciiFile, Terminal):
    """A terminal in an ASCII locale."""


def make_target(
    url: str = "https://example.org/", source: str = "arguments", line: int | None = None, index: int = 0
) -> Target:
    try:
        request = parse_entry(url)
    except InvalidUrlError:
        request = None
    return Target(url, source, line, index, request)


def make_builder(**settings: Any) -> TargetBuilder:
    """The builder of a run with these settings."""
    run = Settings(**settings)
    return TargetBuilder(run, [run.check])


def target_of(item: Item) -> Target:
    """The target of an item of the input, settled or not."""
    return item.target if isinstance(item, Result) else item


async def drain(source: Source) -> list[Item]:
    """All that a source gives, to its end."""
    items: list[Item] = []
    while block := await source.read():
        items += block
    return items


def make_result(outcome: Outcome = RESPONSE, target: Target | None = None, attempts: int = 1, **settings: Any) -> Result:
    """What the policy says of the outcome, or of a target that is not requested, at a fixed time."""
    target = target or make_target()
    if target.request is None:
        result = make_settled(target, **settings)
    else:
        result = Policy(_make_settings(settings)).conclude(target, outcome, attempts)
    return replace(result, checked_at=CHECKED_AT)


def make_settled(target: Target, verdict: Verdict = Verdict.INVALID, detail: str = "", **settings: Any) -> Result:
    """The result of a target that is not requested, at a fixed time; without a detail, that of an entry that is no URL."""
    if not detail:
        try:
            parse_entry(target.url)
        except InvalidUrlError as error:
            detail = str(error)
    return replace(settle(target, verdict, detail, ok=_make_settings(settings).lets_pass(verdict)), checked_at=CHECKED_AT)


def _make_settings(values: dict[str, Any]) -> Settings:
    return Settings(**values) if values else DEFAULTS  # thousands of results need not check the same values again


def make_hostile_results(source: str = "urls.txt") -> list[Result]:
    """Problems in which every text from outside is one of `HOSTILE_TEXTS`, and some from a list of that name."""
    results = []
    for index, text in enumerate(HOSTILE_TEXTS):
        url = f"https://example.org/{text}"
        outcome = replace(NOT_FOUND, url=url, reason=text, hops=(Hop(301, url),))
        results += [
            make_result(target=make_target(text, source, 1, index)),
            make_result(outcome, make_target("https://example.org/", text, 2, index)),
        ]
    return results
