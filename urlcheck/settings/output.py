"""The settings for showing results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from urlcheck.model.errors import SettingsError
from urlcheck.settings import rules
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.rules import Choice, Either


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OutputSettings(Scope):
    """The settings for showing results. `outputs` pairs a format with a file, or with None for standard output.

    `show_body` shows what `VerdictSettings.keep_body` keeps. `quiet` and `verbose` exclude each other.
    """

    title: ClassVar[str] = "Output"

    outputs: Sequence[tuple[str, str | None]] = setting(
        (("table", None),),
        rules.Outputs(),
        option(
            *("-o", "--output"),
            metavar="FORMAT[=FILE]",
            common=True,
            help="Report format, and its file. Formats: {}. Without FILE, or with -, to standard output. Repeatable.",
        ),
    )
    show: str | None = setting(
        None,
        Either(Choice(("all", "problems", "changes"))),
        option(
            metavar="all|problems|changes",
            common=True,
            help="List all results, the problems, or what is new or fixed. Default: all up to 50, then the problems.",
        ),
    )
    show_body: bool = setting(
        False, rules.Flag(), option(help="Show in the table how the body of a URL that did not pass begins.")
    )
    color: Literal["auto", "always", "never"] = setting(
        "auto",
        Choice(("auto", "always", "never")),
        option(metavar="WHEN", help="auto (on a terminal, unless NO_COLOR is set), always or never."),
    )
    progress: bool = setting(True, rules.Flag(), option("--no-progress", help="Show no progress bar."))
    quiet: bool = setting(
        False,
        rules.Flag(),
        option("-q", "--quiet", common=True, help="Print problems and errors only. No progress bar, no summary, no warnings."),
    )
    verbose: bool = setting(
        False,
        rules.Flag(),
        option("-v", "--verbose", common=True, help="Show whole URLs, redirects and evidence. Applies to the table."),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quiet and self.verbose:
            raise SettingsError("quiet", "cannot be used together with", "verbose")
