"""Reads the whole list of a watch, and reads it again; what can be read once, such as a pipe, is kept."""

from __future__ import annotations

import os
from collections.abc import Sequence

from urlcheck.input.files import STDIN
from urlcheck.input.lists import Lists
from urlcheck.input.target_builder import Entry, Item, TargetBuilder
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict


class ListReader:
    """Reads arguments and files. It blocks, so it is called in a thread."""

    def __init__(self) -> None:
        self._kept: list[Item] | None = None
        self._once: set[str] = set()

    def read(self, urls: Sequence[str | Entry], files: Sequence[str], builder: TargetBuilder) -> list[Item]:
        """All items of the input, in order. Raises `InputError` for a file that cannot be read."""
        if self._kept is None:
            items = [item for block in Lists(urls, files, builder) for item in block]
            self._once = {STDIN, *(name for name in files if not os.path.isfile(name))}
            sources = {"stdin", *self._once}
            self._kept = [item for item in items if _target_of(item).source in sources]
            return items
        lists = Lists([url for url in urls if url != STDIN], [name for name in files if name not in self._once], builder)
        items = [item for block in lists for item in block]
        named = {"stdin" if name == STDIN else name for name in (*urls, *files) if isinstance(name, str)}
        kept = (self._build_again(item, builder) for item in self._kept if _target_of(item).source in named)
        return [*items, *(item for item in kept if item)]

    def _build_again(self, item: Item, builder: TargetBuilder) -> Item | None:
        if isinstance(item, Result) and item.verdict is Verdict.INVALID:
            return item
        target = _target_of(item)
        return builder.build_entry(Entry(target.url, target.source, target.line))


def _target_of(item: Item) -> Target:
    return item.target if isinstance(item, Result) else item
