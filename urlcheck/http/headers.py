"""Header fields (RFC 9110, 5): which names and values are valid, and the headers of an answer as an immutable mapping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, overload

_T = TypeVar("_T")

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")  # surrogates are not UTF-8

# headers that frame a request; the HTTP library alone sets them
FRAMING = frozenset({"content-length", "transfer-encoding"})


def is_token(text: str) -> bool:
    """Whether the text is a valid name of a header or a method."""
    return _TOKEN.fullmatch(text) is not None


def is_sendable(text: str) -> bool:
    """Whether a header may hold the text: it has no control characters except tabs, and can be encoded as UTF-8."""
    return _UNSENDABLE.search(text) is None


class ReceivedHeaders(Protocol):
    """Headers as an HTTP library has read them: a mapping that ignores case and may hold a name several times."""

    def get(self, key: str, default: str) -> str: ...

    def items(self) -> Iterable[tuple[str, str]]: ...


class Headers(Mapping[str, str]):
    """The header lines of an answer: immutable, hashable, picklable. Names are compared without regard to case.

    A name that was sent on several lines is one key: `headers[name]` is its first value, `get_all` returns all of them, and
    `lines` has every line in the order in which they were sent. Values are the server's own text, unsafe to print.
    """

    __slots__ = ("_index", "_lines", "_received", "_text")

    def __init__(self, lines: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = lines.items() if isinstance(lines, Mapping) else lines
        self._lines: tuple[tuple[str, str], ...] | None = tuple((str(name), str(value)) for name, value in pairs)
        self._index: dict[str, tuple[str, ...]] | None = None
        self._received: ReceivedHeaders | None = None
        self._text: str | None = None

    @classmethod
    def receive(cls, received: ReceivedHeaders) -> Headers:
        """The headers that a library has read and will not change. They are copied when `get` does not suffice."""
        headers = cls.__new__(cls)
        headers._lines = headers._index = headers._text = None  # noqa: SLF001
        headers._received = received  # noqa: SLF001
        return headers

    @classmethod
    def from_text(cls, text: str) -> Headers:
        """The headers that `text` returned. They are parsed when they are first used."""
        headers = cls.__new__(cls)
        headers._lines = headers._index = headers._received = None  # noqa: SLF001
        headers._text = text  # noqa: SLF001
        return headers

    @property
    def text(self) -> str:
        """All lines as one text: `NAME: VALUE`, with a line feed between them. A line feed in a value becomes a blank."""
        if self._text is None:
            texts = [f"{name}: {value}" for name, value in (self.lines if self._received is None else self._received.items())]
            self._text = "\n".join(texts)
            if self._text.count("\n") >= max(len(texts), 1):
                self._text = "\n".join([text.replace("\n", " ") for text in texts])
        return self._text

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Name and value of each line."""
        if self._lines is None:
            if self._received is not None:
                self._lines = tuple([(str(name), value) for name, value in self._received.items()])
            else:
                parts = [line.partition(": ") for line in (self._text or "").split("\n") if line]
                self._lines = tuple([(name, value) for name, _, value in parts])
        return self._lines

    def get_all(self, name: str) -> tuple[str, ...]:
        """The values of all lines with this name; empty where there is none."""
        return self._by_name.get(name.lower(), ())

    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: _T) -> str | _T: ...
    def get(self, key: str, default: object = None) -> object:
        """The value of the first line with this name."""
        if self._received is not None:
            return self._received.get(key, default)  # type: ignore[arg-type] # any default does
        values = self._by_name.get(key.lower())
        return values[0] if values else default

    @property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        if self._index is None:
            self._index = {}
            for name, value in self.lines:
                key = name.lower()
                self._index[key] = (*self._index.get(key, ()), value)
        return self._index

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()][0]

    def __iter__(self) -> Iterator[str]:
        """The names, in lower case."""
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return self._by_name == other._by_name
        if isinstance(other, Mapping):
            return dict(self) == {str(name).lower(): value for name, value in other.items()}
        return NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._by_name.items()))

    def __repr__(self) -> str:
        return f"Headers({list(self.lines)!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[tuple[tuple[str, str], ...]]]:
        return Headers, (self.lines,)
