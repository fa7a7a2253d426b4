"""Notes: sentences of the summary about the run as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from urlcheck.backends.coordinator import Coordinator
from urlcheck.model.stop_reason import StopReason
from urlcheck.model.verdict import Verdict
from urlcheck.reports.summary import Summary, count
from urlcheck.settings.scopes import CheckSettings, RunSettings
from urlcheck.store.opening import AnyStore
from urlcheck.text.durations import format_duration


def describe_course(checker: Coordinator, settings: RunSettings) -> Iterator[str]:
    """Notes on a run that was cut short, or held back."""
    match checker.interruption:
        case StopReason.PAST_DEADLINE:
            yield f"the deadline of {format_duration(settings.deadline or 0)} passed"
        case StopReason.PAST_WAIT:
            yield f"the time to wait, {format_duration(settings.wait or 0)}, was up"
        case str(reason):
            yield str(reason)
    yield from checker.remarks
    if checker.lost:
        urls = count(checker.lost, "URL")
        yield f"a process died or did not answer; its unfinished targets, {urls}, were checked by another"
    if held := checker.held_back:
        requests = count(held.in_flight, "request")
        yield f"the limit of {held.descriptors:,} open files held the run back to {requests} in flight; `ulimit -n` raises it"


def describe_input(summary: Summary) -> Iterator[str]:
    """A note on an input whose entries are no URLs for the most part, such as a page or a table."""
    invalid = summary.verdicts[Verdict.INVALID]
    if invalid > 2 and 2 * invalid > summary.total:
        yield f"{invalid:,} of {summary.total:,} entries are no URLs; a list has one URL per line and nothing else"


def describe_conditions(checks: Sequence[CheckSettings], *, is_read: bool) -> Iterator[str]:
    """Notes on what the results depend on."""
    if any(check.insecure for check in checks):
        yield "TLS certificates were not verified (--insecure)"
    if not is_read:
        yield "the input was not read to its end"


def describe_store(store: AnyStore, *, can_be_resumed: bool) -> Iterator[str]:
    """Sentences at the start of a run with a state file."""
    if not can_be_resumed:
        yield "standard input and pipes cannot be read again, so this run is remembered but cannot go on after an interruption"
    if store.said:
        yield store.said
