"""The outputs of a run, fed in one pass: standard output and files, each with its reporter."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from urlcheck.model.errors import ClosedPipeError, OutputError
from urlcheck.model.result import Result
from urlcheck.reports.registry import load_reporter
from urlcheck.reports.summary import Summary
from urlcheck.runtime.atomic_files import commit, discard, open_temporary
from urlcheck.settings.output import OutputSettings
from urlcheck.text.safe import clean

_SHOWN = 300  # characters of what another's reporter has to say


class Output:
    """One reporter and its stream. A report that is written at the end appears whole or not at all.

    Others bring reporters too, which may raise anything. The constructor raises `OutputError`.
    """

    def __init__(self, name: str, file: str | None, settings: OutputSettings) -> None:
        make_reporter = load_reporter(name)
        self.streams = bool(getattr(make_reporter, "streams", False))
        self._name = name
        self._file = os.path.realpath(file) if file and _is_link_to_file(file) else file  # a link keeps pointing where it does
        self._temporary: str | None = None
        self._stream = _standard_output() if self._file is None else self._open(self._file)
        try:
            self.reporter = make_reporter(self._stream, settings)
        except BaseException as error:
            self.discard()
            if isinstance(error, Exception):
                raise self.describe(error) from error
            raise

    def add(self, results: Sequence[Result]) -> None:
        """Hand over results. A streamed report can be read up to the last one at once."""
        for result in results:
            self.reporter.add(result)
        if self.streams:
            self._stream.flush()

    def finish(self, summary: Summary) -> None:
        """Write the rest, and move a finished file to its place."""
        self.reporter.close(summary)
        if self._file is None:
            self._stream.flush()
            return
        self._stream.close()
        if self._temporary:
            commit(self._temporary, self._file)
            self._temporary = None

    def discard(self) -> None:
        """Remove an unfinished file; a stream keeps the text that was written to it."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._stream.close()
        if self._temporary:
            discard(self._temporary)

    def describe(self, error: Exception) -> OutputError | ClosedPipeError:
        """The error to raise for this output, with a message of one line."""
        if isinstance(error, BrokenPipeError):
            return ClosedPipeError()
        if isinstance(error, OSError):
            return OutputError(f"cannot write {self._file or 'standard output'}: {error.strerror or error}")
        return OutputError(f"the format {self._name!r} failed: {clean(repr(error), _SHOWN)}")

    def _open(self, file: str) -> TextIO:
        is_replaced = os.path.isfile(file)
        try:
            if self.streams or not (is_replaced or not os.path.exists(file)):
                return open(file, "w", encoding="utf-8")
            self._temporary, stream = open_temporary(file)
            try:
                if is_replaced:
                    shutil.copymode(file, self._temporary)
            except OSError:
                stream.close()
                discard(self._temporary)
                raise
        except OSError as error:
            raise OutputError(f"cannot write {file}: {error.strerror}") from None
        return stream


def list_outputs(settings: OutputSettings) -> list[tuple[str, str | None]]:
    """The outputs of the settings, and the table on standard output unless another one goes there, or `quiet`."""
    outputs = [*settings.outputs]
    if settings.quiet or sys.stdout is None or any(file is None or _is_standard_output(file) for _, file in outputs):
        return outputs
    return [*outputs, ("table", None)]


class Outputs:
    """Opens every output at once, hands each result to all of them, and finishes them with the summary.

    One that fails is left out from then on, and the others go on. Raises its `OutputError`, or `ClosedPipeError` where the
    reader of standard output went away, at the end, or as soon as no output is left.
    """

    def __init__(self, settings: OutputSettings) -> None:
        self._outputs: list[Output] = []
        self._error: OutputError | ClosedPipeError | None = None
        try:
            for name, file in list_outputs(settings):
                self._outputs.append(Output(name, file, settings))
        except BaseException:
            self._discard()
            raise

    @property
    def error(self) -> OutputError | ClosedPipeError | None:
        """The error of the first output that was left out."""
        return self._error

    def add(self, results: Sequence[Result]) -> None:
        self._add(results, self._outputs)

    def stream(self, results: Sequence[Result]) -> None:
        """Hand results over to the outputs alone that write them as they come."""
        self._add(results, [output for output in self._outputs if output.streams])

    def conclude(self, results: Sequence[Result]) -> None:
        """Hand results over to the outputs alone that are written at the end."""
        self._add(results, [output for output in self._outputs if not output.streams])

    def close(self, summary: Summary) -> None:
        for output in self._outputs:
            try:
                output.finish(summary)
            except Exception as error:  # noqa: BLE001
                self._leave_out(output, error)
        self._outputs = []
        if self._error:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._discard()

    def _add(self, results: Sequence[Result], outputs: Sequence[Output]) -> None:
        for output in outputs:
            try:
                output.add(results)
            except Exception as error:  # noqa: BLE001 - a plug-in's reporter may raise anything
                self._give_up(output, error)

    def _give_up(self, output: Output, error: Exception) -> None:
        self._leave_out(output, error)
        if self._error and not self._outputs:
            raise self._error

    def _leave_out(self, output: Output, error: Exception) -> None:
        self._outputs = [other for other in self._outputs if other is not output]
        output.discard()
        self._error = self._error or output.describe(error)

    def _discard(self) -> None:
        for output in self._outputs:
            output.discard()


def _is_link_to_file(file: str) -> bool:
    """Whether a file is a link, and not one to a pipe or a device, as `/dev/stdout` is."""
    return os.path.islink(file) and (os.path.isfile(file) or not os.path.exists(file))


def _is_standard_output(file: str) -> bool:
    """Whether a file is the one that standard output goes to, as `/dev/stdout` is."""
    try:
        return os.path.samestat(os.stat(file), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):  # a file that is made later; a stream of a program that has no descriptor
        return False


def _standard_output() -> TextIO:
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file: --output FORMAT=FILE")
    return sys.stdout
