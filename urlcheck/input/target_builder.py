"""Entries of the input become targets: parsed, filtered, numbered, and each URL once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from urlcheck.http.url import InvalidUrlError, Url, parse
from urlcheck.input.entry import BLANKS, parse_entry
from urlcheck.model.result import Result, settle
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.settings.checks import Checks
from urlcheck.settings.patterns import Pattern
from urlcheck.settings.scopes import CheckSettings, InputSettings

# a block of the input: targets to check, and results that are settled already
Item = Target | Result


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that says more than a URL, as a `[[target]]` of a configuration does.

    `line` counts from 1; `check` is the number of its settings in the run's list, 0 for the run's own. `data` and `settings`
    are those of a program's `Target`.
    """

    url: str
    source: str
    line: int | None
    name: str | None = None
    check: int = 0
    data: Any = None
    settings: object = None


class TargetBuilder:
    """Makes a target, or a settled result, of every entry of a run. `duplicates` counts the entries that were seen before.

    `checks` is the run's list of check settings. `position` is that of the entry that is built next: it grows by one
    with each target, unless a reader that counts other entries too sets it.
    """

    def __init__(
        self,
        settings: InputSettings,
        checks: Sequence[CheckSettings],
    ) -> None:
        self.duplicates = 0
        self.position = 0
        self._identify: Callable[[str], int] | None = None
        self._checks = checks
        self._base_url = parse(settings.base_url) if settings.base_url is not None else None
        self._include = [Pattern(text) for text in settings.include]
        self._exclude = [Pattern(text) for text in settings.exclude]
        self._named = Counter[int]()
        self._seen: set[bytes | int] | None = set() if settings.dedupe else None

    def identify_by(self, identify: Callable[[str], int], seen: set[bytes | int]) -> None:
        """Give targets the number that their URL has in a state file; `seen` are those of URLs that have a result already."""
        self._identify = identify
        if self._seen is not None:
            self._seen = seen

    def find_check(self, settings: object) -> int:
        """The number of the settings that a program gave a target. Raises as `Checks.find_number` does."""
        assert isinstance(self._checks, Checks), "the targets of a program alone bring settings"
        return self._checks.find_number(settings)

    def build(self, text: str, source: str, line: int | None = None) -> Item | None:
        """The target of one entry, trimmed; its result where it is settled; None where its URL was seen before."""
        return self.build_entry(Entry(text, source, line))

    def build_entry(self, entry: Entry) -> Item | None:
        """The same for an entry that says more; one with settings or data of its own is never a duplicate."""
        text = entry.url.strip(BLANKS)
        try:
            url = parse_entry(text, self._base_url)
        except InvalidUrlError as error:
            return self._reject(entry, text, str(error))
        identity = 0
        if self._identify:
            identity = self._identify_entry(url, entry) if entry.check else self._identify(url.key)
        if not entry.check and entry.data is None and self._was_seen(url, identity):
            self.duplicates += 1
            return None
        if reason := self._find_reason_to_skip(url):
            return self._settle(self._number(entry, text, url, identity), Verdict.SKIPPED, reason)
        return self._number(entry, text, url, identity)

    def reject(self, text: str, source: str, line: int | None, reason: str) -> Result:
        """The result of an entry that cannot even be read."""
        return self._reject(Entry(text, source, line), text, reason)

    def _reject(self, entry: Entry, text: str, reason: str) -> Result:
        identity = self._identify(f"\n{text}") if self._identify else 0  # no URL holds a line feed
        return self._settle(self._number(entry, text, None, identity), Verdict.INVALID, reason)

    def _settle(self, target: Target, verdict: Verdict, reason: str) -> Result:
        return settle(target, verdict, reason, ok=self._checks[target.check].lets_pass(verdict))

    def _number(self, entry: Entry, text: str, url: Url | None, identity: int) -> Target:
        target = Target(
            text, entry.source, entry.line, self.position, url, entry.name, entry.check, entry.data, entry.settings, identity
        )
        self.position += 1
        return target

    def pass_over(self, entry: Entry) -> None:
        """An entry has a result already: it counts where those with the same URL are told apart."""
        if self._identify and entry.check:
            with suppress(InvalidUrlError):
                self._identify_entry(parse_entry(entry.url.strip(BLANKS), self._base_url), entry)

    def _identify_entry(self, url: Url, entry: Entry) -> int:
        """The number of a URL with settings of its own; the second one of the same URL, method and name has another."""
        assert self._identify
        name = f"{url.key}\n{self._checks[entry.check].method}\n{entry.name or ''}"
        identity = self._identify(name)
        self._named[identity] += 1
        number = self._named[identity]
        return identity if number == 1 else self._identify(f"{name}\n{number}")

    def _was_seen(self, url: Url, identity: int) -> bool:
        if self._seen is None:
            return False
        # 16 bytes a URL of any length; two URLs do not share them by chance
        key = identity or blake2b(url.key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _find_reason_to_skip(self, url: Url) -> str | None:
        if not (self._include or self._exclude):
            return None
        text = str(url)
        if self._include and not any(pattern.is_in(text) for pattern in self._include):
            return "matches none of the expressions to include"
        for pattern in self._exclude:
            if pattern.is_in(text):
                return f"excluded by {pattern.text!r}"
        return None
