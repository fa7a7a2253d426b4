"""Reads the maintenance windows of a configuration: `[[maintenance]]`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from urlcheck.config.document import Table
from urlcheck.settings.patterns import Pattern
from urlcheck.text.durations import format_duration, parse_duration
from urlcheck.text.near import find_near
from urlcheck.watch.cron import Cron, parse_cron
from urlcheck.watch.maintenance import LONGEST_REPEATED, Once, Repeated, Times, Window

_KEYS = ("name", "from", "until", "cron", "duration", "targets")
_WAYS = "write from and until, or cron and duration"


def read_window(table: Table) -> Window:
    """A window. Raises `ConfigurationError`, with the line, for one that cannot be used."""
    for key in table.values:
        if key not in _KEYS:
            near = find_near(key, _KEYS)
            raise table.complain(key, f"unknown key {key!r}{table.of_title}{f'; did you mean {near!r}?' if near else ''}")
    pattern = _read_text(table, "targets") if "targets" in table.values else None
    try:
        return Window(_read_times(table), None if pattern is None else Pattern(pattern))
    except ValueError as error:
        raise table.complain("targets", f"targets{table.of_title}: {error}") from None


def list_values(table: Table) -> dict[str, str]:
    """The keys of a window that can be used, with their values as texts."""
    return {key: str(value) for key, value in table.values.items()}


def _read_times(table: Table) -> Times:
    given = {key for key in _KEYS[1:5] if key in table.values}
    if given == {"from", "until"}:
        start, end = _read_moment(table, "from"), _read_moment(table, "until")
        if start >= end:
            raise table.complain("until", f"until{table.of_title} is not after from")
        return Once(start, end)
    if given != {"cron", "duration"}:
        raise table.complain("", f"{table.title}: {_WAYS}")
    return Repeated(_read_cron(table), _read_duration(table))


def _read_cron(table: Table) -> Cron:
    try:
        return parse_cron(_read_text(table, "cron"))
    except ValueError as error:
        raise table.complain("cron", f"cron{table.of_title}: {error}") from None


def _read_duration(table: Table) -> timedelta:
    value = table.values["duration"]
    try:
        seconds = float(value) if type(value) in (int, float) else parse_duration(_read_text(table, "duration"))  # type: ignore[arg-type]
    except ValueError as error:
        raise table.complain("duration", f"duration{table.of_title}: {value!r} is {error}: write 30m or 2h") from None
    if not 0 < seconds <= LONGEST_REPEATED.total_seconds():
        most = format_duration(LONGEST_REPEATED.total_seconds())
        raise table.complain("duration", f"duration{table.of_title} is more than 0 and at most {most}")
    return timedelta(seconds=seconds)


def _read_moment(table: Table, key: str) -> datetime:
    """A date, with or without a time and a zone, as TOML or as a text. Without a zone it is local time."""
    value = table.values[key]
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise table.complain(key, f"{key}{table.of_title}: {value!r} is no date such as 2026-12-24T22:00") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise table.complain(key, f"{key}{table.of_title} is no date such as 2026-12-24T22:00")
    return value if value.tzinfo else value.astimezone()


def _read_text(table: Table, key: str) -> str:
    value = table.values[key]
    if not isinstance(value, str):
        raise table.complain(key, f"{key}{table.of_title} is not a text")
    return value
