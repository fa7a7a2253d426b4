"""Finds the name that a misspelt one was probably meant to be. It is loaded only after a mistake."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

# shares of equal characters from which a name is near: 0.65 finds `retries` for `retry` (0.67) and not `allow` for `follow`
# (0.55); a name that begins with another letter is near from 0.85 on
_NEAR, _VERY_NEAR = 0.65, 0.85


def find_near(name: str, names: Iterable[str]) -> str | None:
    """The one of the names that resembles a name most; None where none is near. Case and `_` for `-` do not matter."""
    known, name = [*names], name.lower().replace("_", "-")
    for same in (name, f"no-{name}"):
        if same in known:
            return same
    for near in get_close_matches(name, known, 3, _NEAR):
        if near[0] == name[:1] or SequenceMatcher(None, near, name).ratio() >= _VERY_NEAR:
            return near
    return None
