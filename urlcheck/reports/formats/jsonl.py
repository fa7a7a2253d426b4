"""`-o jsonl`: one JSON object a line, as each result is reached."""

from __future__ import annotations

import json
from typing import ClassVar, TextIO

from urlcheck.model.record import make_record
from urlcheck.model.result import Result
from urlcheck.reports.summary import Summary
from urlcheck.settings.settings import OutputSettings

_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


class JsonlReporter:
    """Streams results; ASCII throughout, so that no terminal's or file's encoding can get in the way."""

    streams: ClassVar[bool] = True

    def __init__(self, stream: TextIO, _: OutputSettings) -> None:
        self._stream = stream

    def add(self, result: Result) -> None:
        self._stream.write(_encode(make_record(result)) + "\n")

    def close(self, summary: Summary) -> None:
        """Write nothing: `add` has written every result."""
