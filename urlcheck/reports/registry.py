"""The formats by name: those of this package, and those that others register. A format is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from urlcheck.model.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from urlcheck.reports import Reporter

# where other distributions name theirs: [project.entry-points."urlcheck.reporters"] NAME = "MODULE:CLASS"
GROUP = "urlcheck.reporters"

FORMATS = {
    "table": "urlcheck.reports.terminal.table:TableReporter",
    "jsonl": "urlcheck.reports.formats.jsonl:JsonlReporter",
    "csv": "urlcheck.reports.formats.csv:CsvReporter",
    "github": "urlcheck.reports.formats.github:GithubReporter",
    "junit": "urlcheck.reports.formats.junit:JunitReporter",
    "sarif": "urlcheck.reports.formats.sarif:SarifReporter",
    "markdown": "urlcheck.reports.formats.markdown:MarkdownReporter",
    "html": "urlcheck.reports.formats.html:HtmlReporter",
}


def find_others() -> Mapping[str, EntryPoint]:
    """The formats of other distributions that are installed."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - takes longer than all of --help

    return {point.name: point for point in entry_points(group=GROUP) if point.name not in FORMATS}


def load_reporter(name: str) -> type[Reporter]:
    """The class of a format that is known to exist. Raises `OutputError` for one of others' that cannot be loaded."""
    if name not in FORMATS:
        try:
            return cast("type[Reporter]", find_others()[name].load())
        except Exception as error:  # a plug-in may raise anything
            raise OutputError(f"the format {name!r} cannot be loaded: {error!r}") from error
    module, _, attribute = FORMATS[name].partition(":")
    return cast("type[Reporter]", getattr(import_module(module), attribute))
