"""The settings that decide the verdict on an answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from urlcheck.model.verdict import PASSING, Verdict
from urlcheck.settings import rules
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.request import Headers
from urlcheck.settings.rules import Either

_SUCCESSES = frozenset(range(200, 300))

_SECONDS = rules.Seconds()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class VerdictSettings(Scope):
    """The settings that decide the verdict on an answer.

    `accept` holds the final statuses that pass; None stands for 2xx, but not from a bot wall. `allow` holds the verdicts that
    do not fail the run.

    The body of an accepted answer holds every `expect_text`, every `expect_regex` (RE2) is found in it, and every
    `expect_json` (JMESPath) is true of it. A value of `expect_headers` that starts with `~` is a regular expression.
    `max_body` is in bytes, decompressed; `keep_body`: a result that does not pass keeps the beginning of the body.
    `max_time` is in seconds.
    """

    title: ClassVar[str] = "Verdict"

    accept: Collection[int] | None = setting(
        None,
        Either(rules.Statuses()),
        option(
            metavar="CODES",
            common=True,
            default="200-299",
            help="Final status codes that pass. Examples: 200-299,304 or 2xx,404.",
        ),
    )
    allow: Collection[Verdict | str] = setting(
        frozenset(),
        rules.Verdicts(),
        option(metavar="VERDICT,...", common=True, help="Verdicts that do not fail the run. They are still reported."),
    )
    expect_headers: Headers = setting(
        (),
        rules.Headers(is_sent=False),
        option(
            "--expect-header",
            metavar="'NAME: VALUE'",
            help="Require this header in the final answer. VALUE may be ~REGEX. Repeatable.",
        ),
    )
    expect_text: Sequence[str] = setting(
        (), rules.Texts(), option(metavar="TEXT", common=True, help="Require TEXT in the body. Repeatable.")
    )
    expect_regex: Sequence[str] = setting(
        (), rules.Patterns(), option(metavar="REGEX", help="Require a match of REGEX in the body. Repeatable.")
    )
    expect_json: Sequence[str] = setting(
        (),
        rules.Texts(),
        option(metavar="EXPR", common=True, help="Require JSON for which EXPR is true. EXPR is JMESPath. Repeatable."),
    )
    max_body: int = setting(
        1024 * 1024,
        rules.Size(1),
        option(metavar="SIZE", help="Read at most SIZE of a body, decompressed, for the --expect- options."),
    )
    keep_body: bool = setting(False, rules.Flag())
    max_time: float | None = setting(
        None, Either(_SECONDS), option(metavar="DURATION", help="Report an answer that took longer as slow.")
    )
    min_cert_days: int | None = setting(
        None,
        Either(rules.Count(0, 10_000)),
        option(metavar="N", help="Report a certificate with fewer days left as cert."),
    )

    @property
    def accepted(self) -> Collection[int]:
        """The final statuses that pass."""
        return _SUCCESSES if self.accept is None else self.accept

    @property
    def expects_body(self) -> bool:
        """Whether answers are judged by their bodies."""
        return bool(self.expect_text or self.expect_regex or self.expect_json)

    @property
    def expects_more_than_a_status(self) -> bool:
        """Whether an answer of an accepted status may still not pass."""
        return bool(self.expects_body or self.expect_headers or self.max_time is not None or self.min_cert_days is not None)

    def lets_pass(self, verdict: Verdict) -> bool:
        """Whether a result with this verdict lets the run pass."""
        return verdict in PASSING or verdict in self.allow
