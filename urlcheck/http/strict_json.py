"""Parses JSON as RFC 8259 defines it: `NaN` and `Infinity`, which Python accepts, are errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn


def load(text: str | bytes, parse_int: Callable[[str], object] = int, parse_float: Callable[[str], object] = float) -> object:
    """The document that a text holds. Raises `ValueError`, of which `json.JSONDecodeError` is one, and `RecursionError`."""
    document: object = json.loads(text, parse_int=parse_int, parse_float=parse_float, parse_constant=_refuse_constant)
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value in it")
