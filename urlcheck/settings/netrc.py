"""The file of `--netrc`: `~/.netrc`, or the one that `NETRC` names; elsewhere a copy of it."""

from __future__ import annotations

import netrc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from urlcheck.model.errors import SettingsError

# the copy that is read on a machine where the user's own file is not
_copy: ContextVar[Path | None] = ContextVar("netrc", default=None)


@contextmanager
def reading_netrc(copy: Path) -> Iterator[None]:
    """A context in which this file is read in place of the user's own."""
    token = _copy.set(copy)
    try:
        yield
    finally:
        _copy.reset(token)


def find_netrc() -> Path:
    """Its path, whether it exists or not."""
    return _copy.get() or Path(os.environ.get("NETRC") or Path.home() / ".netrc")


def read_netrc() -> netrc.netrc:
    """The credentials in it, by host. Raises `SettingsError` for a file that cannot be used."""
    path = find_netrc()
    try:
        return netrc.netrc(path)
    except OSError as error:
        raise SettingsError("netrc", f"cannot read {path}: {error.strerror}") from None
    except netrc.NetrcParseError as error:
        raise SettingsError("netrc", f"cannot read {path}: line {error.lineno} is malformed") from None
    except UnicodeDecodeError:
        raise SettingsError("netrc", f"cannot read {path}: it is not UTF-8") from None
