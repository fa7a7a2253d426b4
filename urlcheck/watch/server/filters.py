"""The filters of a query, which choose targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from urlcheck.model.verdict import Verdict
from urlcheck.watch.server.answers import refuse
from urlcheck.watch.server.board import Entry
from urlcheck.watch.view import State

MAINTENANCE = "maintenance"
# characters of a search
LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """The states, verdicts and words that a target must have; an empty value lets all targets pass.

    States are those of the summary: a target in maintenance is in the state `maintenance`, and in no other.
    """

    states: Sequence[str]
    verdicts: Sequence[str]
    words: str

    def select(self, entries: Iterable[Entry]) -> list[Entry]:
        """The entries that pass, in their order."""
        return [
            entry
            for entry in entries
            if (not self.states or (MAINTENANCE if entry.in_maintenance else entry.state) in self.states)
            and (not self.verdicts or entry.verdict in self.verdicts)
            and self.words in entry.words
        ]


def read_filters(request: web.Request) -> Filters:
    """The filters of a query: `state` and `verdict`, repeated or with commas, and `q`. Raises the answer 400."""
    query = request.query
    found = {key: [word for text in query.getall(key, []) for word in text.split(",") if word] for key in ("state", "verdict")}
    for key, names in (("state", [*State, MAINTENANCE]), ("verdict", [*Verdict])):
        if not set(found[key]).issubset(names):
            raise refuse(web.HTTPBadRequest, f"{key}: one or more of {', '.join(names)}")
    if len(words := query.get("q", "")) > LONGEST_QUERY:
        raise refuse(web.HTTPBadRequest, f"q: at most {LONGEST_QUERY} characters")
    return Filters(found["state"], found["verdict"], words.strip().lower())
