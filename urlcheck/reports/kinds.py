"""The kinds of results that every report counts apart."""

from __future__ import annotations

from enum import StrEnum

from urlcheck.model.verdict import Verdict


class Kind(StrEnum):
    """`ALLOWED`: a failure that `--allow` names. `UNCHECKED`: read, but without a finished attempt, allowed or not."""

    PASSED = "passed"
    FAILED = "failed"
    ALLOWED = "allowed"
    SKIPPED = "skipped"
    UNCHECKED = "not checked"


# verdicts that are a kind of their own
OWN_KINDS = {Verdict.OK: Kind.PASSED, Verdict.SKIPPED: Kind.SKIPPED, Verdict.UNCHECKED: Kind.UNCHECKED}


def find_kind(verdict: Verdict, *, lets_pass: bool) -> Kind:
    """The kind of a result with this verdict; `lets_pass`: it does not fail the run."""
    return OWN_KINDS.get(verdict) or (Kind.ALLOWED if lets_pass else Kind.FAILED)
