"""Files named by check settings: read here, written to temporary files on a worker."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from urlcheck.model.errors import SettingsError
from urlcheck.settings.netrc import find_netrc, reading_netrc
from urlcheck.settings.scopes import CheckSettings

# the fields that name a file which is read; `unix_socket` names a place instead
_FIELDS = ("ca_file", "cert", "key")


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of files by their names, and that of the file of `--netrc`, None where it is not used."""

    files: Mapping[str, bytes]
    netrc: bytes | None = None


class FileReader:
    """Reads each file once, so that a worker which joins late gets what the first one got."""

    def __init__(self) -> None:
        self._read: dict[str, bytes] = {}

    def read(self, checks: Iterable[CheckSettings]) -> Contents:
        """The files that these settings name. Raises `SettingsError` for one that cannot be read."""
        files: dict[str, bytes] = {}
        netrc = None
        for check in checks:
            for field in _FIELDS:
                if name := getattr(check, field):
                    files[fspath(name)] = self._read_once(field, fspath(name))
            if check.netrc:
                netrc = self._read_once("netrc", str(find_netrc()))
        return Contents(files, netrc)

    def _read_once(self, field: str, name: str) -> bytes:
        if name not in self._read:
            try:
                self._read[name] = Path(name).read_bytes()
            except OSError as error:
                raise SettingsError(field, f"cannot read {name}: {error.strerror}") from None
        return self._read[name]


@contextmanager
def placing(contents: Contents) -> Iterator[Mapping[str, str]]:
    """A context in which the files exist here, for this user alone. Yields the path of each by its original name."""
    if not contents.files and contents.netrc is None:
        yield {}
        return
    with TemporaryDirectory(prefix="urlcheck-") as folder:
        paths = {name: os.path.join(folder, str(number)) for number, name in enumerate(contents.files)}
        for name, path in paths.items():
            Path(path).write_bytes(contents.files[name])
        netrc = Path(folder, "netrc")
        netrc.write_bytes(contents.netrc or b"")
        with reading_netrc(netrc):
            yield paths


def relocate(settings: CheckSettings, paths: Mapping[str, str]) -> CheckSettings:
    """The settings with the paths of the files that they name."""
    moved: dict[str, Any] = {
        field: paths[fspath(name)] for field in _FIELDS if (name := getattr(settings, field)) and fspath(name) in paths
    }
    return replace(settings, **moved) if moved else settings
