"""A file of settings: `urlcheck.toml`, or `[tool.urlcheck]` in `pyproject.toml`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from urlcheck.config.lines import HEADER, find_lines
from urlcheck.config.search import PROJECT
from urlcheck.input.entry import mask_entry
from urlcheck.model.errors import ConfigurationError

_MAX_BYTES = 16 * 1024 * 1024
_WHERE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_OUR_HEADER = re.compile(rb"""^\s*\[\[?\s*["']?tool["']?\s*\.\s*["']?urlcheck\b""", re.MULTILINE)
_TWICE = "Cannot overwrite a value"


@dataclass(frozen=True, slots=True)
class Table:
    """The settings of a run, or of one `[[target]]` or `[[maintenance]]`; `title` names the latter."""

    file: str
    values: Mapping[str, object]
    lines: Mapping[str, int]
    title: str = ""

    def place(self, key: str = HEADER) -> str:
        """`urlcheck.toml:12`; without a line where that is not known."""
        line = self.lines.get(key)
        return f"{self.file}:{line}" if line else self.file

    def complain(self, key: str, message: str) -> ConfigurationError:
        """The error that a key is the cause of, to be raised."""
        return ConfigurationError(f"{self.place(key)}: {message}")

    @property
    def is_project(self) -> bool:
        """Whether it stands in a `pyproject.toml`."""
        return os.path.basename(self.file) == PROJECT

    def name_header(self, array: str = "target") -> str:
        """The header of a target, or of another array's table, as it is written in this file."""
        return f"[[tool.urlcheck.{array}]]" if self.is_project else f"[[{array}]]"

    @property
    def of_title(self) -> str:
        """` in [[target]] 'api'`, for the end of a clause."""
        return f" in {self.title}" if self.title else ""


@dataclass(frozen=True, slots=True)
class Document:
    """The settings in a file. `name`: its path, as a user would write it; `was_found`: urlcheck found it, no user named it."""

    name: str
    run: Table
    targets: tuple[Table, ...]
    was_found: bool
    maintenance: tuple[Table, ...] = ()

    @property
    def directory(self) -> str:
        """The directory from which its paths start; empty for the working directory."""
        return os.path.dirname(self.name)


NO_DOCUMENT = Document("", Table("", {}, {}), (), was_found=False)


def find_document(candidates: Iterable[str]) -> Document | None:
    """The first that has settings. Raises `ConfigurationError` for one that cannot be used, or that another user owns."""
    return next(filter(None, (_read(name, was_found=True) for name in candidates)), None)


def read_document(name: str) -> Document:
    """The file of that name. Raises `ConfigurationError` for one that cannot be read, or is not a valid configuration."""
    document = _read(name, was_found=False)
    if document is None:
        raise ConfigurationError(f"{name} has no [tool.urlcheck]")
    return document


def _read(name: str, *, was_found: bool) -> Document | None:
    """Read a file. Returns None for a `pyproject.toml` without a table of urlcheck.

    If such a project was found, not named, its owner and the faults in it are ignored. Raises `ConfigurationError`.
    """
    try:
        with open(name, "rb") as file:
            content, owner = file.read(_MAX_BYTES + 1), os.fstat(file.fileno()).st_uid
    except OSError as error:
        raise ConfigurationError(f"cannot read {name}: {error.strerror}") from None
    is_project = os.path.basename(name) == PROJECT
    is_ours = not (was_found and is_project) or _OUR_HEADER.search(content)
    if is_ours and was_found:
        _refuse_other_owners(name, owner)
    try:
        text = _decode(name, content)
        parsed = _parse(name, text)
    except ConfigurationError:
        if is_ours:
            raise
        return None
    values = _find_table(name, parsed) if is_project else parsed
    if values is None:
        return None
    if was_found:
        _refuse_other_owners(name, owner)  # also where the table has no header, but dots
    if not isinstance(values, dict):
        raise ConfigurationError(f"{name}: tool.urlcheck is not a table")
    return _arrange(name, values, text, "tool.urlcheck." if is_project else "", was_found=was_found)


def _find_table(name: str, values: Mapping[str, object]) -> object:
    """The value of `tool.urlcheck`; None where there is none. Raises `ConfigurationError` for one in the wrong place."""
    tool = values.get("tool")
    table = tool.get("urlcheck") if isinstance(tool, dict) else None
    if table is None and "urlcheck" in values:
        raise ConfigurationError(f"{name}: write [tool.urlcheck] in place of [urlcheck]")
    return table


def _refuse_other_owners(name: str, owner: int) -> None:
    """Raise `ConfigurationError` unless this user, root, or the owner of the working directory (as in a container) owns it."""
    if hasattr(os, "geteuid") and owner not in (os.geteuid(), 0, os.stat(os.curdir).st_uid):
        raise ConfigurationError(f"{name} belongs to another user; --config {name} uses it, --no-config does not")


def _decode(name: str, content: bytes) -> str:
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{name} is over {_MAX_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{name}:{line}: not UTF-8") from None


def _parse(name: str, text: str) -> dict[str, object]:
    import tomllib  # noqa: PLC0415 - paid for by those who have a file

    try:
        return tomllib.loads(text)
    except ValueError as error:
        from urlcheck.config.syntax import explain_syntax  # noqa: PLC0415 - used only after a mistake

        where = _WHERE.fullmatch(str(error))
        message, line, column = where.groups() if where else (str(error), None, None)
        place = f"{name}:{line}:{column}" if line else f"{name}:{text.count(chr(10)) + 1}" if where else name
        hint = explain_syntax(message, text.split("\n")[int(line) - 1], int(column)) if line and column else None
        message = "a key that was written before" if message == _TWICE else f"not TOML: {message[:1].lower()}{message[1:]}"
        raise ConfigurationError(f"{place}: {hint or message}") from None
    except RecursionError:
        raise ConfigurationError(f"{name}: nested too deeply") from None


def _arrange(name: str, values: dict[str, object], text: str, prefix: str, *, was_found: bool) -> Document:
    targets, windows = values.pop("target", []), values.pop("maintenance", [])
    run_lines, target_lines = find_lines(text, prefix)
    run = Table(name, values, run_lines)
    window_lines = find_lines(text, prefix, "maintenance")[1] if windows else []
    return Document(
        name,
        run,
        _list_tables(run, "target", targets, target_lines, 'url = "…"'),
        was_found,
        _list_tables(run, "maintenance", windows, window_lines, "from and until, or cron and duration"),
    )


def _list_tables(run: Table, array: str, tables: object, lines: list[dict[str, int]], keys: str) -> tuple[Table, ...]:
    """The tables of an array, each with its lines and title; `keys`: what is written in one. Raises `ConfigurationError`."""
    header = run.name_header(array)
    if isinstance(tables, dict):
        raise run.complain(array, f"write {header}, with two brackets, for each of them")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise run.complain(array, f"{array} is not an array of tables: write {header} and below it {keys}")
    if len(lines) != len(tables):  # an inline array, as a rule
        lines = [{} for _ in tables]
    listed = []
    for number, (table, its_lines) in enumerate(zip(tables, lines, strict=True), 1):
        names = (shown for shown in (table.get("name"), table.get("url")) if shown and isinstance(shown, str))
        title = next((repr(mask_entry(shown)) for shown in names), str(number))
        listed.append(Table(run.file, table, its_lines, f"[[{array}]] {title}"))
    return tuple(listed)
