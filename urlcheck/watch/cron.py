"""Cron expressions: the five fields of crontab(5), in local time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# name, least and most value, names of the values, the value of the first name
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], int], ...] = (
    ("minute", 0, 59, (), 0),
    ("hour", 0, 23, (), 0),
    ("day of the month", 1, 31, (), 0),
    ("month", 1, 12, _MONTHS, 1),
    ("day of the week", 0, 7, _DAYS, 0),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of a cron expression. As in cron, a day matches either of two day fields where both are restricted."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_either_day: bool

    def find_last(self, now: datetime, most: timedelta) -> datetime | None:
        """The last time that is not after `now`, and not more than `most` before it; None if there is none."""
        minute = now.replace(second=0, microsecond=0)
        for back in range(most.days + 2):
            day = minute - timedelta(days=back)
            if not self._matches_day(day):
                continue
            latest = (minute.hour, minute.minute) if not back else (23, 59)
            times = ((hour, each) for hour in reversed(self.hours) for each in reversed(self.minutes))
            if found := next((time for time in times if time <= latest), None):
                last = day.replace(hour=found[0], minute=found[1])
                return last if now - last <= most else None
        return None

    def _matches_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        return of_month or of_week if self.is_either_day else of_month and of_week


def parse_cron(text: str) -> Cron:
    """A cron expression of five fields. Raises `ValueError` with the reason for any other text."""
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} is not a cron expression: it has five fields, as in '0 3 * * sun'")
    minutes, hours, days, months, weekdays = (_parse_field(field, *spec) for field, spec in zip(fields, _FIELDS, strict=True))
    return Cron(
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        frozenset(days),
        frozenset(months),
        frozenset(day % 7 for day in weekdays),
        is_either_day=not (fields[2].startswith("*") or fields[4].startswith("*")),
    )


def _parse_field(field: str, name: str, least: int, most: int, names: tuple[str, ...], first: int) -> set[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        low, dash, high = span.partition("-")
        try:
            start = least if span == "*" else _read(low, names, first)
            end = most if span == "*" or (slash and not dash) else _read(high, names, first) if dash else start
            width = int(step) if slash else 1
        except ValueError:
            raise ValueError(f"{part!r} is no {name} of a cron expression") from None
        if not least <= start <= end <= most or width < 1:
            raise ValueError(f"{part!r} is no {name} of a cron expression, which goes from {least} to {most}")
        values.update(range(start, end + 1, width))
    return values


def _read(text: str, names: tuple[str, ...], first: int) -> int:
    if text in names:
        return names.index(text) + first
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
