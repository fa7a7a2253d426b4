"""The settings for reaching a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import ClassVar, Literal, TypeAlias

from urlcheck.settings import rules
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.rules import Either

Path: TypeAlias = str | PathLike[str]

_FILE = Either(rules.Path())


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ConnectionSettings(Scope):
    """The settings for reaching a server. A client is shared by all targets whose connection settings are equal.

    `proxy` None leaves the choice to the environment; `resolve` gives the addresses, with commas between, of a host (`*`: any)
    and port; `cert` and `key` name PEM files.
    """

    title: ClassVar[str] = "Connection"

    proxy: str | None = setting(
        None,
        Either(rules.Text("the URL of a proxy")),
        option(
            metavar="URL",
            help="Proxy for all requests. Replaces HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; NO_PROXY is obeyed.",
        ),
    )
    insecure: bool = setting(
        False,
        rules.Flag(),
        option("-k", "--insecure", common=True, help="Do not verify TLS certificates. The output says so."),
    )
    ca_file: Path | None = setting(
        None, _FILE, option(metavar="FILE", help="Trust the PEM certificates in FILE, and no others.")
    )
    cert: Path | None = setting(
        None, _FILE, option(metavar="FILE", help="Client certificate in PEM form, for each URL's own origin only.")
    )
    key: Path | None = setting(
        None, _FILE, option(metavar="FILE", help="Private key of the client certificate, if it is in another file.")
    )
    resolve: Sequence[tuple[str, int, str]] = setting(
        (),
        rules.Pins(),
        option(
            metavar="SPEC",
            help="HOST:PORT:ADDRESS: connect to ADDRESS for this HOST and PORT. HOST * is any name. Repeatable.",
        ),
    )
    unix_socket: Path | None = setting(None, _FILE, option(metavar="PATH", help="Send all requests through this Unix socket."))
    block_private: bool = setting(False, rules.Flag(), option(help="Refuse addresses that are not public."))
    ip_version: Literal[4, 6] | None = setting(None, Either(rules.Choice((4, 6))), option("-4", "-6", help="Use IPv{} only."))
