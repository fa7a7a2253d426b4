"""The outputs of a run, fed in one pass: standard output and files, each with its reporter."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Self, TextIO

from urlcheck.errors import ClosedPipeError, OutputError
from urlcheck.model import Result
from urlcheck.reports import Reporter
from urlcheck.reports.registry import load_reporter
from urlcheck.reports.summary import Summary
from urlcheck.settings import OutputSettings


class Outputs:
    """Opens every output at once, hands each result to all of them, and closes them with the summary.

    A report that is written at the end is written aside and renamed, so that its file appears whole or not at all. Raises
    `OutputError`, and `ClosedPipeError` where the reader of standard output went away.
    """

    def __init__(self, settings: OutputSettings) -> None:
        self._stack = contextlib.ExitStack()
        self._reporters: list[Reporter] = []
        self._streams: list[TextIO] = []
        self._renames: list[tuple[str, str]] = []
        try:
            for name, file in settings.outputs:
                make_reporter = load_reporter(name)
                stream = _standard_output() if file is None else self._open(file, aside=not make_reporter.streams)
                if make_reporter.streams:
                    self._streams.append(stream)
                self._reporters.append(make_reporter(stream, settings))
        except OutputError:
            self._discard()
            raise

    def add(self, result: Result) -> None:
        with _naming_the_fault():
            for reporter in self._reporters:
                reporter.add(result)

    def flush(self) -> None:
        """Let what is streamed be seen."""
        with _naming_the_fault():
            for stream in self._streams:
                stream.flush()

    def close(self, summary: Summary) -> None:
        with _naming_the_fault():
            for reporter in self._reporters:
                reporter.close(summary)
            self._stack.close()
            for aside, file in self._renames:
                os.replace(aside, file)
            self._renames.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._discard()

    def _discard(self) -> None:
        """Leave nothing behind of what is not finished."""
        with contextlib.suppress(OSError):
            self._stack.close()
        for aside, _ in self._renames:
            with contextlib.suppress(OSError):
                os.unlink(aside)

    def _open(self, file: str, *, aside: bool) -> TextIO:
        if os.path.islink(file):  # it keeps pointing where it does
            file = os.path.realpath(file)
        is_aside = aside and not (os.path.exists(file) and not os.path.isfile(file))
        path = f"{file}.{os.getpid()}.part" if is_aside else file
        try:
            stream = open(path, "w", encoding="utf-8")  # noqa: SIM115 - closed by the stack
        except OSError as error:
            raise OutputError(f"cannot write {file}: {error.strerror}") from None
        self._stack.enter_context(stream)
        if is_aside:
            self._renames.append((path, file))
        return stream


def _standard_output() -> TextIO:
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file: --output FORMAT=FILE")
    return sys.stdout


@contextlib.contextmanager
def _naming_the_fault() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ClosedPipeError from None
    except OSError as error:
        raise OutputError(f"cannot write {error.filename or 'the output'}: {error.strerror or error}") from error
