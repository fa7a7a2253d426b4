"""Parameter types for the words of this program: status codes, verdicts, formats, topics."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from urlcheck.model.verdict import Verdict
from urlcheck.options.topics import TOPICS, suggest_topics
from urlcheck.reports.registry import FORMATS, find_others
from urlcheck.settings.rules import ODD_STATUS, is_status

STDOUT = "-"

_CODES = re.compile(r"([0-9])xx|([0-9]{3})(?:-([0-9]{3}))?")


class StatusCodes(click.ParamType[frozenset[int]]):
    """`200-299,304`, `2xx,404` → a set of status codes."""

    name = "codes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        codes: set[int] = set()
        for part in value.lower().split(","):
            match = _CODES.fullmatch(part.strip())
            if match is None:
                self.fail(f"{part.strip()!r} is not a status code: write 200, 200-299 or 2xx, with commas between", param, ctx)
            family, first, last = match.groups()
            low, high = (int(family) * 100, int(family) * 100 + 99) if family else (int(first), int(last or first))
            if low > high:
                self.fail(f"{part.strip()!r} is not a range: its end is below its start", param, ctx)
            if not (is_status(low) and is_status(high) and (low == high or high < ODD_STATUS)):
                self.fail(f"{part.strip()!r}: servers answer with statuses from 100 to 599, or 999", param, ctx)
            codes.update(range(low, high + 1))
        return frozenset(codes)


class Verdicts(click.ParamType[frozenset[Verdict]]):
    """`timeout,dns` → verdicts."""

    name = "verdicts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[Verdict]:
        try:
            return frozenset(Verdict(part.strip().lower()) for part in value.split(","))
        except ValueError as error:
            self.fail(f"{str(error).partition(' is not')[0]} is not a verdict; they are: {', '.join(Verdict)}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        before, comma, begun = incomplete.rpartition(",")
        return _complete(begun, Verdict, before + comma)


class Output(click.ParamType[tuple[str, str | None]]):
    """`FORMAT` or `FORMAT=FILE` → format and file; None for standard output, which `-` is too."""

    name = "output"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str | None]:
        name, equals, file = value.partition("=")
        if name not in FORMATS and name not in (others := find_others()):
            from urlcheck.options.mistakes import explain_format  # noqa: PLC0415 - used only after a mistake

            self.fail(explain_format(value, [*FORMATS, *others]), param, ctx)
        if equals and not file:
            self.fail(f"{value!r} names no file: write {name}=FILE", param, ctx)
        return name, file if equals and file != STDOUT else None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        _, equals, file = incomplete.partition("=")
        return [CompletionItem(file, type="file")] if equals else _complete(incomplete, FORMATS)


class Topic(click.ParamType[str]):
    """A topic of the manual, or the empty string for the list of topics."""

    name = "topic"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value and value not in TOPICS:
            near = " or ".join(map(repr, suggest_topics(value)))
            hint = f"did you mean {near}?" if near else f"the topics are: {', '.join(TOPICS)}."
            self.fail(f"{value!r} is not a topic of the manual; {hint}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return _complete(incomplete, TOPICS)


def _complete(begun: str, words: Iterable[str], before: str = "") -> list[CompletionItem]:
    return [CompletionItem(before + word) for word in words if word.startswith(begun)]
