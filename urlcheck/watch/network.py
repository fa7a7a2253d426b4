"""Suspects this machine's network when no target answers any more: it is unlikely that all of them are down."""

from __future__ import annotations

from collections import Counter

from urlcheck.http.url import Url
from urlcheck.model.result import Result
from urlcheck.model.verdict import Verdict

# fewer targets, or targets of one host, may well be down together
LEAST_TARGETS, LEAST_HOSTS = 3, 2
# no answer came: the target, or this machine's network, is the reason
SILENT = frozenset({Verdict.DNS, Verdict.CONNECT, Verdict.TIMEOUT})
# settled without a request, so they say nothing about the network
_NOT_ASKED = frozenset({Verdict.INVALID, Verdict.PRIVATE, Verdict.SKIPPED, Verdict.UNCHECKED})


def is_silent(result: Result) -> bool:
    """Whether no answer came."""
    return result.verdict in SILENT


class Network:
    """Counts answers, and the targets that were silent since the last one.

    `answers`: from all targets, so far. `is_suspected`: every target was asked since the last answer, and all were silent. It
    lasts until one answers. Targets that never answered since the start do not make it suspect.
    """

    def __init__(self) -> None:
        self.answers = 0
        self.is_suspected = False
        self._hosts: dict[str, str] = {}
        self._targets_of: Counter[str] = Counter()
        self._silent: set[str] = set()

    @property
    def can_be_suspected(self) -> bool:
        """Whether there have been answers, and there are enough targets, on enough hosts."""
        return self.answers > 0 and len(self._hosts) >= LEAST_TARGETS and len(self._targets_of) >= LEAST_HOSTS

    def watch(self, target_id: str, request: Url | None) -> None:
        """Take a target in. One that cannot be requested does not count."""
        if request is None or target_id in self._hosts:
            return
        self._hosts[target_id] = request.host
        self._targets_of[request.host] += 1

    def forget(self, target_id: str) -> None:
        """A target is not watched any more."""
        host = self._hosts.pop(target_id, None)
        if host is None:
            return
        self._silent.discard(target_id)
        self._targets_of[host] -= 1
        if not self._targets_of[host]:
            del self._targets_of[host]

    def note(self, target_id: str, result: Result) -> None:
        """Take the result of a target that is watched."""
        if is_silent(result):
            self._silent.add(target_id)
            if self.can_be_suspected and len(self._silent) >= len(self._hosts):
                self.is_suspected = True
        elif result.verdict not in _NOT_ASKED:
            self.answers += 1
            self._silent.clear()
            self.is_suspected = False
