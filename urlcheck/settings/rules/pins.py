"""The rule for hosts that are reached at given addresses."""

from __future__ import annotations

from typing import Any

from urlcheck.settings.errors import RuleError
from urlcheck.settings.rules.basic import is_sequence, require

Pin = tuple[str, int, str]


class Pins:
    """A sequence of triples (host, port, addresses), stored as a tuple; several addresses have commas between.

    The host is stored as a URL has it, without a dot at its end, or is `*` for any host. Addresses are in their shortest form.
    """

    words = "a sequence of triples (host, port, addresses)"

    def fit(self, value: Any) -> tuple[Pin, ...]:
        require(value, is_sequence(value))
        return tuple(self.fit_pin(pin) for pin in value)

    def fit_pin(self, pin: Any) -> Pin:
        """One of the triples. Raises `RuleError`."""
        parts = tuple(require(pin, is_sequence(pin)))
        host, port, addresses = require(parts, [type(part) for part in parts] == [str, int, str])
        if not 1 <= port <= 65535:
            raise RuleError(f"{port} is not a port number from 1 to 65535")
        return _fit_host(host), port, ",".join(map(_fit_address, addresses.split(",")))


def _fit_host(name: str) -> str:
    from urlcheck.http.url import InvalidUrlError, is_ip_address, read_host  # noqa: PLC0415 - of no use to --help

    try:
        host = name if name == "*" else read_host(name).removesuffix(".")
    except InvalidUrlError as error:
        raise RuleError(f"{name!r} is not a host: {error}") from None
    if is_ip_address(host):
        raise RuleError(f"{host} is an IP address: write the host name that it replaces")
    return host


def _fit_address(text: str) -> str:
    import ipaddress  # noqa: PLC0415 - of no use to --help

    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise RuleError(f"{text!r} is not an IP address") from None
    if "%" in bare:
        raise RuleError(f"{text!r} has a zone: write the address without it")
    return str(address)
