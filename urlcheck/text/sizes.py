"""Numbers of bytes as a person writes them: `500`, `64K`, `1M`, `1.5 GiB`; a K is 1024."""

from __future__ import annotations

import math
import re

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+) *(?:([kmg])(?:ib)?|b)?", re.ASCII)


def parse_size(text: str) -> int:
    """The bytes of a size. Raises `ValueError` for any other text, and for a size below one byte."""
    match = _SIZE.fullmatch(text.strip().lower())
    size = float(match[1]) * _UNITS[match[2] or ""] if match else 0.0
    if not 1 <= size < math.inf:
        raise ValueError(text)
    return int(size)


def format_size(size: int) -> str:
    """`500 bytes`, `64 KiB`, `1.5 MiB`: for people, to three digits."""
    if size < 1024:
        return "1 byte" if size == 1 else f"{size} bytes"
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / 1024:.4g} KiB"
