"""The history of URLs in a state file, in lines for people: the verdicts of each, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from urlcheck.http.url import InvalidUrlError, parse
from urlcheck.input.entry import BLANKS, parse_entry
from urlcheck.model.errors import InputError
from urlcheck.store.connection import Reader, fetch_all, format_local
from urlcheck.store.facts import unpack
from urlcheck.store.identity import make_identify
from urlcheck.text.safe import clean, escape, mask_broken

_MOST_EVENTS = 50
_TARGETS = """
SELECT target.id, url, target.verdict, since, streak, last_ok, checked_at, facts
FROM target JOIN result ON result.number = target.result WHERE target.id = ? OR url = ?
"""
_UNFINISHED = """
SELECT url, verdict, checked_at, facts FROM result
WHERE (id = ? OR url = ?) AND number > (SELECT first FROM run WHERE ended IS NULL)
"""
_EVENTS = 'SELECT at, "from", "to", detail FROM event WHERE target = ? ORDER BY at DESC LIMIT ?'
_LATEST = """
SELECT at, "from", "to", detail, coalesce(url, '(forgotten)') FROM event
LEFT JOIN target ON target.id = event.target LEFT JOIN result ON result.number = target.result
ORDER BY at DESC LIMIT ?
"""


def list_history(path: str, urls: Sequence[str], base_url: str | None = None) -> Iterator[str]:
    """The history of each URL, or the latest changes where none is given. Raises `StateError`, and `InputError` for others."""
    with Reader(path) as reader:
        if not urls:
            yield from _list_latest(reader)
            return
        identify = make_identify(reader.key)
        for url in urls:
            key, shown = _name(url.strip(BLANKS), base_url)
            yield from _list_of(reader, identify(key), shown)


def _name(text: str, base_url: str | None) -> tuple[str, str]:
    """The text that identifies an entry, and its text without secrets."""
    try:
        return parse_entry(text, parse(base_url) if base_url else None).key, clean(text)
    except InvalidUrlError:
        return f"\n{text}", escape(mask_broken(text))


def _list_latest(reader: Reader) -> Iterator[str]:
    rows = fetch_all(reader.connection, _LATEST, _MOST_EVENTS)
    if not rows:
        yield "nothing has changed so far"
    for at, before, after, detail, url in rows:
        yield f"{_describe_event(at, before, after)}  {clean(url)}  {clean(detail)}".rstrip()


def _list_of(reader: Reader, identity: int, shown: str) -> Iterator[str]:
    targets = fetch_all(reader.connection, _TARGETS, identity, shown)
    unfinished = fetch_all(reader.connection, _UNFINISHED, identity, shown)
    if not (targets or unfinished):
        raise InputError(f"{shown} is not in the state file")
    for row in targets:
        yield from _list_target(reader, row)
    for url, verdict, checked_at, text in unfinished:
        if not targets:
            yield clean(url)
        yield f"  {format_local(checked_at)}  {verdict}: {clean(unpack(text).detail)} (in a run that is not finished)"


def _list_target(reader: Reader, row: tuple[Any, ...]) -> Iterator[str]:
    number, url, verdict, since, streak, last_ok, checked_at, text = row
    facts = unpack(text)
    name = f"{clean(facts.name)}: " if facts.name else ""
    yield f"{name}{clean(url)}"
    state = "passes" if verdict == "ok" else "does not pass"
    checks = "1 check" if streak == 1 else f"{streak:,} checks"
    yield f"  {state} since {format_local(since)}, {checks} in a row; {verdict}: {clean(facts.detail)}"
    passed = "" if verdict == "ok" else f"; last passed {format_local(last_ok) if last_ok else 'never'}"
    yield f"  last checked {format_local(checked_at)}{passed}"
    for at, before, after, detail in fetch_all(reader.connection, _EVENTS, number, _MOST_EVENTS):
        yield f"  {_describe_event(at, before, after)}  {clean(detail)}".rstrip()


def _describe_event(at: int, before: str | None, after: str) -> str:
    return f"{format_local(at)}  {before or 'new'} → {after}"
