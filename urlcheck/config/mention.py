"""Describes the configuration file of a run: its name, and which of its keys apply."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.config.document import Document
from urlcheck.config.layers import Configuration


@dataclass(frozen=True, slots=True)
class Mention:
    """`keys` are those of the file that apply, and `targets` the number of its targets that are checked."""

    name: str
    was_found: bool
    keys: tuple[str, ...]
    targets: int

    @property
    def names_targets(self) -> bool:
        """Whether the file names the targets that are checked."""
        return self.targets > 0 or "file" in self.keys

    def describe(self, *, verbose: bool) -> str | None:
        """`settings from urlcheck.toml`, with the keys if verbose; None for a file that was named, or that has no effect."""
        told = [*self.keys, *([f"{self.targets:,} [[target]]"] if self.targets else [])]
        if not (self.was_found and told):
            return None
        return f"settings from {self.name}" + (f": {', '.join(told)}" if verbose else "")


def make_mention(document: Document, configuration: Configuration) -> Mention:
    """The mention of a document, by what of it applies."""
    keys = (
        setting.key.name
        for setting in configuration.settings.values()
        if setting.origin == document.name or setting.origin.startswith(f"{document.name}:")
    )
    return Mention(document.name, document.was_found, tuple(keys), len(configuration.targets))
