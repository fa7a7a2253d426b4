"""`-o sarif`: the problems as SARIF 2.1.0 (OASIS), for GitHub code scanning and others that track them from run to run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import PurePath
from typing import ClassVar, TextIO
from urllib.parse import quote

from urlcheck.model.change import Change
from urlcheck.model.record import Record, format_time, list_file, make_record
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.reports.formats.rules import RULES
from urlcheck.reports.formats.spool import Spool
from urlcheck.reports.kinds import Kind
from urlcheck.reports.summary import Summary, count
from urlcheck.settings.identity import HOME_PAGE, VERSION
from urlcheck.settings.output import OutputSettings

# GitHub stores this many results of a run, and refuses a file with more than 25,000
RESULTS = 5_000

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULE_INDEX = {verdict.value: index for index, verdict in enumerate(RULES)}
_NOT_PROPERTIES = {"ok", "verdict", "detail", "source", "line", "change"}  # they are said elsewhere in a result
_BASELINE_STATES = {Change.NEW: "new", Change.STILL: "unchanged"}
# SARIF 2.1.0, 3.11.5: a brace begins a placeholder; 3.11.6: [text](destination) is a link
_BRACES = str.maketrans({"{": "{{", "}": "}}"})
_BRACKETS = str.maketrans({"[": "\\[", "]": "\\]", "\\": "\\\\"})

_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


class SarifReporter:
    """Holds the first `RESULTS` problems, in order of completion, in a spool; says how many more there were. ASCII.

    With a state file it also holds failures that do not fail the run, and what was fixed.
    """

    streams: ClassVar[bool] = False

    def __init__(self, stream: TextIO, _: OutputSettings) -> None:
        self._stream = stream
        self._results = Spool()
        self._count = self._unlisted = 0

    def add(self, result: Result) -> None:
        if result.ok and result.change is None:
            return
        if self._count == RESULTS:
            self._unlisted += 1
            return
        self._results.write((",\n" if self._count else "\n") + _encode(_make_result(result)))
        self._count += 1

    def close(self, summary: Summary) -> None:
        notes = list(summary.notes)
        if self._unlisted:
            notes.append(f"{count(self._unlisted, 'problem')} not listed here; -o jsonl lists all")
        tool, invocation = _encode(_make_tool()), _encode(_make_invocation(summary, notes))
        self._stream.write(f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{\n')
        self._stream.write(f'"tool": {tool},\n"invocations": [{invocation}],\n"results": [')
        self._results.copy_to(self._stream)
        self._stream.write("\n]}]}\n")


def _make_result(result: Result) -> dict[str, object]:
    record = make_record(result)
    file = list_file(result.target)
    identity = _identify(record)
    return {
        **_make_judgement(result),
        "message": _make_message(f"{record['detail']}: {record['url']}"),
        "locations": [_make_location(result.target, file)],
        # GitHub tracks by the second, which its upload makes of the line itself where there is a file
        "partialFingerprints": {"urlcheck/v1": identity} | ({} if file else {"primaryLocationLineHash": identity}),
        "properties": {key: value for key, value in record.items() if key not in _NOT_PROPERTIES},
    }


def _make_judgement(result: Result) -> dict[str, object]:
    """The rule and level; and how the result compares with the run before, where there is a state file (3.27.24)."""
    if result.change is Change.FIXED:
        return {"kind": "pass", "level": "none", "baselineState": "absent"}
    state = {"baselineState": _BASELINE_STATES[result.change]} if result.change else {}
    level = "note" if result.ok else "error"
    return {"ruleId": result.verdict.value, "ruleIndex": _RULE_INDEX[result.verdict.value], "level": level, **state}


def _identify(record: Record) -> str:
    """A stable fingerprint of a problem, made from masked values so that it reveals no secret."""
    return blake2b(f"{record['verdict']} {record['url']}".encode(), digest_size=16).hexdigest()


def _make_location(target: Target, file: str | None) -> dict[str, object]:
    """Where the entry stands. GitHub wants a file and a line: without one, it is the source that stands for the file."""
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _make_uri(file or target.source)},
            "region": {"startLine": target.line or 1},
        }
    }


def _make_uri(file: str) -> str:
    return PurePath(file).as_uri() if os.path.isabs(file) else quote(os.fsencode(file))


def _make_tool() -> dict[str, object]:
    rules = [
        {
            "id": verdict.value,
            "shortDescription": {"text": rule.meaning},
            "fullDescription": {"text": f"{rule.meaning}."},
            "help": {"text": rule.advice},
            "helpUri": f"{HOME_PAGE}#verdicts",
            "defaultConfiguration": {"level": "error"},
        }
        for verdict, rule in RULES.items()
    ]
    return {"driver": {"name": "urlcheck", "version": VERSION, "informationUri": HOME_PAGE, "rules": rules}}


def _make_invocation(summary: Summary, notes: Iterable[str]) -> dict[str, object]:
    end = datetime.now(UTC)
    return {
        "executionSuccessful": not summary.verdicts[Verdict.UNCHECKED],
        "startTimeUtc": format_time(end - timedelta(seconds=summary.elapsed)),
        "endTimeUtc": format_time(end),
        "toolExecutionNotifications": [{"level": "warning", "message": _make_message(note)} for note in notes],
        "properties": {"counts": {kind.value: summary.kinds[kind] for kind in Kind}},
    }


def _make_message(text: str) -> dict[str, str]:
    """A message in which nothing of the text is a placeholder or a link."""
    text = text.translate(_BRACES)
    return {"text": text.translate(_BRACKETS) if "](" in text else text}
