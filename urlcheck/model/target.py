"""A target: one thing to check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from urlcheck.http.url import Url


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of the input.

    `url` is the entry as the user wrote it; `source` names where it stands, with its `line` from 1, or None for arguments;
    `index` is its position among the entries of a run, from 0. `name` is a title for people. `request` is the URL that is
    requested, None if the entry is not a URL. `check` is the number of its settings in the run's list; 0 are the run's own.
    `identity` is the number of its URL in a state file, 0 without one.

    A program makes one as `Target(url, data=..., settings=...)`. `data` is the program's own, of any type: it comes back in
    `result.target.data`, and is neither compared nor sent anywhere. `settings` are a `Settings` or `CheckSettings` that
    replaces the run's for this target. The run sets `index`, `request` and `check`.
    """

    url: str
    source: str = "arguments"
    line: int | None = None
    index: int = 0
    request: Url | None = None
    name: str | None = None
    check: int = 0
    data: Any = field(default=None, compare=False)
    settings: object = None
    identity: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Length:
    """The number of targets that an input holds; `is_exact` is False for an estimate."""

    targets: int
    is_exact: bool
