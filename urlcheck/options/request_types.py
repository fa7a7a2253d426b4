"""Parameter types for the parts of a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from urlcheck.http.headers import FRAMING, is_sendable, is_token
from urlcheck.http.methods import find_fault
from urlcheck.settings import rules
from urlcheck.settings.errors import RuleError

_PORT = re.compile(r"[0-9]{1,5}")
_PIN = re.compile(r"([^:\[\]]+):([0-9]{1,5}):(.+)")
_SCHEMES = {"http", "https"}
# completed in a shell; any other method may be given too
_USUAL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Header(click.ParamType[tuple[str, str]]):
    """`NAME: VALUE` → a pair, for a header that is sent or one that is expected."""

    name = "header"

    def __init__(self, *, is_sent: bool = True) -> None:
        self._is_sent = is_sent

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, colon, text = value.partition(":")
        if name.strip().lower() in _SCHEMES and text.startswith("//"):
            self.fail("a URL stands in the place of a header, which is written 'NAME: VALUE'", param, ctx)
        if not colon or not is_token(name) or not is_sendable(text):
            self.fail("a header is written 'NAME: VALUE', without control characters", param, ctx)
        if self._is_sent and name.lower() in FRAMING:
            self.fail(f"{name} cannot be set: urlcheck itself sets the headers that frame a request", param, ctx)
        return name, text.strip()


class HeaderText(click.ParamType[str]):
    """The value of a header."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return rules.HeaderText().fit(value)
        except RuleError:
            self.fail("a header cannot have control characters", param, ctx)


class Credentials(click.ParamType[tuple[str, str]]):
    """`NAME:PASSWORD` → a pair."""

    name = "credentials"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, colon, password = value.partition(":")
        try:
            return rules.Credentials().fit((name, password) if colon else None)
        except RuleError:
            self.fail("credentials are written NAME:PASSWORD, without control characters", param, ctx)


class Method(click.ParamType[str]):
    """A request method, in capitals."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if fault := find_fault(value):
            self.fail(fault, param, ctx)
        return str(value.upper())

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return [CompletionItem(method) for method in _USUAL_METHODS if method.startswith(incomplete.upper())]


class Body(click.ParamType[bytes]):
    """A request body, read by a function from the text or from the file named after `@`; it raises `SettingsError`."""

    name = "body"

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:  # noqa: ARG002
        return self._read(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return [CompletionItem(incomplete[1:], type="file")] if incomplete.startswith("@") else []


class Pin(click.ParamType[tuple[str, int, str]]):
    """`HOST:PORT:ADDRESS[,ADDRESS]`, with `*` for any host → host, port and addresses."""

    name = "pin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int, str]:
        match = _PIN.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is not HOST:PORT:ADDRESS", param, ctx)
        host, port, addresses = match.groups()
        try:
            return rules.Pins().fit_pin((host, int(port), addresses))
        except RuleError as error:
            self.fail(str(error), param, ctx)


class Address(click.ParamType[tuple[str, int]]):
    """`[HOST:]PORT` → host and port; without a host, the loopback address of IPv4."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, colon, port = value.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        try:
            pair = (bare or "127.0.0.1", int(port)) if _PORT.fullmatch(port) and (host or not colon) else None
            address = rules.Address().fit(pair)
        except RuleError:
            self.fail(f"{value!r} is not [HOST:]PORT with a port up to 65535.", param, ctx)
        if ":" in bare and bare == host:
            self.fail(f"{value!r}: an IPv6 address stands in brackets, as in [::1]:9115.", param, ctx)
        return address
