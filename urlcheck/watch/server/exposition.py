"""Writes metrics in Prometheus' text format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(slots=True)
class Metric:
    """A metric and its samples, each a line. `kind` is `gauge` or `counter`; `help` holds neither backslashes nor newlines."""

    name: str
    kind: str
    help: str
    samples: list[str] = field(default_factory=list)

    def add(self, labels: str, value: float) -> None:
        """Add a sample; `labels` as `format_labels` writes them, or empty."""
        self.samples.append(f"{self.name}{labels} {format_value(value)}\n")

    def write(self) -> Iterator[str]:
        """The lines of the metric, or none if it has no samples."""
        if self.samples:
            yield f"# HELP {self.name} {self.help}\n# TYPE {self.name} {self.kind}\n"
            yield from self.samples


def format_labels(**labels: str) -> str:
    """`{target="https://example.org/"}`."""
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def format_value(value: float) -> str:
    """`1`, `0.0814`, `1.7643744e+09`."""
    return repr(int(value)) if value == int(value) else repr(value)
