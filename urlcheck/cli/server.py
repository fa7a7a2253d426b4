"""Starts the status server of a watch, where one is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from os import fspath

from urlcheck.model.errors import SettingsError
from urlcheck.settings.connection import Path
from urlcheck.settings.watch import WatchSettings
from urlcheck.watch.view import WatchView

_MOST_BYTES = 4096


@asynccontextmanager
async def serving(view: WatchView, settings: WatchSettings, say: Callable[[str], None]) -> AsyncIterator[None]:
    """A context in which the watch is served; `say` gets the address. Raises `SettingsError` if nothing can be served."""
    if settings.serve is None:
        yield
        return
    from urlcheck.watch.server import ServerSettings, open_server  # noqa: PLC0415 - paid for by those who serve

    host, port = settings.serve
    token = _read_token(settings.serve_token_file) if settings.serve_token_file is not None else None
    async with open_server(view, ServerSettings(host, port, tuple(settings.allow_hosts), token)) as address:
        say(f"the status page is at {address}")
        yield


def _read_token(name: Path) -> str:
    """The token in a file, without the blanks around it. Raises `SettingsError`."""
    try:
        with open(name, "rb") as file:
            token = file.read(_MOST_BYTES + 1).decode("ascii").strip()
    except OSError as error:
        raise SettingsError("serve_token_file", f"cannot read {fspath(name)}: {error.strerror}") from None
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable() or len(token) > _MOST_BYTES:
        raise SettingsError("serve_token_file", f"{fspath(name)} has to hold one token: a line of printable ASCII characters")
    return token
