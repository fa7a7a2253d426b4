"""Limits what a configuration may reach. One that was found, not named, is not trusted: it may come with a repository.

It writes no file, sends only files of its own directory, and uses neither the credentials of `.netrc`, nor a cluster, nor a
foreign socket.
One that is named may do all that, but writes to no hidden directory, because programs keep there the code that they run.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from urlcheck.config.document import Document
from urlcheck.config.variables import UnusableValueError

# keys whose files are sent, as a body or as a list of URLs; and a request to a socket may be an order, such as to Docker
_CONFINED = frozenset({"data", "file", "json", "unix-socket"})
# ... and a cluster gets all secrets of the settings, and is trusted to send back no harmful pickle
_REFUSED = frozenset({"dask", "netrc"})
_WRITTEN = frozenset({"state"})
_FOUND = "a configuration that was found, not named,"


def refuse_use(document: Document, key: str) -> None:
    """Raise `UnusableValueError` for a setting that only a configuration that is named may set."""
    if document.was_found and key in _REFUSED:
        raise UnusableValueError(f"{_FOUND} does not use it; type {_name(document)} or --{key}")


def refuse_reading(document: Document, key: str, paths: Iterable[tuple[str, str]]) -> None:
    """Raise `UnusableValueError` for a file that the configuration may not use; `paths`: each, and how it is shown."""
    if document.was_found and key in _WRITTEN:
        raise UnusableValueError(f"{_FOUND} writes no file; type {_name(document)} or --{key} FILE")
    if not document.was_found or key not in _CONFINED:
        return
    home = _find_home(document)
    for path, shown in paths:
        resolved = _resolve(path, shown)
        is_inside = resolved.is_relative_to(home)
        if not is_inside or _find_hidden(resolved, home):
            where = "hidden in" if is_inside else "outside"
            fault = f"{shown} is {where} its directory"
            raise UnusableValueError(f"{_FOUND} uses no such file: {fault}; type {_name(document)}")


def refuse_writing(document: Document, format_name: str, file: str) -> None:
    """Raise `UnusableValueError` for a report that the configuration may not write."""
    option = f"-o {shlex.quote(f'{format_name}={file}')}"
    if document.was_found:
        raise UnusableValueError(f"{_FOUND} writes no file; type {_name(document)} or {option}")
    if hidden := _find_hidden(_resolve(file, file).parent, _find_home(document)):
        raise UnusableValueError(f"{file} is in the hidden directory {hidden}; type {option} to write there")


def refuse_overwriting(document: Document, file: str) -> None:
    """Raise `UnusableValueError` for a report that would take the place of the configuration."""
    if _resolve(file, file) == _resolve(document.name, document.name):
        raise UnusableValueError(f"{file} is the configuration; a report needs a file of its own")


def _find_hidden(path: Path, home: Path) -> str | None:
    """The first part of a path that starts with a dot, apart from those that lead to the configuration as well."""
    shared = Path(os.path.commonpath([path, home])) if path.drive == home.drive else Path()
    return next((part for part in path.parts[len(shared.parts) :] if part.startswith(".")), None)


def _find_home(document: Document) -> Path:
    return _resolve(document.directory or os.curdir, document.directory)


def _resolve(path: str, shown: str) -> Path:
    """The real path, with all links followed."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        raise UnusableValueError(f"{shown!r} is not the name of a file") from None


def _name(document: Document) -> str:
    return f"--config {shlex.quote(document.name)}"
