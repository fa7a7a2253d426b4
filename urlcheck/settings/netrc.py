"""The file of `--netrc`: `~/.netrc`, or the one that `NETRC` names."""

from __future__ import annotations

import netrc
import os
from pathlib import Path

from urlcheck.model.errors import SettingsError


def find_netrc() -> Path:
    """Its path, whether it exists or not."""
    return Path(os.environ.get("NETRC") or Path.home() / ".netrc")


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
