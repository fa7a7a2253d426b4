"""Spans of time as a person writes them: `500ms`, `10s`, `2m`, `1h`, `2d`; a bare number is seconds."""

from __future__ import annotations

import math
import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h|d)?", re.ASCII)


def parse_duration(text: str) -> float:
    """The seconds of a duration. Raises `ValueError`, with the reason, for any other text, and for a zero duration."""
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2] or "s"] if match else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError("no time at all" if match and not seconds else "not a duration")
    return seconds


def format_duration(seconds: float) -> str:
    """`500 ms`, `10 s`, `2 min`, `1 h 30 min`, `2 d`: for people, to three digits."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    if seconds % _UNITS["d"] == 0:
        return f"{seconds / _UNITS['d']:.0f} d"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
