"""The settings for reading a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from urlcheck.settings import rules
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.rules import Either


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class InputSettings(Scope):
    """Input settings. `include` and `exclude` are regular expressions (RE2) that are searched for in the absolute URL."""

    title: ClassVar[str] = "Input"

    base_url: str | None = setting(
        None,
        Either(rules.Text("an absolute http(s) URL", rules.check_absolute_url)),
        option(metavar="URL", help="Resolve relative entries against URL. They start with /, //, ./, ../ or ?."),
    )
    include: Sequence[str] = setting(
        (),
        rules.Patterns(),
        option(metavar="REGEX", help="Check only URLs that match REGEX. The others are reported as skipped. Repeatable."),
    )
    exclude: Sequence[str] = setting(
        (), rules.Patterns(), option(metavar="REGEX", common=True, help="Skip URLs that match REGEX. Repeatable.")
    )
    dedupe: bool = setting(
        True,
        rules.Flag(),
        option("--no-dedupe", help="Check and report a URL as often as it is listed. Keeps memory flat for endless input."),
    )
