"""Parameter types for quantities: counts, times, sizes, rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import click

from urlcheck.settings import rules
from urlcheck.text.durations import format_duration, parse_duration
from urlcheck.text.sizes import parse_size


class Count(click.IntRange):
    """A whole number within the bounds of a rule."""

    def __init__(self, rule: rules.Count) -> None:
        super().__init__(rule.least, rule.most)
        self._rule = rule

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            count = int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number", param, ctx)
        try:
            return self._rule.fit(count)
        except ValueError:
            self.fail(f"must be {rules.describe_range(self._rule.least, self._rule.most)}", param, ctx)


class CountOr(click.ParamType[int | str]):
    """A whole number within the bounds of a rule, or one of a few words."""

    name = "count"

    def __init__(self, rule: rules.Count, words: Sequence[str]) -> None:
        self._rule = rule
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value in self._words:
            return str(value)
        try:
            return self._rule.fit(int(value) if value.isascii() and value.isdigit() else None)
        except ValueError:
            bounds = rules.describe_range(self._rule.least, self._rule.most)
            self.fail(f"{value!r} is neither {' nor '.join(self._words)} nor a number {bounds}", param, ctx)


class Duration(click.ParamType[float]):
    """`500ms`, `10s`, `2m`, `1h`, a number of seconds → seconds."""

    name = "duration"

    def __init__(self, rule: rules.Seconds | None = None) -> None:
        self._least = rule.least if rule else 0.0

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} is {error}: write 500ms, 10s, 2m or 1h", param, ctx)
        if seconds < self._least:
            self.fail(f"{value!r} is too short: write {format_duration(self._least).replace(' ', '')} or more", param, ctx)
        return seconds


class Size(click.ParamType[int]):
    """`500`, `64K`, `1M` → bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_size(value)
        except ValueError:
            self.fail(f"{value!r} is not a size: write 500, 64K or 1M", param, ctx)


class Rate(click.ParamType[float]):
    """A number of requests a second."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            rate = float(value)
        except ValueError:
            rate = math.nan
        if not 0 < rate < math.inf:
            self.fail(f"{value!r} is not a number of requests a second: write 10 or 0.5", param, ctx)
        return rate
