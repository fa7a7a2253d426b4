"""Made-up facts, and the results that the policy makes of them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from urlcheck.input.targets import parse_entry
from urlcheck.model.nouns import Failure, FailureKind, Hop, Outcome, Rejection, Response, Result, Target
from urlcheck.policy.policy import Policy
from urlcheck.settings.settings import Settings

CHECKED_AT = datetime(2026, 11, 22, 9, 30, 0, 123456, UTC)

RESPONSE = Response(
    url="https://example.org/",
    hops=(),
    elapsed=0.0814,
    address="192.0.2.7",
    cert_expires=datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC),
    status=200,
    reason="OK",
    headers={},
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
    return Target(url, source, line, index, parse_entry(url))


def make_result(outcome: Outcome = RESPONSE, target: Target | None = None, attempts: int = 1, **settings: Any) -> Result:
    """What the policy says of the outcome, or of a target that is not requested, at a fixed time."""
    target = target or make_target()
    policy = Policy(Settings(**settings))
    if isinstance(target.request, Rejection):
        result = policy.reject(target, target.request)
    else:
        result = policy.conclude(target, outcome, attempts)
    return replace(result, checked_at=CHECKED_AT)


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
