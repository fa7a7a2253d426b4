"""The store of a run: it knows what earlier runs found, and remembers what this one finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from urlcheck.input.source import Source
from urlcheck.input.target_builder import Item, TargetBuilder
from urlcheck.model.errors import StateError
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.settings.scopes import CheckSettings, InputSettings
from urlcheck.settings.secrets import find_secrets_of
from urlcheck.settings.settings import Settings
from urlcheck.store.changes import NO_CHECK, Changes, Failing
from urlcheck.store.connection import format_local, now, transaction
from urlcheck.store.database import Database
from urlcheck.store.facts import Value, pack, restore
from urlcheck.store.identity import Requests, make_identify, name_inputs, name_settings
from urlcheck.store.recall import RecallingSource, skip_passed
from urlcheck.store.reuse import Reuse
from urlcheck.store.runs import Positions, Run, Runs
from urlcheck.store.writer import Writer
from urlcheck.text.secrets import Secrets, hiding


class Store:
    """One run's use of a state file. The constructor, `begin`, `confirm` and `end` wait for the disk; `remember` does not.

    `begin` comes first, then `confirm` where the run can start, and `end` last: a run that is not confirmed leaves the file as
    it was. `error` is what went wrong on the way: the run goes on without the file then.
    `finished` are the positions of the input that an interrupted run has results of, None in a new run; `said` is a sentence
    on what became of that run. `is_whole`, set before the end: everything was read and reported, so that nothing is left to go
    on with. `clock`: milliseconds since 1970. Raises `StateError`.
    """

    def __init__(self, settings: Settings, checks: Sequence[CheckSettings], clock: Callable[[], int] = now) -> None:
        assert settings.state is not None
        self.error: StateError | None = None
        self.on_error: Callable[[StateError], None] = lambda _: None
        self.finished: Positions | None = None
        self.said: str | None = None
        self.is_whole = False
        self._settings = settings
        self._checks = checks
        self._clock = clock
        self._database = Database(str(settings.state))
        self._runs = Runs(self._database)
        self._requests = Requests(self._database.key, checks)
        self._beginning = ExitStack()
        self._unfinished = 0
        self._is_confirmed = False
        self._skips = False
        self._secrets_of = 0
        self._secrets = Secrets({})
        self._run: Run
        self._last = 0
        self._writer: Writer
        self._failing: Failing
        self._changes: Changes

    def begin(
        self,
        builder: TargetBuilder,
        describe_input: Callable[[], Sequence[str] | None] = lambda: None,
        *,
        restart: bool = False,
    ) -> None:
        """Begin a run, or go on with an interrupted one that has the same inputs and settings.

        `describe_input` gives the texts that identify the input, None for one that cannot be read again.
        """
        try:
            inputs = describe_input()
            with self._database.guarding("use"):
                self._beginning.enter_context(transaction(self._database.writer))
                self.said = self._begin(inputs, restart=restart)
                seen = self._runs.list_identities(self._run) if self.finished else set()
                self._failing = Failing(self._database)
        except BaseException:
            self._database.close()
            raise
        builder.identify_by(make_identify(self._database.key), seen)
        self._changes = Changes(self._failing, self._settings, self._clock)
        self._writer = Writer(self._database)

    def _begin(self, inputs: Sequence[str] | None, *, restart: bool) -> str | None:
        key, scopes = self._database.key, [replace(check, keep_body=False) for check in self._checks]
        settings = name_settings(key, [self._settings.part(InputSettings), *scopes], self._settings.last_failed)
        identity = None if inputs is None else name_inputs(key, inputs)
        before, earlier = self._runs.find_unfinished(), self._runs.count()
        if before and not restart and identity == before.inputs is not None and settings == before.settings:
            self._skips = self._settings.last_failed and earlier > 1
            self._run = before
            self._runs.go_on(before)
            self.finished = self._runs.list_positions(before)
            self._last = self._runs.find_last()
            done = f"{self.finished.total:,} of it done"
            return f"going on with the run of {format_local(before.started)}, {done} (--restart begins anew)"
        self._skips = self._settings.last_failed and earlier > 0  # the first run knows of no last time
        self._run = self._runs.begin(identity, settings, self._settings.keep)
        if before and before.inputs and identity and not restart:
            other = "settings" if before.inputs == identity else "input"
            return f"the run of {format_local(before.started)} was interrupted and had another {other}; a new one begins"
        if self._settings.last_failed and not self._skips:
            return "no earlier run is in the file, so every URL is checked"
        return None

    def confirm(self) -> None:
        """From now on the run is in the file. Raises `StateError`."""
        with self._database.guarding("write"):
            self._beginning.close()
        self._is_confirmed = True

    @property
    def counts(self) -> Counter[str]:
        """How many results passed, failed, and were new, still failing or fixed."""
        return self._changes.counts + Counter(passed=self._changes.passed)

    def recall(self, source: Source) -> Source:
        """The source, with results in place of the targets that need no request."""
        reuse = None
        if self._settings.max_age:
            reuse = Reuse(self._database, self._checks, self._requests, self._settings.max_age)
        settles = self._skips or reuse
        if not (settles or self.finished):
            return source
        return RecallingSource(source, (lambda items: self._settle(items, reuse)) if settles else None, self._replay())

    def remember(self, results: Sequence[Result], *, is_cut_short: bool) -> list[Result]:
        """The results with what changed, and whether they let the run pass; they are written soon.

        `is_cut_short`: the run was stopped, so that what failed may lack attempts; the run that goes on checks it again.
        """
        if secrets := self._find_secrets():
            with hiding(secrets):
                return self._remember(results, is_cut_short=is_cut_short)
        return self._remember(results, is_cut_short=is_cut_short)

    def _remember(self, results: Sequence[Result], *, is_cut_short: bool) -> list[Result]:
        marked: list[Result] = []
        values: list[Value] = []
        compare, find_request, finished = self._changes.compare, self._requests.find, self.finished
        for plain in results:
            try:
                result = compare(plain)
            except StateError as error:
                self._fail(error)
                result = plain
            marked.append(result)
            if finished and finished.has(result.target.index):  # it is in the file
                continue
            if result.verdict is not Verdict.OK and (result.verdict in NO_CHECK or (is_cut_short and result.outcome)):
                self._unfinished += result.verdict is not Verdict.SKIPPED
            else:
                values += pack(result, find_request(result.target.check))
        self._writer.add(values)
        if self._writer.error:
            self._fail(self._writer.error)
        return marked

    def end(self) -> None:
        """Write the rest and close the file."""
        self._writer.close()
        if self._writer.error:
            self._fail(self._writer.error)
        try:
            with self._database.guarding("write"):
                if not self._is_confirmed:
                    self._database.writer.rollback()
                elif not self.error:
                    if self.is_whole and not self._unfinished:
                        self._runs.end(self._run, self.counts)
                    else:
                        self._runs.leave(self._run)
        except StateError as error:
            self._fail(error)
        if self._writer.has_ended:  # else its thread has the connection, and SQLite crashes where one in use is closed
            self._database.close(tidily=True)

    def _find_secrets(self) -> Secrets:
        """Those of the settings; the list of checks may have grown."""
        if self._secrets_of != len(self._checks):
            self._secrets_of, self._secrets = len(self._checks), find_secrets_of(self._checks)
        return self._secrets

    def _fail(self, error: StateError) -> None:
        if not self.error:
            self.error = error
            self.on_error(error)

    def _settle(self, items: Sequence[Item], reuse: Reuse | None) -> Sequence[Item]:
        """The items, with results in place of targets that need no request."""
        if self._skips:
            items = [skip_passed(item, self._failing, self._checks) for item in items]
        targets = [item for item in items if isinstance(item, Target)]
        if not (reuse and targets) or self.error:
            return items
        try:
            found = reuse.find(targets, self._clock())
        except StateError as error:
            self._fail(error)
            return items
        return [found.get(item.index, item) if isinstance(item, Target) else item for item in items] if found else items

    def _replay(self) -> Iterator[list[Result]]:
        """The results that the interrupted run had."""
        if self.finished:
            for rows in self._runs.replay(self._run, self._last):
                with self._database.guarding("read"):
                    results = [restore(row, self._checks) for row in rows]
                yield results
