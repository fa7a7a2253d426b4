"""The settings of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from urlcheck.settings import rules
from urlcheck.settings.field import Scope, option, setting
from urlcheck.settings.identity import HOME_PAGE, VERSION
from urlcheck.settings.rules import Either

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Headers: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]


def list_pairs(headers: Headers) -> Pairs:
    """Headers as the pairs that they are stored as."""
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RequestSettings(Scope):
    """The settings of a request. `timeout` is in seconds, for one attempt. `data` is the body that is sent.

    `headers`, `user` and `data` go to each URL's own origin only.
    """

    title: ClassVar[str] = "Request"

    timeout: float = setting(
        10.0,
        rules.Seconds(),
        option("-t", "--timeout", metavar="DURATION", common=True, help="Time limit of one attempt. It includes redirects."),
    )
    retries: int = setting(
        2,
        rules.Count(0, 100),
        option(
            *("-r", "--retries"),
            metavar="N",
            common=True,
            help="Retries of a temporary failure. They follow after about 1, 2, 4 ... seconds.",
        ),
    )
    method: str = setting(
        "GET",
        rules.Method(),
        option(
            *("-X", "--method"),
            metavar="METHOD",
            common=True,
            help="Request method. A HEAD that does not pass is confirmed by a GET.",
        ),
    )
    data: bytes | None = setting(
        None,
        Either(rules.Bytes()),
        option(
            metavar="DATA",
            help="Send DATA as a form, by POST unless --method is given. @FILE reads it from a file. "
            "Goes to each URL's own origin only. Repeatable.",
        ),
        is_secret=True,
    )
    headers: Headers = setting(
        (),
        rules.Headers(is_sent=True),
        option(
            *("-H", "--header"),
            metavar="'NAME: VALUE'",
            common=True,
            help="Send this header to each URL's own origin. Other origins do not get it. Repeatable.",
        ),
        is_secret=True,
    )
    user_agent: str = setting(
        f"urlcheck/{VERSION} (+{HOME_PAGE})",
        rules.HeaderText(),
        option(metavar="TEXT", help="Value of the User-Agent header."),
    )
    user: tuple[str, str] | None = setting(
        None,
        Either(rules.Credentials()),
        option("-u", "--user", metavar="NAME:PASSWORD", common=True, help="Basic credentials for each URL's own origin."),
        is_secret=True,
    )
    netrc: bool = setting(False, rules.Flag(), option(help="Read credentials from ~/.netrc, or from the file named by NETRC."))
    max_redirects: int = setting(
        10, rules.Count(0, 100), option(metavar="N", help="Redirects to follow. With 0, the redirect itself is the answer.")
    )
